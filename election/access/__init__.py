"""Logins and rules: who may do what in PostgreSQL and in Kafka.

Needs an administrator's password, which no other room asks for. May import platform and model.
"""
