"""What a person sees of an election that `run.py`, or `docker compose up`, runs, from the command on.

The delays are those from cast to shown: of each new total per candidate, from its newest vote's time to when a reader
outside has it.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException

from bench.harness import start_run, until
from bench.latency import REAL_TIME, reading
from election import PROJECT
from election.model import topics
from election.platform.kafka import make_reader
from election.platform.settings import Settings, load_settings
from local.pipeline import Pipeline
from local.processes import Process, free_port

LATE_SECONDS, STOP_SECONDS = 2.0, 120.0
PORTS = {"KAFKA_PORT": 19092, "POSTGRES_PORT": 15432, "DASHBOARD_PORT": 18501, "SPARK_PORT": 18080}


@dataclass(frozen=True)
class Seen:
    """Seconds from the command to the first counted vote, and milliseconds of delay from then on.

    `late` is the share of new totals that were more than two seconds late.
    """

    first_counted: float
    p50: float
    p99: float
    worst: float
    late: float


@contextmanager
def by_run(name: str, folder: Path) -> Iterator[Settings]:
    """`run.py --election NAME`; the settings that reach its servers."""
    settings = load_settings({**os.environ, **Pipeline(folder / "ports").environment})
    run = start_run(folder / "run", "--election", name)
    try:
        yield settings
    finally:
        run.stop(timeout_seconds=STOP_SECONDS)


@contextmanager
def by_compose(name: str, folder: Path) -> Iterator[Settings]:
    """`ELECTION=NAME docker compose up` as a project of its own; building the image comes before."""
    ports = {variable: str(free_port(preferred)) for variable, preferred in PORTS.items()}
    environment = {**os.environ, **ports, "ELECTION": name}
    compose = "docker", "compose", "--env-file", os.devnull, "--project-name", f"bench-{os.getpid()}"
    subprocess.run([*compose, "build", "--quiet"], cwd=PROJECT, env=environment, check=True)
    up = Process("Compose", [*compose, "up"], folder / "compose.log", environment=environment, folder=PROJECT)
    try:
        yield load_settings({**ports, "KAFKA_BOOTSTRAP_SERVERS": f"localhost:{ports['KAFKA_PORT']}"})
    finally:
        up.stop(timeout_seconds=STOP_SECONDS)
        subprocess.run([*compose, "down", "--volumes"], cwd=PROJECT, env=environment, capture_output=True)


Start = Callable[[str, Path], AbstractContextManager[Settings]]


def measure(start: Start, name: str, seconds: float) -> Seen:
    """The election from the command until `seconds` after the first counted vote."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        with start(name, Path(folder)) as settings:
            began = time.time()
            until(lambda: _topics_are_there(settings), "main.py creates the topics", 0.2)
            with reading(REAL_TIME, settings) as stop_reading:
                _wait_for_first_total(settings)
                time.sleep(seconds)
                moments = stop_reading()
    delays = [1000 * delay for _, delay in moments]
    cuts = statistics.quantiles(delays, n=100)
    late = sum(delay > 1000 * LATE_SECONDS for delay in delays) / len(delays)
    return Seen(moments[0][0] - began, cuts[49], cuts[98], max(delays), late)


def _topics_are_there(settings: Settings) -> bool:
    try:
        make_reader(settings, [topics.VOTES_PER_CANDIDATE]).close()
    except KafkaException:
        return False
    return True


def _wait_for_first_total(settings: Settings) -> None:
    reader = make_reader(settings, [topics.VOTES_PER_CANDIDATE])
    until(lambda: reader.poll(0.2) is not None, "the first vote is counted", 0)
    reader.close()
