"""Watches a running election: shows a compact live status, starts again what dies, and says when all is counted."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress

import psycopg2

from election.audit.auditor import settled
from election.audit.report import render_report
from election.audit.verdict import publish_verdict
from election.model import topics
from election.model.definition import Election
from election.model.errors import CannotLook, NotStarted
from election.model.messages import Tally
from election.model.rows import Candidate
from election.platform.postgres import rows, transaction
from election.platform.runtime import Stop
from election.platform.settings import Settings, load_settings
from election.results.board import Board, LiveBoard
from local.pipeline import DASHBOARD, Pipeline
from local.screen import Screen, Status, draw_result, make_console
from local.troubles import HOPELESS_SECONDS, Troubles, parse_event

REFRESH_SECONDS = 1.0
DOCTOR = "`python3 run.py doctor` looks for the cause"
RATE_WINDOW_SECONDS, REST_PER_LOOK = 5, 20
MOST_RESTARTS, RESTART_WINDOW_SECONDS = 5, 60


class Supervisor:
    """Watches the parts of `pipeline` count `election`."""

    def __init__(self, pipeline: Pipeline, election: Election, stop: Stop):
        self.pipeline, self.election, self.stop = pipeline, election, stop
        self.settings: Settings = load_settings({**os.environ, **pipeline.environment}, "auditor")
        self.live = LiveBoard(self.settings)
        self.restarts: dict[str, list[float]] = {}
        self.history: deque[tuple[float, int]] = deque()
        self.recorded = self.registered = 0
        self.look_at = 0.0
        self.started = time.monotonic()
        self.troubles = Troubles(self.started)

    def watch(self, until_counted: bool = False) -> int:
        """Returns 0 on Ctrl-C; with `until_counted`, 0 when the count is the known one and its audit is clean, else 1.

        Raises NotStarted, with `until_counted` also when nothing moves for five minutes.
        """
        self.live.start()
        try:
            with Screen() as screen:
                done = self._watch(screen, until_counted)
            if done:
                known = report_result(self.election, self.live.board, time.monotonic() - self.started)
                return 0 if report_audit(self.settings) and known else 1
        finally:
            self.live.close()
        print("\nstopping", flush=True)
        return 0

    def open_polls(self) -> None:
        """Starts voting.py when the count is ready, so that the first vote is counted at once."""
        if "voting" not in self.pipeline.parts and self.pipeline.is_at_work("spark-streaming"):
            self.pipeline.start("voting")

    def _watch(self, screen: Screen, until_counted: bool) -> bool:
        """True as soon as everything is counted, if that is waited for; False when told to stop."""
        audited = False
        while not self.stop.wait(REFRESH_SECONDS):
            self.open_polls()
            self.revive()
            self._look()
            counted = self.live.board.counted_everywhere >= self.election.ballots
            screen.show(self.status(), last=until_counted and counted)
            if until_counted and counted:
                return True
            if counted and not audited:
                audited = True
                report_audit(self.settings)
            now = time.monotonic()
            if until_counted and self.troubles.hopeless(now):
                said = "\n".join(self.troubles.lasting(now))
                raise NotStarted(f"nothing has moved for {HOPELESS_SECONDS // 60} minutes.\n{said}")
        return False

    def revive(self) -> None:
        """Starts again what has died; gives up on what dies five times within a minute."""
        now = time.monotonic()
        for name in self.pipeline.dead_parts():
            part = self.pipeline.parts[name]
            recent = [at for at in self.restarts.get(name, []) if now - at < RESTART_WINDOW_SECONDS]
            if len(recent) >= MOST_RESTARTS:
                raise NotStarted(f"{name} ends again and again; {part.end_of_log()}")
            self.restarts[name] = [*recent, now]
            part.stop()
            self.troubles.note(now, name, f"it ended: {part.last_line()}")
            self.pipeline.start(name)
        for server in (self.pipeline.kafka, self.pipeline.postgres):
            if server.process and not server.process.running:
                server.start()

    def _look(self) -> None:
        """Asks how many are registered and recorded. Counting rows takes time, so it rests for twenty times as long."""
        began = time.monotonic()
        if began < self.look_at:
            return
        with suppress(psycopg2.Error), transaction(self.settings, connect_timeout=2) as connection:
            if self.registered < self.election.registered:
                self.registered = rows(connection, "SELECT count(*) FROM roll")[0]["count"]
            self.recorded = rows(connection, "SELECT count(*) FROM votes")[0]["count"]
        self.look_at = time.monotonic() + REST_PER_LOOK * (time.monotonic() - began)

    def rate(self) -> float:
        """Votes counted per second, over the last few seconds."""
        now = time.monotonic()
        self.history.append((now, self.live.board.counted))
        while now - self.history[0][0] > RATE_WINDOW_SECONDS:
            self.history.popleft()
        (then, before), (_, counted) = self.history[0], self.history[-1]
        return (counted - before) / (now - then) if now > then else 0.0

    def status(self) -> Status:
        """A row for each server and script, the figures, and what does not get on."""
        now, counted, expected = time.monotonic(), self.live.board.counted, self.election.ballots
        lines = {name: part.last_line() for name, part in self.pipeline.parts.items()}
        figures = {"main": self.registered, "voting": self.recorded, "spark-streaming": counted}
        self.troubles.look(now, {name: line for name, line in lines.items() if name in figures}, figures)
        rows = [
            (name, "up" if server.process and server.process.running else "down", where)
            for name, where, server in (
                ("Kafka", self.pipeline.kafka.bootstrap_servers, self.pipeline.kafka),
                ("PostgreSQL", f"127.0.0.1:{self.pipeline.postgres.port}", self.pipeline.postgres),
            )
        ]
        for name, part in self.pipeline.parts.items():
            says = self.pipeline.dashboard_url if name == DASHBOARD else parse_event(lines[name])[0]
            again = f" (started again {len(self.restarts[name])}x)" if name in self.restarts else ""
            rows.append((name, "up" if part.running else "down", says + again))
        logs = os.path.relpath(self.pipeline.logs)
        lasting = self.troubles.lasting(now) if counted < expected else []
        return Status(
            title=self.election.title,
            rows=rows,
            figures=f"voters {self.registered:,} · recorded {self.recorded:,} of {expected:,} · counted {counted:,}"
            f" · {self.rate():,.0f}/s" + (" · all votes are counted" if counted == expected else ""),
            troubles=[*lasting, *([f"the logs are in {logs}; {DOCTOR}"] if lasting else [])],
            footer=f"Ctrl-C stops everything · logs: {logs}",
        )


def report_result(election: Election, board: Board, seconds: float) -> bool:
    """Prints the result table; whether it is the election's known outcome everywhere."""
    expected, counted = election.votes_per_candidate, board.votes_per_candidate
    rows: list[Candidate | Tally] = [*election.candidates, *board.rows(topics.VOTES_PER_CANDIDATE)]
    names = {
        row.candidate_id or "": (row.candidate_name or row.party_affiliation or "", row.party_affiliation or "")
        for row in rows
    }
    print(f"\n{election.title}: all {board.counted:,} votes are counted, {seconds:.0f} s after the start\n")
    make_console().print(draw_result(election, counted, names))
    wrong = {key for key in expected.keys() | counted.keys() if expected.get(key, 0) != counted.get(key, 0)}
    places, here = election.votes_by_location, board.votes_by_location
    wrong_places = {key[0] for key in places.keys() | here.keys() if places.get(key, 0) != here.get(key, 0)}
    outcome = "official" if election.replayed else "known"
    source = (
        "results.csv"
        if election.replayed
        else f"locations.csv, drawn with the seed {election.seed} before anybody voted"
    )
    compared = f"Compared with {os.path.relpath(election.folder)}/{source}."
    if wrong or wrong_places:
        print(
            f"\nThis is NOT the {outcome} result: candidates {', '.join(sorted(wrong)) or 'right'};"
            f" {len(wrong_places)} of {len(election.locations)} places differ: {', '.join(sorted(wrong_places)[:5])}"
        )
        return False
    print(
        f"\nExactly the {outcome} result, in total and in each of the {len(election.locations)} places.\n{compared}",
        flush=True,
    )
    return True


def report_audit(settings: Settings) -> bool:
    """Prints whether record, log and tally agree, and every difference; true if they do."""
    try:
        report = settled(settings)
        if not report.under_way:
            publish_verdict(settings, report)
    except CannotLook as error:
        print(f"\nThe audit could not look: {error}")
        return False
    if not report.agrees:
        print("\n" + render_report(report))
        return False
    print(f"Audited: record, log and tally agree on {report.recorded:,} votes. Merkle root {report.root}", flush=True)
    return True
