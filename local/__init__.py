"""The same pipeline on one machine, without Docker: a real Kafka, a real PostgreSQL and the four scripts.

For run.py, bench and the tests. May import anything; nothing imports it but those.
"""
