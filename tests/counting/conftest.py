"""A Spark for the tests that need no stream, started once."""

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from election.counting.functions import register_parse_vote
from election.counting.session import find_spark, start_spark, stop_spark
from election.platform.settings import Settings


@pytest.fixture(scope="package")
def spark(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = Settings(spark_master="local[8]")
    spark = start_spark(settings, slots=8, jars=find_spark(settings))
    register_parse_vote(spark, tmp_path_factory.mktemp("functions"))
    yield spark
    stop_spark(spark)
