"""What every script stands on: settings, logging and stopping (runtime), Kafka, PostgreSQL, Java and its jars.

The environment is read here (settings) and nowhere else; connections are made here. May import model.
"""
