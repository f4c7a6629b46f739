"""Real servers without Docker: Java, the jars, Kafka and PostgreSQL on this machine, for `run.py` and the tests."""
