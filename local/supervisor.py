"""Watches a running election: shows a compact live status, starts again what dies, and says when all is counted."""

import os
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any

import psycopg2
from confluent_kafka import KafkaException

from election.audit.auditor import settled
from election.audit.report import render_report
from election.audit.verdict import publish_verdict
from election.model import topics
from election.model.definition import Election
from election.model.errors import CannotLook, CannotRun
from election.model.messages import Tally
from election.model.rows import Candidate
from election.platform.postgres import rows, transaction
from election.platform.runtime import Stop
from election.platform.settings import Settings, load_settings
from election.results.board import HOW_MANY, Board, LiveBoard, read_board
from local.pipeline import DASHBOARD, Pipeline
from local.screen import Row, Screen, draw_result, make_console

REFRESH_SECONDS = 1.0
# When nothing moves for so long, the status says so; then `--until-counted` gives up.
STILL_SECONDS, HOPELESS_SECONDS = 90, 300
REST_PER_LOOK = 20
MOST_RESTARTS, RESTART_WINDOW_SECONDS = 5, 60


class Supervisor:
    """Watches the parts of `pipeline` count `election`."""

    def __init__(self, pipeline: Pipeline, election: Election, stop: Stop):
        self.pipeline, self.election, self.stop = pipeline, election, stop
        self.settings: Settings = load_settings({**os.environ, **pipeline.environment}, "auditor")
        self.live = LiveBoard(self.settings, HOW_MANY)
        self.restarts: dict[str, list[float]] = {}
        self.recorded = self.registered = 0
        self.look_at = 0.0
        self.furthest: object = None
        self.started = self.moved_at = time.monotonic()

    def watch(self, until_counted: bool = False) -> int:
        """Returns 0 on Ctrl-C; with `until_counted`, 0 when the count is the known one and its audit is clean, else 1.

        Raises CannotRun, with `until_counted` also when nothing moves for five minutes.
        """
        footer = f"Ctrl-C stops everything · logs: {os.path.relpath(self.pipeline.logs)}"
        with closing(self.live.start()), closing(Screen(self.election.title, footer)) as screen:
            counted = self._watch(screen, until_counted)
        if counted:
            known = report_result(self.election, counted, time.monotonic() - self.started)
            return 0 if report_audit(self.settings) and known else 1
        print("\nstopping", flush=True)
        return 0

    def _watch(self, screen: Screen, until_counted: bool) -> Board | None:
        """All totals as soon as everything is counted, if that is waited for; None when told to stop."""
        audited = False
        while not self.stop.wait(REFRESH_SECONDS):
            # Voting begins when the count is ready, so that the first vote is counted at once.
            if "voting" not in self.pipeline.parts and self.pipeline.is_at_work("spark-streaming"):
                self.pipeline.start("voting")
            self.revive()
            self._look()
            screen.show(self.rows(), [self.figures(), *self.standstill()])
            if self.live.board.counted >= self.election.ballots:
                if until_counted and (board := self._read_counted()):
                    return board
                if not until_counted and not audited:
                    audited = True
                    report_audit(self.settings)
            if until_counted and time.monotonic() - self.moved_at > HOPELESS_SECONDS:
                raise CannotRun("\n".join(self.standstill()))
        return None

    def _read_counted(self) -> Board | None:
        """All totals, once every vote is in each aggregate; None before, and while Kafka is away."""
        with suppress(KafkaException):
            board = read_board(self.settings)
            if board.counted_everywhere >= self.election.ballots:
                return board
        return None

    def revive(self) -> None:
        """Starts again what has died; gives up on what dies five times within a minute."""
        now = time.monotonic()
        for name in self.pipeline.dead_parts():
            part = self.pipeline.parts[name]
            recent = [at for at in self.restarts.get(name, []) if now - at < RESTART_WINDOW_SECONDS]
            if len(recent) >= MOST_RESTARTS:
                raise CannotRun(f"{name} ends again and again; {part.end_of_log()}")
            self.restarts[name] = [*recent, now]
            part.stop()
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

    def standstill(self) -> list[str]:
        """What each script said last, when nothing moves for a while: votes counted, or before the first, main.py."""
        main_says = parse_event(self.pipeline.parts["main"].last_line())
        furthest = self.live.board.counted if self.recorded else main_says
        if furthest != self.furthest:
            self.furthest, self.moved_at = furthest, time.monotonic()
        still_seconds = time.monotonic() - self.moved_at
        if still_seconds < STILL_SECONDS or self.live.board.counted >= self.election.ballots:
            return []
        said = [f"{name}: {part.last_line()}" for name, part in self.pipeline.parts.items() if name != DASHBOARD]
        return [f"nothing has moved for {still_seconds:.0f} s; `python3 run.py doctor` looks for the cause", *said]

    def figures(self) -> str:
        counted, expected = self.live.board.counted, self.election.ballots
        done = " · all votes are counted" if counted == expected else ""
        return f"voters {self.registered:,} · recorded {self.recorded:,} of {expected:,} · counted {counted:,}{done}"

    def rows(self) -> list[Row]:
        """One for each server and script."""
        kafka, postgres = self.pipeline.kafka, self.pipeline.postgres
        found = [
            ("Kafka", kafka.process, kafka.bootstrap_servers),
            ("PostgreSQL", postgres.process, f"127.0.0.1:{postgres.port}"),
        ]
        for name, part in self.pipeline.parts.items():
            says = self.pipeline.dashboard_url if name == DASHBOARD else parse_event(part.last_line())
            again = f" (started again {len(self.restarts[name])}x)" if name in self.restarts else ""
            found.append((name, part, says + again))
        return [(name, "up" if process and process.running else "down", says) for name, process, says in found]


def parse_event(line: str) -> str:
    """The message of a line of a script's log, without time, name and level."""
    words = line.split(None, 3)
    return words[3] if len(words) == 4 and words[0].count(":") == 2 else ""


def report_result(election: Election, board: Board, seconds: float) -> bool:
    """Prints the result table; whether it is the election's known outcome everywhere."""
    rows: list[Candidate | Tally] = [*election.candidates, *board.rows(topics.VOTES_PER_CANDIDATE)]
    names = {
        row.candidate_id or "": (row.candidate_name or row.party_affiliation or "", row.party_affiliation or "")
        for row in rows
    }
    print(f"\n{election.title}: all {board.counted:,} votes are counted, {seconds:.0f} s after the start\n")
    make_console().print(draw_result(election, board.votes_per_candidate, names))
    wrong = differing(election.votes_per_candidate, board.votes_per_candidate)
    wrong_places = sorted({place for place, _ in differing(election.votes_by_location, board.votes_by_location)})
    outcome, places = "official" if election.replayed else "known", len(election.locations)
    if wrong or wrong_places:
        print(
            f"\nThis is NOT the {outcome} result: candidates {', '.join(sorted(wrong)) or 'right'};"
            f" {len(wrong_places)} of {places} places differ: {', '.join(wrong_places[:5])}"
        )
        return False
    drawn = f"locations.csv, drawn with the seed {election.seed} before anybody voted"
    source = f"{os.path.relpath(election.folder)}/{'results.csv' if election.replayed else drawn}"
    print(f"\nExactly the {outcome} result, in total and in each of the {places} places.\nCompared with {source}.")
    return True


def differing(expected: Mapping[Any, int], counted: Mapping[Any, int]) -> set[Any]:
    """The keys whose votes are not the same; a key that is not there has none."""
    return {key for key in expected.keys() | counted.keys() if expected.get(key, 0) != counted.get(key, 0)}


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
