"""python -m election.trace: the way of one vote, with the time at each step.

Reads PostgreSQL and Kafka, writes nothing. May import results, platform and model.
"""
