"""spark-streaming.py's work: votes are parsed, validated, counted once and tallied, in Spark.

java/ holds what Spark's executors run of ours. The only room that imports pyspark. May import platform and model.
"""
