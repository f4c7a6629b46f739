"""Proves the count: the record (PostgreSQL), a recount of votes_topic and the streaming tally, side by side.

    python -m election.audit                  the table, and every difference by name
    python -m election.audit --watch          again and again while the count runs
    python -m election.audit --seal FILE      write down what is recorded now
    python -m election.audit --against FILE   hold the record against a seal

Exit code 0: all agree. 1: they differ. 2: no verdict, it could not look or votes are still under way.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from confluent_kafka import Consumer, KafkaException
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from election import topics
from election.comparison import compare
from election.config import SettingError, Settings, load_settings
from election.messaging import make_admin, make_reader, read_to_end
from election.record import CONNECTION, first_line
from election.recount import Box, Recount, Register
from election.report import Report, as_json, render_progress, render_report
from election.results import TOPICS, Board
from election.seal import Sealing, SealUnreadable, compare_with_seal, read_record, read_seal, write_seal
from election.watching import topic_id

PATIENCE_SECONDS, LIMIT_SECONDS, PAUSE_SECONDS = 15.0, 300.0, 1.0
WATCH_SECONDS = 5.0
ELECTION_QUERY = "SELECT name, title, registered FROM election"


class CannotLook(Exception):
    """Kafka, PostgreSQL or what the audit needs in them isn't there; the message says which."""


class Auditor:
    """Looks at one election, again and again if need be: what it has read of the topics it does not read twice."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._log: Consumer | None = None

    def close(self) -> None:
        if self._log:
            self._log.close()
            self._results.close()
            self._log = None

    def look(self) -> Report:
        """Reads tally, log and record as they are now, in this order, and compares them.

        Raises CannotLook.
        """
        try:
            with closing(connect(self.settings)) as connection, connection:
                return self._look(connection)
        except psycopg2.Error as error:
            raise CannotLook(f"PostgreSQL: {first_line(error)}") from None
        except KafkaException as error:
            self.close()
            raise CannotLook(f"Kafka: {error.args[0]}") from None

    def _look(self, connection: Connection) -> Report:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(ELECTION_QUERY)
            election = cursor.fetchone()
        made = topic_id(make_admin(self.settings), topics.VOTES)
        if self._log is None or made != self._made:
            self.close()
            self._open(connection, election, made)
        assert self._log is not None
        assert election is not None
        for messages in read_to_end(self._results, TOPICS):
            self._board.take(messages)
        for messages in read_to_end(self._log, [topics.VOTES]):
            self._recount.take(messages)
        record, sealing = self._read_record(connection, str(election["name"]))
        return compare(dict(election), self._register, record, self._recount, self._board, sealing.tree.root.hex())

    def _open(self, connection: Connection, election: Any, made: str) -> None:
        self._register = Register.read(connection)
        there, wanted = len(self._register.numbers), election["registered"] if election else 0
        if not election or there != wanted:
            raise CannotLook(f"the roll has {there:,} of {wanted:,} voters: main.py registers them")
        self._made, self._recount, self._board = made, Recount(self._register), Board()
        self._results = make_reader(self.settings, TOPICS)
        self._log = make_reader(self.settings, [topics.VOTES])

    def _read_record(self, connection: Connection, election: str) -> tuple[Box, Sealing]:
        box, sealing = Box(self._register), Sealing(election)
        candidates = {candidate[0]: number for number, candidate in enumerate(self._register.candidates)}
        connection.commit()
        for vote in read_record(connection):
            sealing.add(vote)
            voter_id, candidate_id, time_recorded = vote
            if voter_id not in self._register.numbers:
                raise CannotLook(f"the roll was changed while the audit ran: voter {voter_id} is new")
            box.put(self._register.numbers[voter_id], candidates[candidate_id], time_recorded)
        return box, sealing


def connect(settings: Settings) -> Connection:
    return psycopg2.connect(**settings.postgres, **{**CONNECTION, "application_name": "audit"})


def look(settings: Settings) -> Report:
    """One look at the election of these settings.

    Raises CannotLook.
    """
    with closing(Auditor(settings)) as auditor:
        return auditor.look()


def settle(auditor: Auditor, patience_seconds: float, clock: Callable[[], float] = time.monotonic) -> Report:
    """Looks until nothing is under way; what does not move for `patience_seconds` is missing, not under way.

    A count that still moves after LIMIT_SECONDS is reported as it is. Raises CannotLook.
    """
    report = auditor.look()
    started = moved_at = clock()
    while report.lags and not report.differences:
        now = clock()
        if now - moved_at > patience_seconds:
            return report.settled()
        if now - started > LIMIT_SECONDS:
            return report
        time.sleep(PAUSE_SECONDS)
        before, report = report, auditor.look()
        if report.progress != before.progress:
            moved_at = clock()
    return report


def settled(settings: Settings) -> Report:
    """What `settle` finds in the election of these settings.

    Raises CannotLook.
    """
    with closing(Auditor(settings)) as auditor:
        return settle(auditor, PATIENCE_SECONDS)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m election.audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print each report as one line of JSON")
    parser.add_argument("--watch", action="store_true", help="look every few seconds until Ctrl-C")
    parser.add_argument("--seal", type=Path, metavar="FILE", help="write a seal of the recorded votes")
    parser.add_argument("--against", type=Path, metavar="FILE", help="hold the recorded votes against a seal")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="how long nothing may move before what is under way counts as missing (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """What the command does; returns its exit code. Raises CannotLook."""
    if arguments.against:
        return check_seal(settings, arguments.against)
    if arguments.seal:
        with closing(connect(settings)) as connection, connection:
            seal = write_seal(connection, settings.election, arguments.seal)
        say(f"sealed {seal.size:,} votes in {arguments.seal}; Merkle root {seal.root}")
        return 0
    render = as_json if arguments.json else render_report
    with closing(Auditor(settings)) as auditor:
        if arguments.watch:
            return watch(auditor, render, as_json if arguments.json else render_progress)
        report = settle(auditor, arguments.patience)
    say(render(report))
    return report.exit_code


def watch(auditor: Auditor, render: Callable[[Report], str], render_good: Callable[[Report], str]) -> int:
    """Looks every few seconds until Ctrl-C, also after it could not; returns the exit code of the last report."""
    code = 2
    try:
        while True:
            try:
                report = auditor.look()
                say(render(report) if report.differences else render_good(report))
                code = report.exit_code
            except CannotLook as error:
                sys.stderr.write(f"the audit could not look and tries again: {error}\n")
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return code


def check_seal(settings: Settings, file: Path) -> int:
    """Holds the record against the seal in `file`, says what differs, and returns the exit code."""
    seal, leaves = read_seal(file)
    with closing(connect(settings)) as connection, connection:
        broken = compare_with_seal(read_record(connection), seal, leaves)
    for finding in broken.findings:
        say(f"DIFFERENCE: {finding}")
    if broken.unnamed:
        say("DIFFERENCE: the record does not have the sealed root, and this seal can't tell which votes differ")
    if broken:
        return 1
    say(f"The {seal.size:,} votes of the seal are recorded unchanged, and none was inserted among them.")
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parsed = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        return run(parsed, load_settings(login="auditor"))
    except (CannotLook, SealUnreadable, SettingError, OSError) as error:
        sys.stderr.write(f"the audit could not look: {error}\n")
    except psycopg2.Error as error:
        sys.stderr.write(f"the audit could not look: PostgreSQL: {first_line(error)}\n")
    except KeyboardInterrupt:
        sys.stderr.write("the audit was stopped before it had a verdict\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
