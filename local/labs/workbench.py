"""What a lab works with: a small election in a temporary folder, and words for what it does, sees and checks."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from confluent_kafka import Message, Producer

from election.audit.auditor import look
from election.audit.report import Report
from election.model import topics
from election.model.errors import CannotRun
from election.model.messages import Vote, encode_vote
from election.platform.kafka import client_config
from election.platform.kafka_topics import read_topic
from election.platform.postgres import rows, transaction
from election.platform.settings import Settings, load_settings
from election.results.board import Board, read_board
from local.pipeline import Pipeline
from local.processes import Process

PATIENCE_SECONDS = 240
LAB_SETTINGS = {
    "ELECTION": "simulated",
    "VOTERS": "300",
    "RATE": "0",
    "KAFKA_PARTITIONS": "2",
    "SPARK_SHUFFLE_PARTITIONS": "1",
    "RANDOMUSER_URL": "http://127.0.0.1:9/",
}


@contextmanager
def open_workbench() -> Iterator["Workbench"]:
    """One with a pipeline of its own, which is gone when the lab ends."""
    with TemporaryDirectory(prefix="election-lab-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's user must get in
        with Pipeline(Path(folder), LAB_SETTINGS) as pipeline:
            yield Workbench(pipeline)


class Workbench:
    """`failed` holds what was checked and is not so."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.failed: list[str] = []

    def say(self, text: str) -> None:
        print(f"- {text}", flush=True)

    def check(self, what: str, holds: bool) -> None:
        """Prints whether it is so, and notes it if not."""
        print(f"  {'yes' if holds else 'NO '}  {what}", flush=True)
        if not holds:
            self.failed.append(what)

    def wait(self, ready: Callable[[], object], what: str) -> None:
        """Returns when it is so. Raises CannotRun when the time is up."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                raise CannotRun(f"not within {PATIENCE_SECONDS} s: {what}; run the lab again")
            time.sleep(0.1)

    def start_election(self, **settings: str) -> None:
        """Starts Kafka, PostgreSQL and main.py; returns when everybody is on the roll and on voters_topic."""
        self.pipeline.settings.update(settings)
        self.say("starting Kafka, PostgreSQL and main.py")
        self.pipeline.start_services()
        self._start_and_wait("main")

    @property
    def expected(self) -> int:
        """How many will vote."""
        return int(self.query("SELECT votes_expected FROM election")[0]["votes_expected"])

    def cast_all(self) -> None:
        """Starts voting.py; returns when everybody's vote is recorded and published."""
        self.say(f"starting voting.py: {self.expected} of {LAB_SETTINGS['VOTERS']} voters vote")
        self.pipeline.start("voting")
        self.wait(lambda: len(self.read(topics.VOTES)) >= self.expected, "every vote is published")

    def start_count(self, **settings: str) -> Process:
        """Starts spark-streaming.py; returns when it counts."""
        self.say("starting spark-streaming.py; Spark needs 15 to 30 s")
        return self._start_and_wait("spark-streaming", **settings)

    def _start_and_wait(self, script: str, **settings: str) -> Process:
        process = self.pipeline.start(script, **settings)
        process.wait_until(lambda: self.pipeline.is_at_work(script), PATIENCE_SECONDS)
        return process

    @property
    def settings(self) -> Settings:
        """Those of the auditor, who may read everything."""
        return load_settings({**os.environ, **self.pipeline.environment}, "auditor")

    def query(self, query: str) -> list[dict[str, Any]]:
        """Rows, as the superuser sees them."""
        with transaction(self.settings.administrator) as connection:
            return rows(connection, query)

    def voters(self, count: int) -> list[str]:
        """The first voter_ids of the roll."""
        return [row["voter_id"] for row in self.query(f"SELECT voter_id FROM voters ORDER BY 1 LIMIT {count}")]

    def send(self, messages: Iterable[tuple[str | None, bytes]]) -> None:
        """Produces (key, value) pairs on votes_topic, each after the one before has arrived."""
        # librdkafka would keep those without a key together for ten milliseconds, on one partition.
        producer = Producer({**client_config(self.settings), "sticky.partitioning.linger.ms": 0})
        for key, value in messages:
            producer.produce(topics.VOTES, value, key)
            producer.flush()

    def read(self, topic: str) -> list[Message]:
        """Everything on the topic."""
        return list(read_topic(self.settings, topic))

    def board(self) -> Board:
        return read_board(self.settings)

    def audit(self) -> Report:
        """One look of the audit at record, log and tally."""
        return look(self.settings)


def vote_for(voter_id: str, candidate_id: str) -> bytes:
    """A well-formed vote, cast now."""
    return encode_vote(Vote(voter_id, candidate_id, datetime.now(UTC)))
