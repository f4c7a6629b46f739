"""Spark itself: its tuning, each value with its reason, and the session on a cluster or in this process."""

import json
import logging
import os
import signal
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyspark
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from election import PROJECT
from election.model.errors import CannotRun, StartAgain, first_line
from election.platform.jars import ensure_jars
from election.platform.java import find_java_home
from election.platform.runtime import Stop, wait_until
from election.platform.settings import Settings

log = logging.getLogger(__name__)

TUNING = {
    # State on disk and in its own memory, so that a million voters don't fill the heap; format 2 is what real-time
    # mode asks for, and lets a checkpoint made by micro-batches go on in it.
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    "spark.sql.streaming.stateStore.checkpointFormatVersion": "2",
    # Spark would look up every key a second time, to tell how many the state has, which nobody asks.
    "spark.sql.streaming.stateStore.rocksdb.trackTotalNumberOfRows": "false",
    # What the state has in memory is written to disk as it comes, not 64 MB of it at once: every tenth checkpoint is a
    # snapshot and waits for that, up to a second at 2,000 votes a second. And so little is looked through faster.
    "spark.sql.streaming.stateStore.rocksdb.writeBufferSizeMB": "2",
    # A local file of a checkpoint has a checksum beside it already.
    "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
    # The default, Hadoop's FileContext, starts processes to rename a local file, while the count waits.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    # The streaming shuffle holds rows back for up to 50 ms by default: nearly the whole delay of a vote.
    "spark.shuffle.streaming.networkBufferMaxWaitTimeMs": "2",
    # Real-time mode has no adaptive execution.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
    # The status tracker would learn of the last task that started with the next heartbeat: up to ten seconds later.
    "spark.ui.liveUpdate.period": "0",
    # A page of another site could end a query otherwise: these buttons ask for no token.
    "spark.ui.killEnabled": "false",
    # What Spark's pages and logs hide: the defaults, and the option that holds Kafka's password.
    "spark.redaction.regex": "(?i)secret|password|token|access[.]?key|jaas",
    "spark.sql.redaction.options.regex": "(?i)url|secret|password|token|key|jaas",
    "spark.sql.streaming.numRecentProgressUpdates": "10",
}

# A count from a standing start is half compilation, and two cores have no room for a collector beside the tasks.
JVM_TUNING = (
    # In other languages than English, Java's letters and numbers may be others than those that Spark expects.
    "-Duser.language=en",
    "-Duser.country=US",
    "-XX:+UseParallelGC",
    # The whole heap from the start: else the collector goes through all of it as soon as what little was kept for long
    # has filled the old part, instead of enlarging that: once in ten minutes at 2,000 votes a second, half a second.
    "-XX:InitialRAMPercentage=100",
    # Spark's classes fill the default of 21 MB again and again, and each time all memory is collected: up to 190 ms,
    # and once of all moments at the first checkpoint.
    "-XX:MetaspaceSize=256m",
)


# So begin the variables that another Spark or Java leaves in a shell; PySpark and its JVM would follow them.
FOREIGN = "PYSPARK_", "SPARK_", "HADOOP_", "YARN_", "CLASSPATH", "JAVA_TOOL_", "JDK_JAVA_", "_JAVA_"


# Starting an executor takes up to half a minute on two busy cores.
EXECUTOR_SECONDS = 60


def slots_needed(settings: Settings, partitions: int) -> int:
    """How many tasks run at once in real-time mode: each query's source, and the two shuffles of the count."""
    return 2 * partitions + 2 * settings.spark_shuffle_partitions


def find_spark(settings: Settings) -> list[Path]:
    """Chooses Java and Spark for this process; the jars that Spark lacks. Raises CannotRun."""
    _use_own_spark(settings)
    return ensure_jars("spark", Path(settings.spark_jars_dir) if settings.spark_jars_dir else None)


def start_spark(settings: Settings, slots: int, jars: Sequence[Path]) -> SparkSession:
    """A session on SPARK_MASTER, or in this process with as many threads as real-time mode needs.

    Raises CannotRun.
    """
    if not settings.spark_master:
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    master = settings.spark_master or f"local[{slots}]"
    log.info("starting Spark on %s", master)
    log4j = Path(__file__).with_name("log4j2.properties").as_uri()
    temporary = _temporary_folder()
    # In quotes, as JSON has them: Spark takes a list of Java's options apart at spaces.
    in_quotes = json.dumps(f"-Djava.io.tmpdir={temporary}", ensure_ascii=False)
    of_driver = f"-Dlog4j2.configurationFile={log4j}", in_quotes
    builder = (
        SparkSession.builder.appName("realtime-election")
        .master(master)
        .config("spark.cores.max", slots)
        .config("spark.driver.memory", settings.spark_driver_memory)
        .config("spark.driver.extraJavaOptions", " ".join((*JVM_TUNING, *of_driver)))
        .config("spark.executor.extraJavaOptions", " ".join(JVM_TUNING))
        .config("spark.sql.shuffle.partitions", settings.spark_shuffle_partitions)
    )
    if settings.spark_master:
        builder = builder.config("spark.jars", ",".join(str(jar.absolute()) for jar in jars))
    else:
        # A comma in a person's folder would split Spark's own lists: Java's class path, and a relative path.
        builder = builder.config("spark.driver.extraClassPath", os.pathsep.join(str(jar.absolute()) for jar in jars))
        builder = builder.config("spark.local.dir", os.path.relpath(temporary))
    for name, value in TUNING.items():
        builder = builder.config(name, value)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        return builder.getOrCreate()
    except (Py4JJavaError, PySparkRuntimeError) as error:
        reason = first_line(error.java_exception if isinstance(error, Py4JJavaError) else error)
        raise CannotRun(
            f"Spark on {master} could not be started ({reason}): set SPARK_MASTER to a master that runs, or leave it"
            " out to count in this process, and SPARK_DRIVER_MEMORY to memory that is free"
        ) from None
    finally:
        # PySpark has put its own there, which calls the JVM in the middle of whatever call is on its way.
        signal.signal(signal.SIGINT, on_interrupt)


def _use_own_spark(settings: Settings) -> None:
    """PySpark's own Spark, whatever another set-up says in this shell, and the Java that was checked."""
    if not settings.spark_master:
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            del os.environ[name]
    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["JAVA_HOME"] = str(find_java_home())


def _temporary_folder() -> Path:
    """For Spark's files, among them a library of RocksDB's: some machines run nothing that is in /tmp."""
    folder = Path(tempfile.gettempdir())
    if os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0):
        folder = PROJECT / "var" / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def wait_for_slots(spark: SparkSession, needed: int, stop: Stop) -> None:
    """Returns when the cluster has a slot for every task at once, and says what is missing until then.

    Raises Stopped, and StartAgain after a minute without any executor: a master that was restarted may have forgotten
    this count, and gives executors only to one that registers anew.
    """
    began = time.monotonic()

    def lacking() -> str | None:
        if (there := count_slots(spark)) >= needed:
            return None
        if not there and time.monotonic() - began > EXECUTOR_SECONDS:
            raise StartAgain(f"Spark's master has given no executor for {EXECUTOR_SECONDS} s")
        return (
            f"{needed} are needed at once, there are {there}: add workers or cores (SPARK_WORKER_CORES),"
            " use fewer partitions, or count in micro-batches (SPARK_TRIGGER='1 second')"
        )

    wait_until(lacking, "a slot for every task", stop)


def count_slots(spark: SparkSession) -> int:
    """How many tasks can run at once on the executors that are there."""
    context = spark.sparkContext
    if str(context.master).startswith("local"):
        return context.defaultParallelism
    # The driver is in the list too. Without any executor Spark would report 2 slots.
    executors = len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1
    return context.defaultParallelism if executors else 0


def running_tasks(spark: SparkSession, queries: Iterable[StreamingQuery]) -> int:
    """How many tasks of the queries are at work on the executors now."""
    tracker = spark.sparkContext.statusTracker()
    jobs = (tracker.getJobInfo(job) for query in queries for job in tracker.getJobIdsForGroup(str(query.runId)))
    stages = (tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds)
    return sum(stage.numActiveTasks for stage in stages if stage)


def stop_spark(spark: SparkSession) -> None:
    try:
        spark.stop()
    except (Py4JError, OSError):
        log.warning("Spark's JVM was gone already")
