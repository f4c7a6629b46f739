"""Runs a round: the pipeline, a watchdog that restarts what died, the faults, and the verdict."""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg2
from confluent_kafka import KafkaException

from election.audit.auditor import Auditor, settle
from election.audit.report import Report
from election.model.definition import load_election
from election.model.errors import CannotLook, StartAgain
from election.platform.settings import load_settings
from election.results.board import read_board
from local.pipeline import DASHBOARD, PORTS, Pipeline
from local.processes import Process
from tests.chaos import verdict
from tests.chaos.faults import FAULTS, family, send
from tests.chaos.plan import Event, Plan
from tests.chaos.watcher import Watcher

log = logging.getLogger(__name__)

SPARK = "spark-streaming"
TICK_SECONDS, LOOK_SECONDS = 0.2, 2.0
RESTART_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
INJECT_SECONDS = 150.0
ANSWER_SECONDS = 60.0


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
        self.struck: list[str] = []
        self.contested: set[str] = set()
        self.restarts = 0
        self.report: Report | None = None
        self._watcher = Watcher(self.settings)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._injections: list[threading.Thread] = []
        self._kafka_down = self._postgres_down = self._clock_runs = False
        self._spark_said, self._reached = 0, "faults are left, or no vote was recorded"

    def run(self) -> list[str]:
        try:
            with self.pipeline:
                self._play()
        except Exception:  # noqa: BLE001 - it is reported
            self.problems.append(traceback.format_exc())
        return self.problems + self._watcher.problems

    def _play(self) -> None:
        self.pipeline.start_services()
        voting = ["voting", *(f"voting-{number}" for number in range(2, self.plan.voting_processes + 1))]
        for part in ["main", SPARK, *voting, *([DASHBOARD] if self.plan.dashboard else [])]:
            self.pipeline.start(part)
        try:
            self._until_counted()
            if not self.problems:
                self._judge()
        finally:
            self._watcher.close()

    def _start_clock(self) -> None:
        """From now on the seconds of the plan count."""
        self._clock_runs = True
        for event in self.plan.events:
            self.later(event.at, partial(self._strike, event))
        for moment in self.plan.readers:
            self.later(moment, self._watcher.start_reader)

    def _strike(self, event: Event) -> None:
        if FAULTS[event.fault](self, event):
            self.struck.append(event.fault)
            log.info("%s", event)
        else:
            log.info("%s found nothing to strike", event)

    def _until_counted(self) -> None:
        deadline, look_at = time.monotonic() + self.timeout_seconds, 0.0
        with closing(Auditor(self.settings)) as auditor:
            while time.monotonic() < deadline:
                if not self._clock_runs and (not self.plan.from_first_vote or verdict.has_votes(self.settings)):
                    self._start_clock()
                self._run_due()
                self._revive()
                quiet = not self._due and not any(thread.is_alive() for thread in self._injections)
                if quiet and self._clock_runs and time.monotonic() > look_at:
                    if self._is_decided(auditor):
                        return
                    look_at = time.monotonic() + LOOK_SECONDS
                time.sleep(TICK_SECONDS)
        self.problems.append(f"not counted after {self.timeout_seconds:.0f} s: {self._reached}")

    def _is_decided(self, auditor: Auditor) -> bool:
        """Whether everything is counted, by a Spark that has not begun again since, or something differs."""
        if not self._spark_counts():
            self._reached = f"{SPARK} has not said that it counts"
            return False
        try:
            self.report = auditor.look()
        except CannotLook as error:
            self._reached = str(error)
            return False
        self._reached = f"recorded {self.report.recorded}, under way {self.report.lags}"
        return bool(self.report.differences) or (self.report.agrees and self.report.recorded >= self.election.ballots)

    def spark_must_count_again(self) -> None:
        """What Spark has said so far does not prove that it counts: the round waits until it says so again."""
        file = self.pipeline.logs / f"{SPARK}.log"
        self._spark_said = file.stat().st_size if file.exists() else 0

    def _spark_counts(self) -> bool:
        process = self.running(SPARK)
        return bool(process) and verdict.counts_again(process.log.read_bytes()[self._spark_said :])

    def _run_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()

    def _revive(self) -> None:
        """What `restart: unless-stopped` does in docker-compose.yml."""
        for name in self.pipeline.dead_parts():
            log.info("%s ended with %s: starts again", name, self.pipeline.parts[name].popen.returncode)
            self.restarts += 1
            time.sleep(RESTART_SECONDS)
            if name == SPARK:
                self.spark_must_count_again()
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
        board = read_board(self.settings)
        self.problems += [
            *map(str, self.report.settled().differences),
            *verdict.judge_answer(board, self.election),
            *verdict.judge_last_messages(self.settings, board),
            *verdict.judge_notes(self.report, self.contested),
        ]
        if self.plan.dashboard:
            self.pipeline.parts[DASHBOARD].wait_until(
                lambda: verdict.dashboard_answers(self.pipeline.dashboard_port), ANSWER_SECONDS
            )

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), action))

    def process(self, part: str) -> Process | None:
        servers = {"kafka": self.pipeline.kafka.process, "postgres": self.pipeline.postgres.process}
        return servers[part] if part in servers else self.pipeline.parts.get(part)

    def running(self, part: str) -> Process | None:
        process = self.process(part)
        return process if process and process.running else None

    def kill_kafka(self) -> bool:
        """Whether it ran until now."""
        self._kafka_down, process = True, self.running("kafka")
        if process:
            process.kill()
        return bool(process)

    def start_kafka(self) -> None:
        if not self.running("kafka"):
            self.pipeline.kafka.start()
        self._kafka_down = False

    def kill_postgres(self) -> bool:
        """The server and all its backends at once: what is not on disk is lost. Whether it ran until now."""
        self._postgres_down, process = True, self.running("postgres")
        if process:
            for backend in family(process.pid):
                send(backend, signal.SIGKILL)
            process.kill()
        return bool(process)

    def start_postgres(self) -> None:
        if not self.running("postgres"):
            self.pipeline.postgres.start()
        self._postgres_down = False

    def inject(self, event: Event, work: Callable[[], None]) -> bool:
        """Does work that needs Kafka and PostgreSQL beside everything else, until it succeeds, which it must."""

        def persist() -> None:
            deadline = time.monotonic() + INJECT_SECONDS
            while True:
                try:
                    return work()
                except (KafkaException, StartAgain, psycopg2.Error, IndexError, ValueError) as error:
                    if time.monotonic() > deadline:
                        return self.problems.append(f"{event} never succeeded: {error}")
                    time.sleep(1)
                except Exception:  # noqa: BLE001 - it is reported
                    return self.problems.append(f"{event}: {traceback.format_exc()}")

        thread = threading.Thread(target=persist, daemon=True)
        thread.start()
        self._injections.append(thread)
        return True
