"""One look at record, log and tally, and looking until nothing is under way."""

import time
from collections.abc import Callable

from election.audit.comparison import compare
from election.audit.merkle import MerkleTree
from election.audit.recount import Box, Recount, Register
from election.audit.report import Report
from election.audit.seal import read_record
from election.model import topics
from election.model.errors import CannotLook
from election.platform.kafka_topics import read_topic
from election.platform.postgres import transaction
from election.platform.settings import Settings
from election.results.board import read_board
from election.results.look import looking, read_held

PATIENCE_SECONDS, LIMIT_SECONDS, PAUSE_SECONDS = 15, 300, 1
AUDIT = "audit"


def look(settings: Settings) -> Report:
    """Reads tally, log and record as they are now, in this order, and compares them.

    Raises CannotLook.
    """
    with looking():
        with transaction(settings, application_name=AUDIT) as connection:
            held, register = read_held(connection), Register.read(connection)
        if (there := len(register.voter_numbers)) != held.registered:
            raise CannotLook(f"the roll has {there:,} of {held.registered:,} voters: main.py registers them")
        board, recount = read_board(settings), Recount(register)
        recount.take(read_topic(settings, topics.VOTES))
        record, tree = Box(register), MerkleTree()
        with transaction(settings, application_name=AUDIT) as connection:
            for vote in read_record(connection):
                tree.add(vote.leaf)
                try:
                    voter = register.voter_numbers[vote.voter_id]
                    candidate = register.candidate_numbers[vote.candidate_id]
                except KeyError as error:
                    who = error.args[0]
                    raise CannotLook(f"{who!r} was registered while the audit looked: look again") from None
                record.put(voter, candidate, vote.time)
    return compare(held, register, record, recount, board, tree.root.hex())


def settled(settings: Settings, clock: Callable[[], float] = time.monotonic) -> Report:
    """Looks until nothing is under way; what does not move for PATIENCE_SECONDS is missing, not under way.

    A count that still moves after LIMIT_SECONDS is reported as it is. Raises CannotLook.
    """
    report = look(settings)
    started = moved_at = clock()
    while report.lags and not report.differences:
        now = clock()
        if now - moved_at > PATIENCE_SECONDS:
            return report.settled()
        if now - started > LIMIT_SECONDS:
            return report
        time.sleep(PAUSE_SECONDS)
        before, report = report, look(settings)
        if report.progress != before.progress:
            moved_at = clock()
    return report
