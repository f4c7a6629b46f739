"""The results at one moment, gathered from the topics and the database for programs."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from election.model import topics
from election.model.messages import Verdict
from election.model.rows import Candidate, Kind
from election.platform.postgres import streamed, transaction
from election.platform.settings import Settings
from election.results.board import Board, read_board
from election.results.look import HeldElection, read_candidates, read_held

# The election's own order of places is that of their numbers, with which every registration number begins.
LOCATIONS_QUERY = """
    SELECT address_state, count(*) FROM voters
    GROUP BY address_state ORDER BY min(split_part(registration_number, '-', 1)::integer)"""
Votes = dict[str, int]


class CandidateResult(msgspec.Struct):
    """Who or what was voted for, and how often."""

    candidate_id: str
    candidate: str
    party: str
    kind: Kind
    votes: int
    share: float | None


class Results(msgspec.Struct):
    """What is counted at one moment, as docs/results.md names the fields. All candidates are in every `votes`."""

    election: str
    title: str
    status: str
    read_at: datetime
    last_vote_at: datetime | None
    registered: int
    votes_expected: int
    votes: int
    turnout: float | None
    audit: Verdict | None
    candidates: list[CandidateResult]
    locations: list[dict[str, Any]]
    genders: list[dict[str, Any]]
    age_groups: list[dict[str, Any]]
    minutes: list[dict[str, Any]]
    rejected: dict[str, int]


def read_results(settings: Settings) -> Results:
    """The results as they are on the topics now. Raises CannotLook, KafkaException and psycopg2.Error."""
    with transaction(settings, application_name="results") as connection:
        held, candidates = read_held(connection), read_candidates(connection)
        locations = dict(streamed(connection, LOCATIONS_QUERY))
    return gather(held, candidates, locations, read_board(settings))


def gather(held: HeldElection, candidates: list[Candidate], locations: Votes, board: Board) -> Results:
    """The results of a board; `locations` are the places, each with the number of its registered voters."""
    nobody = {candidate.candidate_id: 0 for candidate in candidates}
    votes = {candidate: board.votes_per_candidate.get(candidate, 0) for candidate in nobody}
    counted = sum(votes.values())
    minutes = _votes_by("minute", board, topics.VOTES_PER_MINUTE, nobody)
    genders = _votes_by("gender", board, topics.VOTES_BY_GENDER, nobody)
    age_groups = _votes_by("age_group", board, topics.VOTES_BY_AGE_GROUP, nobody)
    places = _votes_by("state", board, topics.VOTES_BY_LOCATION, nobody)
    return Results(
        election=held.name,
        title=held.title,
        status="all counted" if board.counted_everywhere >= held.votes_expected else "counting",
        read_at=datetime.now(UTC),
        last_vote_at=board.newest_vote_at,
        registered=held.registered,
        votes_expected=held.votes_expected,
        votes=counted,
        turnout=_share(counted, held.registered),
        audit=board.verdicts.get(held.name),
        candidates=[
            CandidateResult(
                one.candidate_id,
                one.candidate_name,
                one.party_affiliation,
                one.kind,
                votes[one.candidate_id],
                _share(votes[one.candidate_id], counted),
            )
            for one in candidates
        ],
        locations=[_group("location", name, locations[name], places.get(name, nobody)) for name in locations],
        genders=[
            _group("gender", row.gender, row.registered or 0, genders.get(row.gender, nobody))
            for row in sorted(board.rows(topics.TURNOUT_BY_GENDER), key=lambda row: row.gender)
        ],
        age_groups=[
            _group("age_group", row.age_group, row.registered or 0, age_groups.get(row.age_group, nobody))
            for row in sorted(board.rows(topics.TURNOUT_BY_AGE_GROUP), key=lambda row: row.age_group)
        ],
        minutes=[{"minute": minute, "votes": minutes[minute]} for minute in sorted(minutes)],
        rejected=board.rejected_by_reason,
    )


def _votes_by(field: str, board: Board, topic: str, nobody: Votes) -> dict[str, Votes]:
    """Place, gender, age group or minute to candidate_id to votes."""
    found: dict[str, Votes] = {}
    for row in board.rows(topic):
        found.setdefault(getattr(row, field), dict(nobody))[row.candidate_id] = row.total_votes
    return found


def _group(field: str, name: str, registered: int, votes: Votes) -> dict[str, Any]:
    turnout = _share(sum(votes.values()), registered)
    return {field: name, "registered": registered, "turnout": turnout, "votes": votes}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
