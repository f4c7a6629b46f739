"""A Spark of their own for the tests that need no stream."""

import os

import pytest

from election.counting.functions import register_parse_vote
from election.counting.session import start_spark, stop_spark
from election.platform.settings import Settings


@pytest.fixture(scope="module")
def spark(java, tmp_path_factory):
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    spark = start_spark(Settings(spark_master="local[2]"), slots=2)
    register_parse_vote(spark, tmp_path_factory.mktemp("functions"))
    yield spark
    stop_spark(spark)
