"""The count as it runs: its queries, which never end, and the checkpoint that each goes on from.

Exact whatever is killed: state and offsets are committed together, the sink repeats itself after a crash, and totals
are absolute. No state of a checkpoint ends a count: every vote is on votes_topic, so it can be counted anew.
"""

from __future__ import annotations

import logging
import re
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

from election.counting.functions import register_parse_vote
from election.counting.lookups import copy_lookups, register_lookups
from election.counting.session import running_tasks, slots_needed, start_spark, stop_spark, wait_for_slots
from election.model import topics
from election.model.errors import CannotRun, StartAgain, first_line
from election.platform.kafka_topics import TopicWatch, cluster_id, wait_for_topics
from election.platform.refusals import is_denied
from election.platform.runtime import Backoff, Stop
from election.platform.security import spark_kafka_options
from election.platform.settings import Settings

log = logging.getLogger(__name__)

# Another number here makes new checkpoints: raise it whenever the state that a query keeps changes its meaning.
STATE_VERSION = 4
CHECK_SECONDS = 5
TOTALS, REJECTED = "totals", "rejected"
# A query without state has only its position to save. What it repeats after a kill is known by the offset it carries.
REJECTED_CHECKPOINT_INTERVAL = "5 minutes"


class Count:
    """The running count. A `counting` function reads the votes and starts the queries; `keep_running` calls it.

    def counting(count):
        count.write_totals(tally(count.read_votes()))
    """

    def __init__(
        self, settings: Settings, stop: Stop, spark: SparkSession, slots: int, checkpoint: Path, watch: TopicWatch
    ):
        self.settings, self.stop, self.spark, self.slots = settings, stop, spark, slots
        self.checkpoint, self.watch = checkpoint, watch
        self._queries: list[StreamingQuery] = []

    def read_votes(self) -> DataFrame:
        """votes_topic from its beginning: key, value (bytes), partition, offset."""
        return (
            self.spark.readStream.format("kafka")
            .options(**spark_kafka_options(self.settings))
            .option("subscribe", topics.VOTES)
            .option("startingOffsets", "earliest")
            .load()
        )

    def write_totals(self, totals: DataFrame) -> None:
        """Sends each new total to its aggregated_* topic. In real time each is a small batch, not worth compressing."""
        self._start(TOTALS, totals, self.settings.spark_checkpoint_interval, compression="none")

    def write_rejected(self, rejected: DataFrame) -> None:
        """Sends each rejected message to rejected_votes. They come in floods, and are compressed."""
        self._start(REJECTED, rejected, REJECTED_CHECKPOINT_INTERVAL, compression="lz4")

    def _start(self, name: str, messages: DataFrame, checkpoint_interval: str, compression: str) -> None:
        real_time = {"realTime": checkpoint_interval}
        trigger: dict[str, Any] = (
            real_time if self.settings.real_time else {"processingTime": self.settings.spark_trigger}
        )
        self._queries.append(
            messages.writeStream.queryName(name)
            .format("kafka")
            .options(**spark_kafka_options(self.settings))
            .option("kafka.max.request.size", str(topics.REJECTED_MAX_BYTES))
            .option("kafka.compression.type", compression)
            .option("checkpointLocation", str(self.checkpoint / name))
            .outputMode("update")
            .trigger(**trigger)
            .start()
        )

    def keep_running(self, counting: Callable[[Count], None]) -> None:
        """Counts until told to stop. A query that fails goes on from its checkpoint.

        The same failure twice in a row, without progress between, sets the checkpoint of that query aside.
        Raises CannotRun when Kafka refuses the user, StartAgain when votes_topic was made anew.
        """
        backoff, before = Backoff(), ""
        while not self.stop.is_set():
            try:
                self._run(counting)
            except PySparkException as error:
                if is_denied(error):
                    raise CannotRun(
                        f"Kafka refused the count: {first_line(error)}; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
                        " to the broker's, and give this user the rights of election/access/acls.py"
                    ) from None
                log.error("the count stopped and starts again: %s", first_line(error))
                backoff.wait(self.stop)
                self.watch.check()
                failed = next((query.name for query in self._queries if query.exception()), TOTALS)
                progress = any(query.lastProgress for query in self._queries)
                reason = f"{failed}: {alike(first_line(error))}"
                if reason == before and not progress:
                    set_aside(self.checkpoint / failed)
                before = reason

    def _run(self, counting: Callable[[Count], None]) -> None:
        """Runs the queries until one fails or it is time to stop."""
        self._queries, ready, saved, check_at = [], False, False, 0.0
        wait_for_slots(self.spark, self.slots, self.stop)
        try:
            counting(self)
            log.info("the queries have started: %s", "real time" if self.settings.real_time else "micro-batches")
            while not self.stop.is_set():
                for query in self._queries:
                    if error := query.exception():
                        raise error
                if not ready and self._tasks_run():
                    ready = True
                    log.info("ready: votes are counted as they come")
                if not saved and self._queries[0].lastProgress:
                    saved = True
                    log.info("a checkpoint is saved: votes so far are counted")
                if time.monotonic() > check_at:
                    self.watch.check()
                    check_at = time.monotonic() + CHECK_SECONDS
                if ready:
                    self.stop.at_work()
                self.stop.wait(0.2)
        finally:
            if self.stop.is_set():
                self.spark.sparkContext.setLogLevel("OFF")
            for query in self._queries:
                query.stop()

    def _tasks_run(self) -> bool:
        """Whether every task of the real-time batches is at work; in micro-batches, whether the first has ended."""
        if not self.settings.real_time:
            return bool(self._queries[0].lastProgress)
        return running_tasks(self.spark) >= self.slots


@contextmanager
def open_count(settings: Settings, stop: Stop) -> Iterator[Count]:
    """Waits for Kafka, starts Spark while PostgreSQL copies the lookups, registers the functions, yields the count.

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
            register_parse_vote(spark, folder)
            election = copied.result()
            register_lookups(spark, folder)
            watch = TopicWatch(admin, topics.VOTES)
            checkpoint = checkpoint_path(settings, cluster_id(admin), watch.made, election)
            log.info("checkpoint: %s", checkpoint)
            yield Count(settings, stop, spark, slots if settings.real_time else 1, checkpoint, watch)
        except Py4JJavaError as error:
            raise StartAgain(f"Spark: {first_line(error.java_exception)}") from None
        except Py4JError:
            raise CannotRun("Spark's JVM ended; start this script again, it carries on from its checkpoint") from None
        finally:
            stop_spark(spark)


def checkpoint_path(settings: Settings, cluster: str, topic: str, election: str) -> Path:
    """Where the count of this votes_topic keeps its state: that of another topic, cluster or election is another's."""
    name = f"{topic}-{election[:12]}-v{STATE_VERSION}-s{settings.spark_shuffle_partitions}"
    return Path(settings.spark_checkpoint_dir) / cluster / name


def alike(text: str) -> str:
    """The text of a failure without what is another in each run: ids, numbers."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", text)


def set_aside(checkpoint: Path) -> None:
    """Renames a query's checkpoint, so that the query counts votes_topic from its beginning.

    Totals are absolute and only grow: until the recount has passed them, readers keep those they have.
    """
    aside = checkpoint.with_name(f"{checkpoint.name}-set-aside-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    if checkpoint.exists():
        checkpoint.rename(aside)
        log.warning(
            "the checkpoint %s can't be used and is set aside as %s: every vote is counted anew from %s",
            checkpoint,
            aside.name,
            topics.VOTES,
        )
