"""The count killed at each second of its first two minutes, and what another count makes of what it left.

A process that is killed leaves its files as they are at that moment, and so does one that is stopped (SIGSTOP). So one
election gives all: at each second the count stands still while its checkpoint is copied and what it has said is read.
When all have voted, a count goes on from each of the copies, and must come to the known answer.
"""

import logging
import shutil
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from confluent_kafka import Consumer

from election.audit.auditor import look
from election.model import topics
from election.model.definition import Election, load_election
from election.platform.kafka import make_reader
from election.platform.kafka_topics import count_messages
from election.platform.settings import load_settings
from local.pipeline import Pipeline
from tests.chaos.plan import Plan
from tests.chaos.rounds import COUNTS, SPARK, far_ports
from tests.chaos.verdict import AGGREGATED, Said, board_of, differences, read_last
from tests.conftest import wait_for

log = logging.getLogger(__name__)

# What a count meets in its first two minutes: its first checkpoint, which comes after one, not yet begun, under way and
# saved; and when it starts again, always fewer waiting votes than it counts in micro-batches, or always more.
KILL_SECONDS, KILL_RATES = range(1, 121), (200, 1500)
LEFT_SECONDS = 20
TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True)
class Left:
    """What a count has left that was killed so many seconds after the first vote."""

    second: int
    checkpoints: Path
    said: Said


def run_kills(rate: int, seconds: Collection[int], folder: Path) -> list[str]:
    """What is wrong after the kills at these seconds: nothing, or sentences."""
    simulated, votes = load_election("simulated"), rate * (max(seconds) + LEFT_SECONDS)
    plan = Plan(
        seed=rate,
        voters=round(votes * simulated.registered / simulated.ballots),
        rate=rate,
        partitions=4,
        batch_size=4000,
        voting_processes=1,
        events=(),
        checkpoint_interval="60 seconds",
    )
    problems = []
    with Pipeline(folder, plan.environment, ports=far_ports()) as pipeline:
        settings = load_settings(pipeline.environment)
        election = load_election(settings.election, plan.voters)
        pipeline.start_services()
        for part in ("main", SPARK, "voting"):
            pipeline.start(part)
            wait_for(partial(pipeline.is_at_work, part), TIMEOUT_SECONDS, f"{part} is at work")
        wait_for(partial(count_messages, settings, topics.VOTES), TIMEOUT_SECONDS, "the first vote is cast")
        with closing(make_reader(settings, AGGREGATED)) as reader:
            said: Said = {}
            kept = list(stop_at(seconds, pipeline, reader, said))
            wait_for(
                lambda: board_of(read_last(reader, said)).counted_everywhere >= election.ballots,
                TIMEOUT_SECONDS,
                "everything is counted",
            )
            for left in kept:
                pipeline.parts[SPARK].kill()
                read_last(reader, {})
                problems += [f"second {left.second}: {problem}" for problem in go_on(left, pipeline, reader, election)]
        problems += map(str, look(settings).settled().differences)
    return problems


def has_come(moment: float) -> bool:
    return time.monotonic() >= moment


def stop_at(seconds: Collection[int], pipeline: Pipeline, reader: Consumer, said: Said) -> Iterator[Left]:
    began, count = time.monotonic(), pipeline.parts[SPARK]
    for second in sorted(seconds):
        wait_for(partial(has_come, began + second), TIMEOUT_SECONDS, f"second {second}", pause_seconds=0.01)
        count.send_signal(signal.SIGSTOP)
        copy = pipeline.folder / f"second-{second}"
        shutil.copytree(pipeline.folder / "checkpoints", copy)
        yield Left(second, copy, dict(read_last(reader, said)))
        count.send_signal(signal.SIGCONT)


def go_on(left: Left, pipeline: Pipeline, reader: Consumer, election: Election) -> list[str]:
    """Starts a count from what is left, until it has said that all is counted. What is not the known answer then."""
    shutil.rmtree(pipeline.folder / "checkpoints")
    left.checkpoints.rename(pipeline.folder / "checkpoints")
    started, before = time.monotonic(), board_of(left.said).counted_everywhere
    log_file = pipeline.logs / f"{SPARK}.log"
    log_begins = log_file.stat().st_size
    count = pipeline.start(SPARK, SPARK_CHECKPOINT_INTERVAL="5 seconds")

    def is_counted() -> bool:
        assert count.running, f"the count ended; {count.end_of_log()}"
        counted = board_of(read_last(reader, left.said)).counted_everywhere
        return counted >= election.ballots and COUNTS in log_file.read_bytes()[log_begins:]

    try:
        wait_for(is_counted, TIMEOUT_SECONDS, "everything is counted again")
    except AssertionError as error:
        return [f"{error}: {board_of(left.said).counted_everywhere} of {election.ballots} votes"]
    took = time.monotonic() - started
    log.info("second %d: %d votes counted, then all %d, %.0f s", left.second, before, election.ballots, took)
    return differences("what was said last", board_of(left.said), election)
