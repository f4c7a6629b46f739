"""Keeps the pause at a checkpoint short: Spark's planner is exercised until the JVM has compiled it.

A real-time batch is planned once a minute. At that pace the JVM goes on interpreting the planner, which takes more than
200 ms, half of the pause; compiled it takes 60 ms (bench/NOTES.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

# The JVM compiles a method after some hundreds of calls. It takes a fifth of one core at most, also on a slow machine,
# where a plan takes a second at first: the tasks need the cores.
REHEARSALS, PAUSE_SECONDS, PAUSE_TIMES = 120, 0.5, 4
MESSAGE = (
    *("CAST(CAST(id AS string) AS binary) AS key", "CAST(CAST(id AS string) AS binary) AS value"),
    *("CAST(id AS int) AS partition", "id AS offset"),
)


class Rehearsal:
    """Plans a query over again, without running it, 120 times: `step`, called often, does so when it is time again.

    `make` turns messages of votes_topic into the query.
    """

    def __init__(
        self,
        spark: SparkSession,
        make: Callable[[DataFrame], DataFrame],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._spark, self._make, self._clock = spark, make, clock
        self.left, self._next = REHEARSALS, clock() + PAUSE_SECONDS

    @cached_property
    def _query(self) -> DataFrame:
        """Made at the first rehearsal: until then the start of the count has all of Spark's driver."""
        return self._make(self._spark.range(1).selectExpr(*MESSAGE))

    def step(self) -> None:
        if self.left and (begun := self._clock()) >= self._next:
            self._query.select("*")._jdf.queryExecution().executedPlan().execute()
            ended = self._clock()
            self.left, self._next = self.left - 1, ended + max(PAUSE_SECONDS, PAUSE_TIMES * (ended - begun))
