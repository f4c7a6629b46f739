"""Votes for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from election.ballots import Ballots
from election.casting import cast_votes
from election.events import Vote, Voter
from election.record import record_votes, rows
from election.seeding import Seeding


def recorded(seeding: Seeding, count: int) -> list[Vote]:
    """Records the votes of `count` voters of a seeded election and returns them."""
    ballots = Ballots(seeding.election)
    voters = seeding.database.run(
        lambda connection: rows(connection, "SELECT voter_id, registration_number FROM voters ORDER BY voter_id")
    )
    votes = cast_votes([Voter(**voter) for voter in voters], ballots, datetime.now(UTC))[:count]
    return [vote for _, vote in seeding.database.run(partial(record_votes, votes))]
