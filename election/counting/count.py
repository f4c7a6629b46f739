"""The count as it runs: its queries, which never end, and the checkpoint that each goes on from.

First, many votes that wait are counted in micro-batches, whose every total is one message for many votes; when none
waits, a short batch warms Spark up. Then the same checkpoint goes on in real-time mode, which shows every vote at once.

Exact whatever is killed: state and offsets are committed together, the sink repeats itself after a crash, and totals
are absolute. No state of a checkpoint ends a count: every vote is on votes_topic, so it can be counted anew.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from election.counting.checkpoint import alike, checkpoint_path, is_own, saved_offsets, set_aside
from election.counting.functions import register_parse_vote
from election.counting.lookups import copy_lookups, register_lookups
from election.counting.session import find_spark, running_tasks, slots_needed, start_spark, stop_spark, wait_for_slots
from election.model import topics
from election.model.errors import CannotRun, StartAgain, first_line
from election.platform.kafka import spark_kafka_options
from election.platform.kafka_topics import TopicWatch, count_messages, wait_for_topics
from election.platform.refusals import is_denied
from election.platform.runtime import Backoff, Stop
from election.platform.settings import Settings

log = logging.getLogger(__name__)

CHECK_SECONDS = 5
TOTALS, REJECTED = "totals", "rejected"
# A cold JVM counts 100,000 waiting votes in 16 s in micro-batches, in 40 s in real time; fewer are not worth the start.
MANY_VOTES, FEW_VOTES, BATCH_VOTES = 30_000, 10_000, 500_000
DRAIN = {"availableNow": True}
# The end of a JVM's first batch runs code that is cold, and a vote would wait several seconds for it. Spark's shortest.
WARM_UP = {"realTime": "5 seconds"}
# A request for each message would cost Kafka and Spark more than these 5 ms are worth to a viewer.
LINGER_MS = "5"


class Count:
    """The running count. `keep_running` calls a function that reads the votes and starts the queries."""

    def __init__(
        self, settings: Settings, stop: Stop, spark: SparkSession, slots: int, checkpoint: Path, watch: TopicWatch
    ):
        self.settings, self.stop, self.spark, self.slots = settings, stop, spark, slots
        self.checkpoint, self.watch = checkpoint, watch
        self._queries: list[StreamingQuery] = []
        self._passing: dict[str, Any] = {}
        self._started = ""

    def read_votes(self) -> DataFrame:
        """votes_topic from its beginning: key, value (bytes), partition, offset."""
        at_once = {"maxOffsetsPerTrigger": BATCH_VOTES} if self._passing is DRAIN else {}
        return (
            self.spark.readStream.format("kafka")
            .options(**spark_kafka_options(self.settings), **at_once)
            .option("subscribe", topics.VOTES)
            .option("startingOffsets", "earliest")
            .load()
        )

    def write_totals(self, totals: DataFrame) -> None:
        """Sends each new total to its aggregated_* topic. In real time each is a small batch, not worth compressing."""
        self._start(TOTALS, totals, compression="none")

    def write_rejected(self, rejected: DataFrame) -> None:
        """Sends each rejected message to rejected_votes. They come in floods, and are compressed."""
        self._start(REJECTED, rejected, compression="lz4")

    def _start(self, name: str, messages: DataFrame, compression: str) -> None:
        self._started = name
        in_batches = {"processingTime": self.settings.spark_trigger}
        real_time = {"realTime": self.settings.spark_checkpoint_interval}
        lasting = real_time if self.settings.real_time else in_batches
        self._queries.append(
            messages.writeStream.queryName(name)
            .format("kafka")
            .options(**spark_kafka_options(self.settings))
            .option("kafka.max.request.size", str(topics.REJECTED_MAX_BYTES))
            .option("kafka.compression.type", compression)
            .option("kafka.linger.ms", LINGER_MS)
            .option("checkpointLocation", str(self.checkpoint / name))
            .outputMode("update")
            .trigger(**(self._passing or lasting))
            .start()
        )

    def keep_running(self, counting: Callable[["Count"], None]) -> None:
        """Counts until told to stop. A query that fails goes on from its checkpoint.

        The same failure of its own twice in a row, without progress between, sets a checkpoint aside.
        Raises CannotRun when Kafka refuses the user, StartAgain when votes_topic was made anew.
        """
        before, backoff = None, Backoff()
        while not self.stop.is_set():
            try:
                # After a failure real-time mode is tried at once: it takes up what a micro-batch may refuse.
                if self.settings.real_time and before is None:
                    self._prepare(counting)
                self._run(counting)
            except (PySparkException, Py4JJavaError) as raised:
                # Spark's Python passes some of Java's on as they are: that a checkpoint's file is no JSON, for one.
                error = PySparkException(str(raised.java_exception)) if isinstance(raised, Py4JJavaError) else raised
                if is_denied(error):
                    raise CannotRun(
                        f"Kafka refused the count: {first_line(error)}; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
                        " to the broker's, and give this user the rights of election/access/acls.py"
                    ) from None
                log.error("the count stopped and starts again: %s", first_line(error))
                backoff.wait(self.stop)
                failed = next((query.name for query in self._queries if query.exception()), self._started)
                own = self.watch.check() and failed and is_own(first_line(error))
                reason = f"{failed}: {alike(first_line(error))}" if own else ""
                if reason and reason == before and not any(query.lastProgress for query in self._queries):
                    set_aside(self.checkpoint / failed)
                    before = None
                else:
                    before = reason

    def _prepare(self, counting: Callable[["Count"], None]) -> None:
        """Warms Spark up when no vote waits; counts many in micro-batches, until few wait or no fewer than before."""
        waiting, before = self._votes_waiting(), math.inf
        if not waiting:
            log.info("warming up: a first batch without votes")
            self._run(counting, WARM_UP)
        elif waiting > MANY_VOTES:
            log.info("counting in micro-batches what waits on %s", topics.VOTES)
            # What a count leaves that was killed before its first checkpoint, micro-batches refuse.
            if not saved_offsets(self.checkpoint / TOTALS):
                set_aside(self.checkpoint / TOTALS)
            while FEW_VOTES < waiting < before and not self.stop.is_set():
                self._run(counting, DRAIN)
                waiting, before = self._votes_waiting(), waiting

    def _votes_waiting(self) -> int:
        """How many messages the checkpoint has not seen yet."""
        return count_messages(self.settings, topics.VOTES) - sum(saved_offsets(self.checkpoint / TOTALS).values())

    def _run(self, counting: Callable[["Count"], None], passing: dict[str, Any] | None = None) -> None:
        """Runs the queries until one fails or it is time to stop; with a `passing` trigger, until its batches end."""
        self._queries, self._passing, self._started = [], passing or {}, ""
        ready, saved, check_at = False, False, 0.0
        wait_for_slots(self.spark, self.slots, self.stop)
        try:
            counting(self)
            self.spark.sparkContext.setLogLevel("ERROR")
            log.info("the queries have started: their first tasks follow")
            while not self.stop.is_set():
                ended = [query for query in self._queries if not query.isActive]
                for query in ended:
                    if error := query.exception():
                        raise error
                if ended == self._queries or (passing is WARM_UP and all(q.lastProgress for q in self._queries)):
                    return
                if not ready and not passing and self._tasks_run():
                    ready = True
                    log.info("counting in %s", "real time" if self.settings.real_time else "micro-batches")
                if not saved and passing is not WARM_UP and self._queries[0].lastProgress:
                    saved = True
                    log.info("a checkpoint is saved: votes so far are counted")
                if time.monotonic() > check_at:
                    self.watch.check()
                    check_at = time.monotonic() + CHECK_SECONDS
                if ready:
                    self.stop.at_work()
                self.stop.wait(0.2)
        finally:
            # Spark logs errors when a real-time batch is stopped on purpose, also a moment later.
            self.spark.sparkContext.setLogLevel("OFF")
            for query in self._queries:
                query.stop()

    def _tasks_run(self) -> bool:
        """Whether every task of the real-time batches is at work; in micro-batches, whether the first has ended."""
        if not self.settings.real_time:
            return bool(self._queries[0].lastProgress)
        return running_tasks(self.spark, self._queries) >= self.slots


@contextmanager
def open_count(settings: Settings, stop: Stop) -> Iterator[Count]:
    """Finds Java and Spark, waits for Kafka, starts Spark while PostgreSQL copies the lookups, yields the count.

    Raises Stopped; CannotRun when Java or the jars can't be had.
    """
    jars = find_spark(settings)
    admin = wait_for_topics(settings, stop, [topic.name for topic in topics.ALL])
    kafka = admin.list_topics(topics.VOTES, timeout=30)
    slots = slots_needed(settings, len(kafka.topics[topics.VOTES].partitions))
    with TemporaryDirectory(prefix="election-") as name, ThreadPoolExecutor(1, "lookups") as beside:
        folder = Path(name)
        copied = beside.submit(copy_lookups, settings, stop, folder)
        # One more for the lookups' first question, which may last longer than the queries take to start.
        spark = start_spark(settings, slots + 1, jars)
        try:
            register_parse_vote(spark, folder)
            election = copied.result()
            register_lookups(spark, folder)
            watch = TopicWatch(admin, topics.VOTES)
            checkpoint = checkpoint_path(settings, str(kafka.cluster_id), watch.made, election)
            log.info("checkpoint: %s", checkpoint)
            yield Count(settings, stop, spark, slots if settings.real_time else 1, checkpoint, watch)
        except Py4JJavaError as error:
            raise StartAgain(f"Spark: {first_line(error.java_exception)}") from None
        except Py4JError:
            raise CannotRun("Spark's JVM ended; start this script again, it carries on from its checkpoint") from None
        finally:
            stop_spark(spark)
