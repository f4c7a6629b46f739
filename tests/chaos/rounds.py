"""Runs a round: the pipeline, a watchdog that starts again what died, the faults, and the verdict."""

import heapq
import itertools
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg2
from confluent_kafka import KafkaException

from election.audit.auditor import look
from election.audit.report import Report
from election.model.definition import load_election
from election.model.errors import CannotLook, StartAgain
from election.platform.settings import load_settings
from local.kafka import KafkaServer
from local.pipeline import PORTS, Pipeline
from local.postgres import PostgresServer
from local.processes import Process
from tests.chaos.faults import FAULTS, family, send
from tests.chaos.plan import Event, Plan
from tests.chaos.verdict import judge
from tests.conftest import wait_for

log = logging.getLogger(__name__)

SPARK = "spark-streaming"
COUNTS = b"votes so far are counted"
BEGINS_AGAIN = b"starting again", b"starts again"
LOOK_SECONDS = 2.0
INJECT_SECONDS = 150.0


class Round:
    """One election under faults. `run` returns what is wrong in the end: nothing, or sentences."""

    def __init__(self, plan: Plan, folder: Path, timeout_seconds: float = 300):
        self.plan, self.timeout_seconds = plan, timeout_seconds
        self.pipeline = Pipeline(folder, plan.environment, ports=far_ports())
        self.servers: dict[str, KafkaServer | PostgresServer] = {
            "kafka": self.pipeline.kafka,
            "postgres": self.pipeline.postgres,
        }
        self.settings = load_settings(self.pipeline.environment)
        self.election = load_election(self.settings.election, plan.voters)
        self.problems: list[str] = []
        self.struck: list[str] = []
        self.restarts = 0
        self.report: Report | None = None
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._injections: list[threading.Thread] = []
        self._look_at = 0.0
        self._down: set[str] = set()
        self._spark_said, self._reached = 0, "faults are left"

    def run(self) -> list[str]:
        try:
            with self.pipeline:
                self.pipeline.start_services()
                more = [f"voting-{number}" for number in range(2, self.plan.voting_processes + 1)]
                for part in ("main", SPARK, "voting", *more):
                    self.pipeline.start(part)
                for event in self.plan.events:
                    self.later(event.at, partial(self._strike, event))
                self._until_counted()
                if self.report and not self.problems:
                    self.problems += judge(self.settings, self.election, self.report)
        except Exception:  # noqa: BLE001 - it is reported
            self.problems.append(traceback.format_exc())
        return self.problems

    def _strike(self, event: Event) -> None:
        if FAULTS[event.fault](self, event):
            self.struck.append(event.fault)
            log.info("%s", event)
        else:
            log.info("%s found nothing to strike", event)

    def _until_counted(self) -> None:
        try:
            wait_for(self._is_over, self.timeout_seconds, "everything is counted")
        except AssertionError as error:
            self.problems.append(f"{error}: {self._reached}")

    def _is_over(self) -> bool:
        """Does what is due, starts what has ended, and looks every two seconds whether everything is counted."""
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()
        self._revive()
        if self._due or any(thread.is_alive() for thread in self._injections) or time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_SECONDS
        return self._is_decided()

    def _is_decided(self) -> bool:
        """Whether everything is counted, by a Spark that has not begun again since, or something differs."""
        process = self.running(SPARK)
        said = process.log.read_bytes()[self._spark_said :] if process else b""
        if said.rfind(COUNTS) <= max(map(said.rfind, BEGINS_AGAIN)):
            self._reached = f"{SPARK} has not said that it counts"
            return False
        try:
            self.report = look(self.settings)
        except CannotLook as error:
            self._reached = str(error)
            return False
        self._reached = f"recorded {self.report.recorded}, under way {self.report.lags}"
        return bool(self.report.differences) or (self.report.agrees and self.report.recorded >= self.election.ballots)

    def spark_must_count_again(self) -> None:
        """What Spark has said so far does not prove that it counts: the round waits until it says so again."""
        file = self.pipeline.logs / f"{SPARK}.log"
        self._spark_said = file.stat().st_size if file.exists() else 0

    def _revive(self) -> None:
        """What `restart: unless-stopped` does in docker-compose.yml."""
        for name in self.pipeline.dead_parts():
            log.info("%s ended with %s: starts again", name, self.pipeline.parts[name].popen.returncode)
            self.restarts += 1
            if name == SPARK:
                self.spark_must_count_again()
            self.pipeline.start(name)
        for name, server in self.servers.items():
            if name not in self._down and server.process and not server.process.running:
                self.problems.append(f"{name} ended by itself: {server.process.end_of_log()}")
                server.start()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), action))

    def running(self, part: str) -> Process | None:
        process = self.servers[part].process if part in self.servers else self.pipeline.parts.get(part)
        return process if process and process.running else None

    def kill_server(self, name: str) -> bool:
        """Kills the server and all it has started at once. Whether it ran until now."""
        self._down.add(name)
        process = self.running(name)
        if process:
            for member in family(process.pid):
                send(member, signal.SIGKILL)
            process.kill()
        return bool(process)

    def start_server(self, name: str) -> None:
        if not self.running(name):
            self.servers[name].start()
        self._down.discard(name)

    def inject(self, event: Event, work: Callable[[], None]) -> bool:
        """Does work that needs Kafka and PostgreSQL beside everything else, until it succeeds, which it must."""

        def succeeds() -> bool:
            try:
                work()
            except (KafkaException, StartAgain, psycopg2.Error, ValueError) as error:
                log.info("%s is tried again: %s", event, error)
                return False
            return True

        def persist() -> None:
            try:
                wait_for(succeeds, INJECT_SECONDS, f"{event} succeeds")
            except Exception:  # noqa: BLE001 - it is reported
                self.problems.append(f"{event}: {traceback.format_exc()}")

        thread = threading.Thread(target=persist, daemon=True)
        thread.start()
        self._injections.append(thread)
        return True


def far_ports() -> dict[str, int]:
    """Far from the ports of other rounds: while a server is down, nobody must take its port."""
    first = 10_000 + 10 * (os.getpid() % 2000)
    return dict(zip(PORTS, range(first, first + len(PORTS)), strict=True))
