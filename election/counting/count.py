"""Runs the count on Spark: what it reads, its checkpoint, and its queries, which never end.

Many votes on votes_topic are first drained in micro-batches, which take a backlog far faster; then the same checkpoint
goes on in real-time mode, which shows a vote within milliseconds. Both are exact: state and offsets are committed
together, the sink repeats itself after a crash, and totals are absolute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from election.counting.functions import register_parse_vote
from election.counting.lookups import copy_lookups
from election.counting.session import slots_needed, start_spark, stop_spark, wait_for_slots
from election.model import topics
from election.model.errors import CannotRun, StartAgain, first_line
from election.platform.kafka_topics import TopicWatch, cluster_id, count_messages, wait_for_topics
from election.platform.refusals import is_denied
from election.platform.runtime import Backoff, Stop
from election.platform.security import spark_kafka_options
from election.platform.settings import Settings

log = logging.getLogger(__name__)

# Another number here makes new checkpoints: raise it whenever the state that a query keeps changes its meaning.
STATE_VERSION = 3
CHECK_SECONDS = 5
# Near so many votes a micro-batch, so that a long drain shows how far it is; so few are for real-time mode.
DRAIN_VOTES, LITTLE_VOTES = 500_000, 20_000
# A query without state has only its position to save. What it repeats after a kill is known by the offset it carries.
COUNT, REJECT = "count", "reject"
REPEATABLE = {REJECT: "5 minutes"}
# In real time most totals are sent in a batch of their own, and for each lz4 would clear 64 KB of memory first.
COMPRESSION = {COUNT: "none", REJECT: "lz4"}

Queries = Callable[[DataFrame], Mapping[str, DataFrame]]
Trigger = Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Count:
    """The running count: what its queries read, and where they keep their state. `folder` has the files of this run."""

    settings: Settings
    stop: Stop
    spark: SparkSession
    slots: int
    checkpoint: Path
    watch: TopicWatch
    folder: Path

    def read_messages(self, **options: int) -> DataFrame:
        """votes_topic from its beginning."""
        return (
            self.spark.readStream.format("kafka")
            .options(**spark_kafka_options(self.settings), **options)
            .option("subscribe", topics.VOTES)
            .option("startingOffsets", "earliest")
            .load()
        )

    def run(self, queries: Queries) -> None:
        """Keeps the queries running until told to stop; one that fails is started again from its checkpoint.

        Raises CannotRun when Kafka refuses the user.
        """
        backoff = Backoff()
        while not self.stop.is_set():
            try:
                if self.settings.real_time:
                    wait_for_slots(self.spark, self.slots, self.stop)
                    self._drain(queries)
                    log.info("counting in real time")
                    self._run_once(queries(self.read_messages()), self._real_time, says_so=True)
                else:
                    log.info("counting in micro-batches every %s", self.settings.spark_trigger)
                    self._run_once(queries(self.read_messages()), self._micro_batches, says_so=True)
            except PySparkException as error:
                if is_denied(error):
                    raise CannotRun(
                        f"Kafka refused the count: {first_line(error)}; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
                        " to the broker's, and give this user the rights of election/access/acls.py"
                    ) from None
                log.error("the count stopped and starts again: %s", first_line(error))
                backoff.wait(self.stop)
                self.watch.check()

    def _real_time(self, query: str) -> dict[str, Any]:
        return {"realTime": REPEATABLE.get(query, self.settings.spark_checkpoint_interval)}

    def _micro_batches(self, _query: str) -> dict[str, Any]:
        return {"processingTime": self.settings.spark_trigger}

    def _drain(self, queries: Queries) -> None:
        """Counts what waits, and what comes meanwhile, until little is left: that is for real-time mode.

        The rejected votes are too: without state, real-time mode takes a backlog as fast, and the count has all cores.
        """
        while (end := count_messages(self.settings, topics.VOTES)) > LITTLE_VOTES and not self.stop.is_set():
            log.info("counting what waits on %s, which has %s messages", topics.VOTES, f"{end:,}")
            waiting = queries(self.read_messages(maxOffsetsPerTrigger=votes_per_batch(end)))
            self._run_once({COUNT: waiting[COUNT]}, lambda _: {"availableNow": True})
            if count_messages(self.settings, topics.VOTES) - end < LITTLE_VOTES:
                return

    def _run_once(
        self,
        queries: Mapping[str, DataFrame],
        trigger: Trigger,
        *,
        says_so: bool = False,
    ) -> None:
        """Runs the queries until all have ended (the drain does), one has failed, or it is time to stop.

        With `says_so` it logs when what waited at its start is counted: the first checkpoint has it.

        Raises StartAgain when votes_topic was made anew: state, offsets and tallies belong to the old one.
        """
        running: list[StreamingQuery] = []
        check_at = 0.0
        try:
            for name, frame in queries.items():
                running.append(self._start(name, frame, trigger(name)))
            while self.stop.at_work():
                ended = [query for query in running if not query.isActive]
                for query in ended:
                    if error := query.exception():
                        raise error
                if ended == running:
                    return
                if says_so and running[0].lastProgress:
                    log.info("a checkpoint is saved: votes so far are counted")
                    says_so = False
                if time.monotonic() > check_at:
                    self.watch.check()
                    check_at = time.monotonic() + CHECK_SECONDS
                self.stop.wait(0.2)
        finally:
            if self.stop.is_set():
                self.spark.sparkContext.setLogLevel("OFF")
            for query in running:
                query.stop()

    def _start(self, name: str, frame: DataFrame, trigger: dict[str, Any]) -> StreamingQuery:
        return (
            frame.writeStream.queryName(name)
            .format("kafka")
            .options(**spark_kafka_options(self.settings))
            .option("kafka.max.request.size", str(topics.REJECTED_MAX_BYTES))
            .option("kafka.compression.type", COMPRESSION[name])
            .option("checkpointLocation", str(self.checkpoint / name))
            .outputMode("update")
            .trigger(**trigger)
            .start()
        )


@contextmanager
def open_count(settings: Settings, stop: Stop) -> Iterator[Count]:
    """Waits for Kafka, starts Spark while PostgreSQL copies the lookups, and yields the count: they are in its folder.

    Raises Stopped; CannotRun when Java or the jars can't be had.
    """
    admin = wait_for_topics(settings, stop, [topic.name for topic in topics.ALL])
    partitions = len(admin.list_topics(topics.VOTES, timeout=30).topics[topics.VOTES].partitions)
    slots = slots_needed(settings, partitions)
    with TemporaryDirectory(prefix="election-") as name, ThreadPoolExecutor(1, "lookups") as beside:
        folder = Path(name)
        copied = beside.submit(copy_lookups, settings, stop, folder)
        spark = start_spark(settings, slots)
        try:
            slots = slots if settings.real_time else 1
            wait_for_slots(spark, slots, stop)
            register_parse_vote(spark, folder)
            election = copied.result()
            watch = TopicWatch(admin, topics.VOTES)
            checkpoint = checkpoint_path(settings, cluster_id(admin), watch.made, election)
            log.info("checkpoint: %s", checkpoint)
            yield Count(settings, stop, spark, slots, checkpoint, watch, folder)
        except Py4JJavaError as error:
            raise StartAgain(f"Spark: {first_line(error.java_exception)}") from None
        except Py4JError:
            raise CannotRun("Spark's JVM ended; start this script again, it carries on from its checkpoint") from None
        finally:
            stop_spark(spark)


def votes_per_batch(waiting: int) -> int:
    """An equal share of what waits, near DRAIN_VOTES: a small batch at the end takes nearly as long as a large one.

    And a few more, because Spark divides them among the partitions and rounds down.
    """
    return waiting // max(1, round(waiting / DRAIN_VOTES)) + 1000


def checkpoint_path(settings: Settings, cluster: str, topic: str, election: str) -> Path:
    """Where the count of this votes_topic keeps its state: that of another topic, cluster or election is another's."""
    name = f"{topic}-{election[:12]}-v{STATE_VERSION}-s{settings.spark_shuffle_partitions}"
    return Path(settings.spark_checkpoint_dir) / cluster / name
