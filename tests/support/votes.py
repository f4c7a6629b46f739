"""Votes for the tests."""

from datetime import UTC, datetime
from functools import partial

from election.casting.casting import cast_votes
from election.casting.record import record_votes
from election.model.ballots import Ballots
from election.model.messages import Vote, Voter
from election.platform.postgres import rows
from election.seeding.seed import Seeding


def recorded(seeding: Seeding, count: int) -> list[Vote]:
    """Records the votes of `count` voters of a seeded election and returns them."""
    ballots = Ballots(seeding.election)
    voters = seeding.database.run(
        lambda connection: rows(connection, "SELECT voter_id, registration_number FROM voters ORDER BY voter_id")
    )
    votes = cast_votes([Voter(**voter) for voter in voters], ballots, datetime.now(UTC))[:count]
    return [vote for _, vote in seeding.database.run(partial(record_votes, votes))]
