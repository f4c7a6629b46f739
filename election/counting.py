"""Runs the count on Spark: the session and its tuning, the checkpoint, and two queries that never end.

A start has two phases. What waits on votes_topic is drained in micro-batches, which take a backlog far faster; then the
same checkpoint goes on in real-time mode, which shows a vote within milliseconds. Both are exact: state and offsets
are committed together, the sink repeats itself after a crash, and totals are absolute.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from election import topics
from election.config import Settings
from election.messaging import TopicWatch, cluster_id, wait_for_topics
from election.record import Database, row
from election.stages import CannotRun, StartAgain, Stop, Waiting
from embedded.jars import JarsNotAvailable, ensure_jars
from embedded.java import JavaNotUsable, find_java_home

log = logging.getLogger(__name__)

# Another number here makes new checkpoints: raise it whenever the state that a query keeps changes its meaning.
STATE_VERSION = 2
RETRY_SECONDS = 2
CHECK_SECONDS = 5
ROLL_FETCH_ROWS = 50_000

TUNING = {
    # State on disk and in its own memory, so that a million voters don't fill the heap; format 2 is what real-time
    # mode asks for, and lets a checkpoint made by micro-batches go on in it.
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    "spark.sql.streaming.stateStore.checkpointFormatVersion": "2",
    # The streaming shuffle holds rows back for up to 50 ms by default: nearly the whole delay of a vote.
    "spark.shuffle.streaming.networkBufferMaxWaitTimeMs": "2",
    # Real-time mode has no adaptive execution, and its static sides must be broadcast.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.streaming.numRecentProgressUpdates": "10",
}


def slots_needed(settings: Settings, partitions: int) -> int:
    """How many tasks run at once in real-time mode: each query's source, and the two shuffles of the count."""
    return 2 * partitions + 2 * settings.spark_shuffle_partitions


@dataclass(frozen=True)
class Count:
    """The running count: what its queries read, and where they keep their state."""

    settings: Settings
    stop: Stop
    spark: SparkSession
    slots: int
    checkpoint: Path
    watch: TopicWatch

    def read_table(self, table: str) -> DataFrame:
        """A table or view of PostgreSQL, read once and kept: each real-time batch broadcasts it again."""
        settings = self.settings
        frame = (
            self.spark.read.format("jdbc")
            .option("driver", "org.postgresql.Driver")
            .option(
                "url", f"jdbc:postgresql://{settings.postgres_host}:{settings.postgres_port}/{settings.postgres_db}"
            )
            .option("user", settings.postgres_user)
            .option("password", settings.postgres_password)
            .option("fetchsize", ROLL_FETCH_ROWS)
            .option("dbtable", table)
            .load()
            .cache()
        )
        log.info("read %s: %s rows", table, f"{frame.count():,}")
        return frame

    def read_messages(self) -> DataFrame:
        """votes_topic from its beginning."""
        return (
            self.spark.readStream.format("kafka")
            .option("kafka.bootstrap.servers", self.settings.kafka_bootstrap_servers)
            .option("subscribe", topics.VOTES)
            .option("startingOffsets", "earliest")
            .load()
        )

    def run(self, queries: Mapping[str, DataFrame]) -> None:
        """Keeps the queries running until told to stop; one that fails is started again from its checkpoint."""
        while not self.stop.is_set():
            try:
                wait_for_slots(self.spark, self.slots, self.stop)
                if self.settings.real_time:
                    self._run_once(queries, {"availableNow": True})
                    log.info("counting in real time; votes so far are counted")
                    self._run_once(queries, {"realTime": self.settings.spark_checkpoint_interval})
                else:
                    log.info("counting in micro-batches every %s", self.settings.spark_trigger)
                    self._run_once(queries, {"processingTime": self.settings.spark_trigger})
            except PySparkException as error:
                log.error("the count stopped and starts again: %s", one_line(error))
                self.stop.wait(RETRY_SECONDS)
                self.watch.check()

    def _run_once(self, queries: Mapping[str, DataFrame], trigger: dict) -> None:
        """Runs the queries until all have ended (the drain does), one has failed, or it is time to stop.

        Raises StartAgain when votes_topic was made anew: state, offsets and tallies belong to the old one.
        """
        running: list[StreamingQuery] = []
        check_at = 0.0
        try:
            for name, frame in queries.items():
                running.append(self._start(name, frame, trigger))
            while self.stop.at_work():
                ended = [query for query in running if not query.isActive]
                for query in ended:
                    if error := query.exception():
                        raise error
                if ended == running:
                    return
                if time.monotonic() > check_at:
                    self.watch.check()
                    check_at = time.monotonic() + CHECK_SECONDS
                self.stop.wait(0.2)
        finally:
            if self.stop.is_set():
                self.spark.sparkContext.setLogLevel("OFF")
            for query in running:
                query.stop()

    def _start(self, name: str, frame: DataFrame, trigger: dict) -> StreamingQuery:
        return (
            frame.writeStream.queryName(name)
            .format("kafka")
            .option("kafka.bootstrap.servers", self.settings.kafka_bootstrap_servers)
            .option("kafka.max.request.size", str(topics.REJECTED_MAX_BYTES))
            .option("kafka.compression.type", "lz4")
            .option("checkpointLocation", str(self.checkpoint / name))
            .outputMode("update")
            .trigger(**trigger)
            .start()
        )


def one_line(error: Exception) -> str:
    """The first line of what Spark says, without its stack."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def open_count(settings: Settings, stop: Stop) -> Iterator[Count]:
    """Waits for Kafka, the topics and the whole roll, starts Spark, and yields the count.

    Raises Stopped; CannotRun when Java or the jars can't be had.
    """
    admin = wait_for_topics(settings, stop, [topic.name for topic in topics.ALL])
    election = wait_for_roll(Database(settings, stop), stop)
    partitions = len(admin.list_topics(topics.VOTES, timeout=30).topics[topics.VOTES].partitions)
    watch = TopicWatch(admin, topics.VOTES)
    # A topic made anew has another id, so it never meets the state of the one before; nor does another election.
    checkpoint = (
        Path(settings.spark_checkpoint_dir)
        / cluster_id(admin)
        / f"{watch.made}-{election[:12]}-v{STATE_VERSION}-s{settings.spark_shuffle_partitions}"
    )
    slots = slots_needed(settings, partitions)
    spark = start_spark(settings, slots)
    try:
        slots = slots if settings.real_time else 1
        wait_for_slots(spark, slots, stop)
        log.info("checkpoint: %s", checkpoint)
        yield Count(settings, stop, spark, slots, checkpoint, watch)
    except Py4JJavaError as error:
        raise StartAgain(f"Spark: {one_line(error.java_exception)}") from None
    except Py4JError:
        raise CannotRun("Spark's JVM ended; start this script again, it carries on from its checkpoint") from None
    finally:
        stop_spark(spark)


def wait_for_roll(database: Database, stop: Stop) -> str:
    """Returns the election's fingerprint when main.py has registered every voter."""
    waiting = Waiting("the roll")
    query = "SELECT fingerprint, registered, (SELECT count(*) FROM voters) AS seeded FROM election"
    while True:
        stop.check()
        held = database.run(lambda connection: row(connection, query))
        if held and held["seeded"] >= held["registered"]:
            waiting.done()
            return str(held["fingerprint"])
        waiting.note("main.py registers the voters" if held else "main.py prepares the election")
        stop.wait(0.5)


def start_spark(settings: Settings, slots: int) -> SparkSession:
    """A session on SPARK_MASTER, or in this process with as many threads as real-time mode needs."""
    try:
        os.environ["JAVA_HOME"] = str(find_java_home())
        folder = Path(settings.spark_jars_dir) if settings.spark_jars_dir else None
        jars = ensure_jars("spark", folder)
    except (JavaNotUsable, JarsNotAvailable) as error:
        raise CannotRun(str(error)) from None
    master = settings.spark_master or f"local[{slots}]"
    log.info("starting Spark on %s", master)
    log4j = Path(__file__).with_name("log4j2.properties").as_uri()
    builder = (
        SparkSession.builder.appName("realtime-election")
        .master(master)
        .config("spark.jars", ",".join(map(str, jars)))
        .config("spark.cores.max", slots)
        .config("spark.driver.memory", settings.spark_driver_memory)
        .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={log4j}")
        .config("spark.sql.shuffle.partitions", settings.spark_shuffle_partitions)
    )
    for name, value in TUNING.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def wait_for_slots(spark: SparkSession, needed: int, stop: Stop) -> None:
    """Returns when the cluster has a slot for every task at once, and says what is missing until then."""
    waiting = Waiting("a slot for every task")
    while (there := count_slots(spark)) < needed:
        stop.check()
        waiting.note(
            f"{needed} are needed at once, there are {there}: add workers or cores (SPARK_WORKER_CORES),"
            " use fewer partitions, or count in micro-batches (SPARK_TRIGGER='1 second')"
        )
        stop.wait(1)
    waiting.done()


def count_slots(spark: SparkSession) -> int:
    """How many tasks can run at once on the executors that are there."""
    context = spark.sparkContext
    if str(context.master).startswith("local"):
        return context.defaultParallelism
    # The driver is in the list too. Without any executor Spark would report 2 slots.
    executors = len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1
    return context.defaultParallelism if executors else 0


def stop_spark(spark: SparkSession) -> None:
    try:
        spark.stop()
    except (Py4JError, OSError):
        log.warning("Spark's JVM was gone already")
