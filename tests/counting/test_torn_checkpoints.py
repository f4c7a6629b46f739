"""No state of a checkpoint ends a count: its files are emptied, cut and deleted between two runs of a real Spark."""

import random
import runpy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from confluent_kafka.admin import AdminClient
from pyspark.sql import SparkSession

from election import PROJECT
from election.counting.checkpoint import saved_offsets
from election.counting.count import REJECTED, TOTALS, Count
from election.counting.lookups import copy_lookups, register_lookups
from election.counting.session import slots_needed
from election.model import topics
from election.platform.kafka_topics import TopicWatch
from election.platform.runtime import Stop
from election.platform.settings import Settings
from election.results.board import read_board
from election.seeding.seed import Seeding
from tests.conftest import wait_for
from tests.support.counted import log_votes
from tests.support.votes import recorded

ROUNDS, VOTES_A_ROUND, DEADLINE_SECONDS = 30, 7, 120
SCRIPT = runpy.run_path(str(PROJECT / "spark-streaming.py"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def delete(path: Path) -> None:
    path.unlink()


@contextmanager
def running(count: Count) -> Iterator[None]:
    thread = Thread(target=count.keep_running, args=(SCRIPT["count_votes"],))
    thread.start()
    try:
        yield
        assert thread.is_alive()
    finally:
        count.stop.set()
        thread.join(DEADLINE_SECONDS)


def totals(settings: Settings) -> Counter[str]:
    return Counter(read_board(settings).votes_per_candidate)


@pytest.mark.slow
def test_whatever_happens_to_the_files_of_a_checkpoint_the_totals_are_exact(
    spark: SparkSession, settings: Settings, seeded: Seeding, admin: AdminClient, tmp_path: Path
) -> None:
    settings = replace(settings, spark_checkpoint_interval="5 seconds")
    copy_lookups(settings, Stop(), tmp_path)
    register_lookups(spark, tmp_path)
    votes = recorded(seeded, ROUNDS * VOTES_A_ROUND)
    chance, checkpoint, expected = random.Random(1), tmp_path / "checkpoint", Counter[str]()
    damages: tuple[Callable[[Path], None], ...] = empty, cut, delete
    slots = slots_needed(settings, settings.kafka_partitions)
    assert len(votes) == ROUNDS * VOTES_A_ROUND
    for number in range(ROUNDS):
        coming = votes[number * VOTES_A_ROUND :][:VOTES_A_ROUND]
        log_votes(settings, coming)
        expected.update(vote.candidate_id for vote in coming)
        with running(Count(settings, Stop(), spark, slots, checkpoint, TopicWatch(admin, topics.VOTES))):
            wait_for(lambda: totals(settings) == expected, DEADLINE_SECONDS, f"round {number}: the totals are exact")
            # Every other round ends before its checkpoint is saved.
            if number % 2:
                seen = (number + 1) * VOTES_A_ROUND
                wait_for(
                    lambda: sum(saved_offsets(checkpoint / TOTALS).values()) >= seen,  # noqa: B023
                    DEADLINE_SECONDS,
                    f"round {number}: a checkpoint is saved",
                )
        files = [path for name in (TOTALS, REJECTED) for path in (checkpoint / name).rglob("*") if path.is_file()]
        newest = sorted(files, key=lambda path: path.stat().st_mtime)[-12:]
        for path in chance.sample(newest, 3):
            chance.choice(damages)(path)
