"""`kill -9` of the count while `voting.py` casts: until its totals move again, and until none is late.

The count starts again at once, from its checkpoint, as `run.py` or Compose would start it. A total that a restarted
count repeats is not new.
"""

import time
from dataclasses import dataclass

import psutil

from bench.harness import election
from bench.latency import TURNOUT, Way, reading, until_all_counted
from local.processes import Process

RATE, KILL_SECONDS, WATCHED_SECONDS, LATE_SECONDS = 1500, 120, 180, 1.0


@dataclass(frozen=True)
class Crash:
    """Seconds from the kill until totals move, and until none is more than a second late; `exact`: all was counted."""

    moves: float
    fresh: float
    exact: bool


def measure(way: Way) -> Crash:
    """The kill comes two minutes after the first vote, when the count is warm."""
    voters = int(RATE * (KILL_SECONDS + WATCHED_SECONDS) / TURNOUT)
    with election(VOTERS=str(voters), RATE=str(RATE), KAFKA_PARTITIONS="2") as (pipeline, settings):
        counter = way.start(pipeline, settings)
        pipeline.start("main")
        with reading(way, settings) as stop_reading:
            voting = pipeline.start("voting")
            time.sleep(KILL_SECONDS)
            killed = time.time()
            kill(counter)
            counter = way.start(pipeline, settings)
            time.sleep(max(0.0, killed + WATCHED_SECONDS - time.time()))
            moments = stop_reading()
        voting.stop()
        exact = until_all_counted(way, settings)
        counter.stop()
    after = [(at - killed, delay) for at, delay in moments if at > killed + 0.5]
    if not after:
        raise TimeoutError(f"no total moved within {WATCHED_SECONDS} s after the kill")
    late = [at for at, delay in after if delay > LATE_SECONDS]
    return Crash(after[0][0], max(late, default=0.0), exact)


def kill(counter: Process) -> None:
    """Its Python and its JVM."""
    for process in psutil.Process(counter.pid).children(recursive=True):
        process.kill()
    counter.kill()
