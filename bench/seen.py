"""What a person sees of an election that `run.py` runs, from the command on.

The delays are those from cast to shown: of each new total per candidate, from its newest vote's time to when a reader
outside run.py has it.
"""

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException

from bench.harness import start_run, until
from bench.latency import REAL_TIME, reading
from election.model import topics
from election.platform.kafka import make_reader
from election.platform.settings import Settings, load_settings
from local.pipeline import Pipeline

LATE_SECONDS = 2.0


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


def measure(name: str, seconds: float) -> Seen:
    """Runs `run.py --election NAME` until `seconds` after the first counted vote."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        settings = load_settings({**os.environ, **Pipeline(Path(folder) / "ports").environment})
        began = time.time()
        run = start_run(Path(folder) / "run", "--election", name)
        try:
            until(lambda: _topics_are_there(settings), "main.py creates the topics", 0.2)
            with reading(REAL_TIME, settings) as stop_reading:
                _wait_for_first_total(settings)
                time.sleep(seconds)
                moments = stop_reading()
        finally:
            run.stop(timeout_seconds=120)
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
