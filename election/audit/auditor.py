"""One look at record, log and tally, and looking until nothing is under way."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import Consumer
from psycopg2.extensions import connection as Connection

from election.audit.comparison import compare
from election.audit.recount import Box, Recount, Register
from election.audit.report import Report
from election.audit.seal import Sealing, read_record
from election.model import topics
from election.model.errors import CannotLook
from election.platform.kafka import make_admin, make_reader
from election.platform.kafka_topics import read_to_end, topic_id
from election.platform.postgres import transaction
from election.platform.settings import Settings
from election.results.board import TOPICS, Board
from election.results.look import HeldElection, looking, read_held

PATIENCE_SECONDS, LIMIT_SECONDS, PAUSE_SECONDS = 15.0, 300.0, 1.0
AUDIT = "audit"


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
            with looking(), transaction(self.settings, application_name=AUDIT) as connection:
                return self._look(connection)
        except CannotLook:
            self.close()
            raise

    def _look(self, connection: Connection) -> Report:
        held = read_held(connection)
        made = topic_id(make_admin(self.settings), topics.VOTES)
        if self._log is None or made != self._made:
            self.close()
            self._open(connection, held, made)
        assert self._log is not None
        for messages in read_to_end(self._results, TOPICS):
            self._board.take(messages)
        for messages in read_to_end(self._log, [topics.VOTES]):
            self._recount.take(messages)
        record, sealing = self._read_record(connection, held.name)
        return compare(held, self._register, record, self._recount, self._board, sealing.tree.root.hex())

    def _open(self, connection: Connection, held: HeldElection, made: str) -> None:
        self._register = Register.read(connection)
        if (there := len(self._register.numbers)) != held.registered:
            raise CannotLook(f"the roll has {there:,} of {held.registered:,} voters: main.py registers them")
        self._made, self._recount, self._board = made, Recount(self._register), Board()
        self._results = make_reader(self.settings, TOPICS)
        self._log = make_reader(self.settings, [topics.VOTES])

    def _read_record(self, connection: Connection, election: str) -> tuple[Box, Sealing]:
        box, sealing = Box(self._register), Sealing(election)
        candidates = self._register.candidate_numbers
        connection.commit()
        for vote in read_record(connection):
            sealing.add(vote)
            voter = self._register.numbers.get(vote.voter_id)
            if voter is None:
                raise CannotLook(f"the roll was changed while the audit ran: voter {vote.voter_id} is new")
            box.put(voter, candidates[vote.candidate_id], vote.time)
        return box, sealing


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
