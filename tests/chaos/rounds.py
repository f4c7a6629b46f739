"""Runs a round: the pipeline, a watchdog that restarts what died, the faults, and the verdict."""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg2
from confluent_kafka import KafkaException

from election import topics
from election.audit import Auditor, CannotLook, settle
from election.config import load_settings
from election.definition import load_election
from election.events import parse_tally
from election.messaging import make_producer, make_reader, read_to_end
from election.report import Report
from election.results import read_board
from election.stages import StartAgain
from embedded.pipeline import PORTS, Pipeline
from embedded.processes import NotStarted, Process
from tests.chaos.faults import FAULTS, family, send
from tests.chaos.plan import Event, Plan
from tests.chaos.watcher import Watcher

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
RESTART_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
DELIVER_SECONDS = 60.0
Raw = tuple[bytes | None, bytes | None, int]


def own_ports() -> dict[str, int]:
    """Far from those of other rounds: while a server is down, nobody must take its port."""
    first = 10_000 + 10 * (os.getpid() % 2000)
    return dict(zip(PORTS, range(first, first + len(PORTS)), strict=True))


class Round:
    """One election under faults. `run` returns what is wrong in the end: nothing, or sentences."""

    def __init__(self, plan: Plan, folder: Path, timeout_seconds: float = 300):
        self.plan, self.timeout_seconds = plan, timeout_seconds
        environment = {
            "VOTERS": str(plan.voters),
            "RATE": str(plan.rate),
            "KAFKA_PARTITIONS": str(plan.partitions),
            "VOTING_BATCH_SIZE": str(plan.batch_size),
            "SPARK_CHECKPOINT_INTERVAL": "5 seconds",
            "SPARK_DRIVER_MEMORY": "1g",
            "RANDOMUSER_URL": "http://127.0.0.1:9/",
        }
        self.pipeline = Pipeline(folder, environment, ports=own_ports())
        self.settings = load_settings(self.pipeline.environment)
        self.election = load_election(self.settings.election, plan.voters)
        self.problems: list[str] = []
        self.restarts = 0
        self.log_was_wiped = False
        self.report: Report | None = None
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._injections: list[threading.Thread] = []
        self._kafka_down = self._postgres_down = False

    def run(self) -> list[str]:
        with self.pipeline:
            self.pipeline.start_services()
            voting = ["voting", *(f"voting-{number}" for number in range(2, self.plan.voting_processes + 1))]
            for part in ["main", "spark-streaming", *voting, *(["dashboard"] if self.plan.dashboard else [])]:
                self.pipeline.start(part)
            for event in self.plan.events:
                self.later(event.at, partial(self._strike, event))
            watcher = Watcher(self.settings)
            self.later(min(event.at for event in self.plan.events), watcher.start)
            try:
                self._until_counted()
                if not self.problems:
                    self._judge()
            except (NotStarted, KafkaException) as error:
                self.problems.append(f"{type(error).__name__}: {error}")
            finally:
                watcher.close()
        return self.problems + watcher.problems

    def _strike(self, event: Event) -> None:
        log.info("%s", event)
        FAULTS[event.fault](self, event)

    def _until_counted(self) -> None:
        deadline = time.monotonic() + self.timeout_seconds
        auditor, look_at = Auditor(self.settings), 0.0
        with closing(auditor):
            while time.monotonic() < deadline:
                self._run_due()
                self._revive()
                quiet = not self._due and not any(thread.is_alive() for thread in self._injections)
                if quiet and time.monotonic() > look_at:
                    try:
                        self.report = auditor.look()
                    except CannotLook as error:
                        log.info("%s", error)
                    else:
                        if self.report.differences or (
                            self.report.agrees and self.report.recorded >= self.election.ballots
                        ):
                            return
                    look_at = time.monotonic() + 2
                time.sleep(TICK_SECONDS)
        reached = f"recorded {self.report.recorded}, under way {self.report.lags}" if self.report else "could not look"
        self.problems.append(f"not counted after {self.timeout_seconds:.0f} s: {reached}")

    def _run_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()

    def _revive(self) -> None:
        """What `restart: unless-stopped` does in docker-compose.yml."""
        for name in self.pipeline.dead_parts():
            log.info("%s ended with %s: starts again", name, self.pipeline.parts[name].popen.returncode)
            self.restarts += 1
            time.sleep(RESTART_SECONDS)
            self.pipeline.start(name)
        for name, down, start in (
            ("kafka", self._kafka_down, self.start_kafka),
            ("postgres", self._postgres_down, self.start_postgres),
        ):
            process = self.process(name)
            if not down and process and not process.running:
                self.problems.append(f"{name} ended by itself: {process.end_of_log()}")
                start()

    def _judge(self) -> None:
        """Demands the known answer of the topics, in what was said last too, and a clean audit."""
        with closing(Auditor(self.settings)) as auditor:
            self.report = settle(auditor, PATIENCE_SECONDS)
        self.problems += [str(difference) for difference in self.report.differences]
        board = read_board(self.settings)
        per_candidate = {name: votes for name, votes in self.election.votes_per_candidate.items() if votes}
        if board.votes_per_candidate != per_candidate:
            self.problems.append(f"tally {board.votes_per_candidate}, known answer {per_candidate}")
        if board.votes_by_location != self.election.votes_by_location:
            self.problems.append("the tally by location is not the known answer")
        names = [topic.name for topic in topics.AGGREGATED]
        last: dict[tuple[str, str], int] = {}
        with closing(make_reader(self.settings, names)) as reader:
            for messages in read_to_end(reader, names):
                for message in messages:
                    key = str(message.topic()), (message.key() or b"").decode()
                    last[key] = parse_tally(message.value())["total_votes"]
        largest = {(name, key): row["total_votes"] for name in names for key, row in board.totals[name].items()}
        if last != largest:
            lower = [key for key, votes in largest.items() if last[key] != votes]
            self.problems.append(f"the last message of {len(lower)} keys is not the largest: {lower[:5]}")

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), action))

    def process(self, part: str) -> Process | None:
        servers = {"kafka": self.pipeline.kafka.process, "postgres": self.pipeline.postgres.process}
        return servers[part] if part in servers else self.pipeline.parts.get(part)

    def kill_kafka(self) -> None:
        self._kafka_down = True
        process = self.process("kafka")
        if process:
            process.kill()

    def start_kafka(self) -> None:
        process = self.process("kafka")
        if not process or not process.running:
            self.pipeline.kafka.start()
        self._kafka_down = False

    def kill_postgres(self) -> None:
        """The server and all its backends at once: what is not on disk is lost."""
        self._postgres_down = True
        process = self.process("postgres")
        if process:
            for backend in family(process.pid):
                send(backend, signal.SIGKILL)
            process.kill()

    def start_postgres(self) -> None:
        process = self.process("postgres")
        if not process or not process.running:
            self.pipeline.postgres.start()
        self._postgres_down = False

    def inject(self, work: Callable[[], None]) -> None:
        """Does work that needs Kafka and PostgreSQL beside everything else, until it succeeds."""

        def persist() -> None:
            deadline = time.monotonic() + DELIVER_SECONDS
            while time.monotonic() < deadline:
                try:
                    return work()
                except (KafkaException, StartAgain, psycopg2.Error, IndexError, ValueError) as error:
                    log.debug("%s: again", error)
                    time.sleep(1)
            return log.warning("an injection never succeeded")

        thread = threading.Thread(target=persist, daemon=True)
        thread.start()
        self._injections.append(thread)

    def publish(self, topic: str, messages: Iterable[Raw]) -> None:
        producer = make_producer(self.settings)
        for key, value, partition in messages:
            producer.produce(topic, value, key, partition)
        if producer.flush(DELIVER_SECONDS):
            raise StartAgain("not delivered")

    def read_votes(self) -> list[Raw]:
        """What is on votes_topic now. Raises IndexError when that is nothing."""
        with closing(make_reader(self.settings, [topics.VOTES])) as reader:
            batches = list(read_to_end(reader, [topics.VOTES]))
        votes = [
            (message.key(), message.value(), int(message.partition() or 0)) for batch in batches for message in batch
        ]
        return votes or [][0]
