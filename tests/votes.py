"""Votes for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from election.ballots import Ballots
from election.events import Vote
from election.record import record_votes, rows
from election.seeding import Seeding


def recorded(seeding: Seeding, count: int) -> list[Vote]:
    """Records the votes of `count` voters of a seeded election and returns them."""
    ballots = Ballots(seeding.election)
    voters = seeding.database.run(
        lambda connection: rows(connection, "SELECT voter_id, registration_number FROM voters ORDER BY voter_id")
    )
    choices = ((voter["voter_id"], ballots.choice(voter["registration_number"])) for voter in voters)
    votes = [Vote(voter_id, choice, datetime.now(UTC)) for voter_id, choice in choices if choice][:count]
    return seeding.database.run(partial(record_votes, votes))
