"""The results at one moment, gathered from the topics and the database for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg2.extensions import connection as Connection

from election.model import topics
from election.model.messages import Verdict
from election.model.rows import Candidate
from election.platform.postgres import transaction
from election.platform.settings import Settings
from election.results.board import Board, read_board
from election.results.look import HeldElection, read_candidates, read_held

# The election's own order of places is that of their numbers, with which every registration number begins.
LOCATIONS_QUERY = """
    SELECT address_state, count(*) FROM voters
    GROUP BY address_state ORDER BY min(split_part(registration_number, '-', 1)::integer)"""
Votes = dict[str, int]


@dataclass(frozen=True)
class Group:
    """The voters of one place, gender or age group: how many are registered, and candidate_id to votes."""

    name: str
    registered: int
    votes: Votes

    @property
    def ballots(self) -> int:
        return sum(self.votes.values())


@dataclass(frozen=True)
class Results:
    """What is counted at one moment. Every candidate is in each of the dictionaries, also those without votes."""

    held: HeldElection
    read_at: datetime
    last_vote_at: datetime | None
    verdict: Verdict | None
    all_counted: bool
    candidates: list[Candidate]
    votes: Votes
    locations: list[Group]
    genders: list[Group]
    age_groups: list[Group]
    minutes: dict[str, Votes]
    rejected: dict[str, int]

    @property
    def counted(self) -> int:
        return sum(self.votes.values())

    @property
    def status(self) -> str:
        return "all counted" if self.all_counted else "counting"


def read_results(settings: Settings) -> Results:
    """The results as they are on the topics now.

    Raises CannotLook, KafkaException and psycopg2.Error.
    """
    with transaction(settings, application_name="results") as connection:
        held, candidates = read_held(connection), read_candidates(connection)
        registered = _read_locations(connection)
    board = read_board(settings)
    ids = [candidate.candidate_id for candidate in candidates]
    minutes = _by_group(board, topics.VOTES_PER_MINUTE, ids)
    return Results(
        held=held,
        read_at=datetime.now(UTC),
        last_vote_at=board.newest_vote_at,
        verdict=board.verdicts.get(held.name),
        all_counted=board.counted_everywhere >= held.votes_expected,
        candidates=candidates,
        votes={candidate_id: board.votes_per_candidate.get(candidate_id, 0) for candidate_id in ids},
        locations=_groups(registered, _by_group(board, topics.VOTES_BY_LOCATION, ids), ids),
        genders=_groups_of(board, topics.TURNOUT_BY_GENDER, topics.VOTES_BY_GENDER, ids),
        age_groups=_groups_of(board, topics.TURNOUT_BY_AGE_GROUP, topics.VOTES_BY_AGE_GROUP, ids),
        minutes={minute: minutes[minute] for minute in sorted(minutes)},
        rejected=board.rejected_by_reason,
    )


def _read_locations(connection: Connection) -> Votes:
    with connection.cursor() as cursor:
        cursor.execute(LOCATIONS_QUERY)
        return dict(cursor)


def _by_group(board: Board, topic: str, ids: list[str]) -> dict[str, Votes]:
    """Group to candidate_id to votes, of a topic whose key is the group and the candidate."""
    group = next(known.group for known in topics.AGGREGATED if known.name == topic)
    found: dict[str, Votes] = {}
    for row in board.rows(topic):
        found.setdefault(getattr(row, str(group)), dict.fromkeys(ids, 0))[row.candidate_id] = row.total_votes
    return found


def _groups_of(board: Board, turnout: str, votes: str, ids: list[str]) -> list[Group]:
    """The groups that have voted: how many are registered in one is told with its turnout."""
    [key] = next(known.key for known in topics.AGGREGATED if known.name == turnout)
    registered = {getattr(row, key): row.registered or 0 for row in board.rows(turnout)}
    return _groups(dict(sorted(registered.items())), _by_group(board, votes, ids), ids)


def _groups(registered: Votes, votes: dict[str, Votes], ids: list[str]) -> list[Group]:
    return [Group(name, count, votes.get(name, dict.fromkeys(ids, 0))) for name, count in registered.items()]
