"""What the benchmarks share: servers of their own, a seeded election and the machine's description."""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg2

from election import PROJECT
from election.model.messages import parse_tally
from election.platform.java import find_java_home
from election.platform.kafka import good_messages, make_reader
from election.platform.kafka_topics import end_offsets
from election.platform.postgres import transaction
from election.platform.settings import Settings, load_settings
from local.pipeline import Pipeline
from local.processes import Process

DEADLINE_SECONDS = 900
TOTALS_READ, LOOK_SECONDS = 500, 0.1


def until(condition: Callable[[], object], what: str, every_seconds: float = 0.02) -> None:
    """Returns when the condition is true; raises TimeoutError, naming it, after a quarter of an hour."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(every_seconds)


class SeededPipeline(Pipeline):
    """A pipeline whose election is seeded, and the seconds that took."""

    seed_seconds = 0.0


@contextmanager
def election(**environment: str) -> Iterator[tuple[SeededPipeline, Settings]]:
    """Servers in a temporary folder, with the election seeded and its roll published; no script runs any more."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        Path(name).chmod(0o755)
        pipeline = SeededPipeline(Path(name), {"RANDOMUSER_URL": "http://127.0.0.1:9/", **environment})
        with pipeline:
            pipeline.start_services()
            settings = load_settings({**os.environ, **pipeline.environment})
            started = time.monotonic()
            main = pipeline.start("main")
            main.wait_until(partial(roll_is_published, settings), DEADLINE_SECONDS)
            pipeline.seed_seconds = time.monotonic() - started
            main.stop()
            yield pipeline, settings


def start_count(pipeline: Pipeline, **settings: str) -> Process:
    """`spark-streaming.py`, once it has the roll and counts. Raises CannotRun, with its log, when it ends before."""
    count = pipeline.start("spark-streaming", **settings)
    count.wait_until(partial(pipeline.is_at_work, "spark-streaming"), DEADLINE_SECONDS)
    return count


def start_run(folder: Path, *arguments: str) -> Process:
    """`run.py` in a folder of its own. Like every process of a benchmark, it ends with it, however that ends."""
    command = [sys.executable, "-m", "local.cli", "--folder", str(folder), *arguments]
    return Process("run.py", command, folder.with_suffix(".log"), folder=PROJECT)


def audited(pipeline: Pipeline) -> bool:
    """Whether `python -m election.audit` finds record, log and tally the same."""
    command = [sys.executable, "-m", "election.audit"]
    environment = {**os.environ, **pipeline.environment}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True).returncode == 0


def count_rows(settings: Settings, table: str) -> int:
    with transaction(settings) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found = cursor.fetchone()
    return found[0] if found else 0


@contextmanager
def message_count(settings: Settings, topic: str) -> Iterator[Callable[[], int]]:
    """A function that tells how many messages the topic has taken so far; it costs the broker next to nothing."""
    with closing(make_reader(settings, [topic])) as reader:
        yield lambda: sum(end_offsets(reader).values())


def until_counted(settings: Settings, aggregates: Sequence[tuple[str, bytes]], votes: int) -> None:
    """Returns when the totals of each aggregate, which are on its topic under keys that begin so, add up to `votes`.

    Who reads all totals over and over takes half a core from what is measured: this reads on from where it was, and
    parses those of an aggregate once the ones before it are complete.
    """
    names = sorted({topic for topic, _ in aggregates})
    newest: dict[tuple[str | None, bytes], bytes] = {}
    with closing(make_reader(settings, names)) as reader:

        def add_up(topic: str, prefix: bytes) -> int:
            ours = (total for (name, key), total in newest.items() if name == topic and key.startswith(prefix))
            return sum(parse_tally(total).total_votes for total in ours)

        def are_counted() -> bool:
            for message in good_messages(reader.consume(TOTALS_READ, LOOK_SECONDS)):
                newest[message.topic(), message.key() or b""] = message.value() or b""
            return all(add_up(*aggregate) >= votes for aggregate in aggregates)

        until(are_counted, f"{votes:,} votes are counted on {', '.join(names)}", 0)


def roll_is_published(settings: Settings) -> bool:
    """Whether main.py has noted that voters_topic has everybody."""
    try:
        with transaction(settings) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT roll_published_to FROM election")
            found = cursor.fetchone()
    except psycopg2.errors.UndefinedTable:
        return False
    return bool(found and found[0])


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = next(
        (line.split(":")[1].strip() for line in _cpu_lines() if line.startswith("model name")), platform.processor()
    )
    java = subprocess.run([find_java_home() / "bin" / "java", "-version"], capture_output=True, text=True).stderr
    return {
        "cores": str(psutil.cpu_count()),
        "cpu": cpu,
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "java": java.splitlines()[0],
        **{name: version(name) for name in ("pyspark", "confluent-kafka", "psycopg2-binary")},
    }


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
