"""A Spark of their own for the tests that need no stream."""

import os

import pytest

from election.config import Settings
from election.spark import start_spark, stop_spark


@pytest.fixture(scope="module")
def spark(java):
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    spark = start_spark(Settings(spark_master="local[2]"), slots=2)
    yield spark
    stop_spark(spark)
