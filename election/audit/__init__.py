"""python -m election.audit: counts the log again without Spark, and compares record, log and tally.

Shares no code with the count beyond the messages. May import results, platform and model.
"""
