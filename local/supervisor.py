"""Watches a running election: shows a compact live status, starts again what dies, and says when all is counted."""

from __future__ import annotations

import os
import sys
import time
from collections import deque

import psycopg2

from election.audit.auditor import settled
from election.audit.report import render_report
from election.audit.verdict import publish_verdict
from election.model.definition import Election
from election.model.errors import CannotLook, NotStarted
from election.platform.runtime import Stop
from election.platform.settings import Settings, load_settings
from election.results.board import Board, LiveBoard
from local.pipeline import DASHBOARD, Pipeline

REFRESH_SECONDS, PLAIN_SECONDS = 1.0, 5.0
RATE_WINDOW_SECONDS = 5
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
        self.started = time.monotonic()

    def watch(self, until_counted: bool = False) -> int:
        """Returns 0 on Ctrl-C; with `until_counted`, 0 when the count is the known one and its audit is clean, else 1.

        Raises NotStarted.
        """
        self.live.start()
        screen, audited = Screen(), False
        try:
            while not self.stop.wait(REFRESH_SECONDS):
                self.open_polls()
                self.revive()
                self._look()
                screen.show(self.status())
                if audited or self.live.board.counted_everywhere < self.election.ballots:
                    continue
                if until_counted:
                    screen.show(self.status(), last=True)
                    known = report_result(self.election, self.live.board, time.monotonic() - self.started)
                    return 0 if report_audit(self.settings) and known else 1
                audited = True
                report_audit(self.settings)
                screen.drawn = 0  # what the audit printed stays
        finally:
            self.live.close()
        print("\nstopping", flush=True)
        return 0

    def open_polls(self) -> None:
        """Starts voting.py when the count is ready, so that the first vote is counted at once."""
        if "voting" not in self.pipeline.parts and self.pipeline.is_at_work("spark-streaming"):
            self.pipeline.start("voting")

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
            self.pipeline.start(name)
        for server in (self.pipeline.kafka, self.pipeline.postgres):
            if server.process and not server.process.running:
                server.start()

    def _look(self) -> None:
        try:
            connection = psycopg2.connect(**self.settings.postgres, connect_timeout=2)
        except psycopg2.OperationalError:
            return
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT (SELECT count(*) FROM roll), (SELECT count(*) FROM votes)")
                self.registered, self.recorded = cursor.fetchone() or (0, 0)
        except psycopg2.Error:
            pass
        finally:
            connection.close()

    def rate(self) -> float:
        """Votes counted per second, over the last few seconds."""
        now = time.monotonic()
        self.history.append((now, self.live.board.counted))
        while now - self.history[0][0] > RATE_WINDOW_SECONDS:
            self.history.popleft()
        (then, before), (_, counted) = self.history[0], self.history[-1]
        return (counted - before) / (now - then) if now > then else 0.0

    def status(self) -> list[str]:
        """The lines to show: one per part, and one of figures."""
        lines = [self.election.title]
        for name, where, server in (
            ("Kafka", self.pipeline.kafka.bootstrap_servers, self.pipeline.kafka),
            ("PostgreSQL", f"127.0.0.1:{self.pipeline.postgres.port}", self.pipeline.postgres),
        ):
            up = server.process is not None and server.process.running
            lines.append(f"  {name:<16}{'up' if up else 'down':<6}{where}")
        for name, part in self.pipeline.parts.items():
            says = self.pipeline.dashboard_url if name == DASHBOARD else last_event(part.last_line())
            again = f" (started again {len(self.restarts[name])}x)" if name in self.restarts else ""
            lines.append(f"  {name:<16}{'up' if part.running else 'down':<6}{says}{again}")
        counted, expected = self.live.board.counted, self.election.ballots
        lines.append(
            f"  voters {self.registered:,} · recorded {self.recorded:,} of {expected:,} · counted {counted:,}"
            f" · {self.rate():,.0f}/s" + (" · all votes are counted" if counted == expected else "")
        )
        lines.append(f"  Ctrl-C stops everything · logs: {os.path.relpath(self.pipeline.logs)}")
        return lines


def last_event(line: str) -> str:
    """The message of a line of a script's log, without time, name and level."""
    words = line.split(None, 3)
    return words[3] if len(words) == 4 and words[0].count(":") == 2 else ""


class Screen:
    """Draws the status in place on a terminal; elsewhere prints one line of figures every few seconds."""

    def __init__(self) -> None:
        self.drawn, self.printed_at = 0, 0.0
        self.terminal = sys.stdout.isatty()

    def show(self, lines: list[str], last: bool = False) -> None:
        if self.terminal:
            width = os.get_terminal_size().columns - 1
            up = f"\033[{self.drawn}F\033[J" if self.drawn else ""
            print(up + "\n".join(line[:width] for line in lines), flush=True)
            self.drawn = len(lines)
        elif last or time.monotonic() - self.printed_at >= PLAIN_SECONDS:
            print(lines[-2].strip(), flush=True)
            self.printed_at = time.monotonic()


def report_result(election: Election, board: Board, seconds: float) -> bool:
    """Prints the result table; whether it is the election's known outcome everywhere."""
    expected, counted = election.votes_per_candidate, board.votes_per_candidate
    names = {row.candidate_id: row for row in board.rows("aggregated_votes_per_candidate")}
    print(f"\n{election.title}: all {board.counted:,} votes are counted, {seconds:.0f} s after the start\n")
    for candidate_id, votes in sorted(counted.items(), key=lambda item: -item[1]):
        row = names[candidate_id]
        share = votes / board.counted
        print(f"  {row.candidate_name:<24}{row.party_affiliation:<32}{votes:>9,}{share:>8.1%}")
    wrong = {key for key in expected.keys() | counted.keys() if expected.get(key, 0) != counted.get(key, 0)}
    places, here = election.votes_by_location, board.votes_by_location
    wrong_places = {key[0] for key in places.keys() | here.keys() if places.get(key, 0) != here.get(key, 0)}
    outcome = "official" if election.replayed else "known"
    if wrong or wrong_places:
        print(
            f"\nThis is NOT the {outcome} result: candidates {', '.join(sorted(wrong)) or 'right'};"
            f" {len(wrong_places)} of {len(election.locations)} places differ: {', '.join(sorted(wrong_places)[:5])}"
        )
        return False
    print(f"\nExactly the {outcome} result, in total and in each of the {len(election.locations)} places.", flush=True)
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
    print(f"Audited: record, log and tally agree on {report.size:,} votes. Merkle root {report.root}", flush=True)
    return True
