"""`kill -9` while `voting.py` casts, of the count or of another part: until totals move again, and until none is late.

What was killed starts again at once, as `run.py` or Compose would start it: the count from its checkpoint. A total that
a restarted count repeats is not new.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

from bench.harness import election
from bench.latency import TURNOUT, Way, reading, until_all_counted
from local.kafka import KafkaServer
from local.pipeline import Pipeline
from local.postgres import PostgresServer
from local.processes import Process

RATE, KILL_SECONDS, LATE_SECONDS = 1500, 120, 1.0
COUNT, OTHERS = ("count",), ("PostgreSQL", "voting", "Kafka")
WATCHED_SECONDS = {COUNT: 180, OTHERS: 75}


@dataclass(frozen=True)
class Crash:
    """Seconds from the kill until totals move, and until none is more than a second late; `exact`: all was counted."""

    moves: float
    fresh: float
    exact: bool


def measure(way: Way, names: tuple[str, ...]) -> Iterator[tuple[str, Crash]]:
    """One election: COUNT or OTHERS are killed, one after the other, from two minutes on, when the count is warm."""
    watched_seconds = WATCHED_SECONDS[names]
    voters = int(RATE * (KILL_SECONDS + len(names) * watched_seconds) / TURNOUT)
    killed: dict[str, float] = {}
    with election(VOTERS=str(voters), RATE=str(RATE), KAFKA_PARTITIONS="2") as (pipeline, settings):
        counter = way.start(pipeline, settings)
        pipeline.start("main")
        with reading(way, settings) as stop_reading:
            pipeline.start("voting")
            time.sleep(KILL_SECONDS)
            for name in names:
                killed[name] = time.time()
                if names == COUNT:
                    kill(counter)
                    counter = way.start(pipeline, settings)
                else:
                    _restart(pipeline, name)
                time.sleep(max(0.0, killed[name] + watched_seconds - time.time()))
            moments = stop_reading()
        pipeline.parts["voting"].stop()
        exact = until_all_counted(way, settings)
        counter.stop()
    for name, at in killed.items():
        yield name, _judge(moments, at, watched_seconds, exact)


def _restart(pipeline: Pipeline, name: str) -> None:
    servers: dict[str, KafkaServer | PostgresServer] = {"Kafka": pipeline.kafka, "PostgreSQL": pipeline.postgres}
    if name not in servers:
        pipeline.parts[name].kill()
        pipeline.start(name)
    elif process := servers[name].process:
        process.kill()
        servers[name].start()


def _judge(moments: Sequence[tuple[float, float]], killed: float, watched_seconds: float, exact: bool) -> Crash:
    after = [(at - killed, delay) for at, delay in moments if 0.5 < at - killed < watched_seconds]
    if not after:
        raise TimeoutError(f"no total moved within {watched_seconds} s after the kill")
    late = [at for at, delay in after if delay > LATE_SECONDS]
    return Crash(after[0][0], max(late, default=0.0), exact)


def kill(counter: Process) -> None:
    """Its Python and its JVM."""
    for process in psutil.Process(counter.pid).children(recursive=True):
        process.kill()
    counter.kill()
