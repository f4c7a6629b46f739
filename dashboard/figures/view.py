"""Everything that the page knows at one moment. Pure data: the tabs turn it into figures, charts and words."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from dashboard.figures.palette import OTHER, Mark, give_marks
from dashboard.figures.words import number
from election.model.messages import Verdict
from election.model.rows import Candidate as CandidateRow
from election.model.rows import Kind
from election.results.board import Board

CONNECTING_TO_POSTGRESQL = "connecting to PostgreSQL"
NO_LOGIN = (
    "PostgreSQL refuses the dashboard's login, which main.py makes, or it has another password than"
    " POSTGRES_STREAMLIT_APP_PASSWORD here"
)
# The id of all candidates together who have no mark of their own.
OTHERS = "*others*"
DELAYS_SECONDS = 60
Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Candidate:
    """Who stands, and how they are told apart on the page; `picture` is the photo itself, once the server has it."""

    candidate_id: str
    name: str
    party: str
    mark: Mark
    kind: Kind = Kind.CANDIDATE
    photo_url: str = ""
    picture: str | None = None


@dataclass(frozen=True)
class Group:
    """A Kafka consumer group: its members now, and how many messages it has still to read."""

    members: int
    lag: int


@dataclass(frozen=True)
class Sample:
    """How far casting and counting were at a time."""

    at: float
    recorded: int
    counted: int


@dataclass(frozen=True)
class Watched:
    """What the watch last saw of PostgreSQL and Kafka, and when. A time of 0 means not yet.

    `tally` was taken before `record` and `log_messages` after `tally`, so a tally above the record is never a race.
    """

    database_at: float = 0.0
    database_problem: str | None = CONNECTING_TO_POSTGRESQL
    election: Mapping[str, Any] | None = None
    candidates: Sequence[Mapping[str, Any]] = ()
    # How many voters are registered so far; asked only until the first vote is recorded.
    roll: int | None = None
    record: Mapping[str, int] = field(default_factory=dict)
    tally: Mapping[str, int] = field(default_factory=dict)
    moved_at: float = 0.0
    kafka_at: float = 0.0
    kafka_problem: str | None = "connecting to Kafka"
    log_messages: int | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    # When the watch last came to the end of a look, or rested because nobody looks at the page.
    looked_at: float = 0.0

    @property
    def recorded(self) -> int:
        return sum(self.record.values())


@dataclass(frozen=True, eq=False)
class View:
    """One look at the count, for one refresh of the pages. Times are seconds since 1970."""

    now: float
    name: str = ""
    title: str = "Election"
    registered: int | None = None
    votes_expected: int | None = None
    candidates: tuple[Candidate, ...] = ()
    # Every place of the election, with its registered voters where they are known.
    locations: Mapping[str, int | None] = field(default_factory=dict)
    board: Board = field(default_factory=Board)
    counting_problem: str | None = None
    heard_at: float = 0.0
    watched: Watched = field(default_factory=Watched)
    # What was made of it for one viewer, by function and arguments: the others get the same.
    made: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Those who can win: all but blank and invalid votes."""
        return tuple(one for one in self.candidates if one.kind.ranked)

    @cached_property
    def drawn(self) -> tuple[Candidate, ...]:
        """Those with a mark of their own, and all others together as one."""
        marked = tuple(one for one in self.ranked if one.mark is not OTHER)
        others = len(self.ranked) - len(marked)
        return (*marked, Candidate(OTHERS, f"and {number(others, 'other')}", "", OTHER)) if others else marked

    @property
    def audited(self) -> Verdict | None:
        """What an audit published about the votes that are recorded now; None when there was none since."""
        recorded = self.watched.recorded if self.watched.database_at else self.board.counted
        verdict = self.board.verdicts.get(self.name)
        return verdict if verdict and verdict.votes == recorded else None

    @cached_property
    def delays(self) -> list[tuple[float, float]]:
        """When totals were read in the last minute, and their newest vote's seconds from cast to there."""
        return [(at, max(delay, 0)) for at, delay in self.board.delays if at >= self.now - DELAYS_SECONDS]

    @property
    def outstanding(self) -> int | None:
        """The votes that this election has and that aren't counted yet, if their number is known."""
        return max(self.votes_expected - self.board.counted, 0) if self.votes_expected is not None else None

    @property
    def one_voter_per_ballot(self) -> bool:
        """Whether the roll has nobody but those whose vote the election has: then turnout would tell nothing."""
        return self.votes_expected is not None and self.registered == self.votes_expected


def once(work: Callable[Concatenate[View, Arguments], Made]) -> Callable[Concatenate[View, Arguments], Made]:
    """For a function of a view: what it makes for the first viewer who asks is kept, as long as the view is."""

    @wraps(work)
    def shared(view: View, *arguments: Arguments.args, **named: Arguments.kwargs) -> Made:
        key = (work, *arguments, *named.items())
        if key not in view.made:
            view.made[key] = work(view, *arguments, **named)
        return cast(Made, view.made[key])

    return shared


def list_candidates(
    order: Sequence[CandidateRow],
    known: Iterable[Mapping[str, Any]],
    votes: Mapping[str, int],
    before: Mapping[str, Mark],
) -> tuple[Candidate, ...]:
    """The candidates in the election's order, with their marks; those it doesn't name come after.

    `known` are rows with a candidate's name, party and photo; the first of a candidate counts. Who has no name is
    called by the party, and those of the same name are told apart. `before` are the marks of the last look.
    """
    rows: dict[str, Mapping[str, Any]] = {}
    for row in known:
        rows.setdefault(row["candidate_id"], row)
    kinds = {one.candidate_id: one.kind for one in order}
    places = {candidate_id: place for place, candidate_id in enumerate(kinds)}
    ids = sorted(rows, key=lambda candidate_id: (places.get(candidate_id, len(places)), candidate_id))
    marks = give_marks([one for one in ids if kinds.get(one, Kind.CANDIDATE).ranked], votes, before)
    found = []
    for candidate_id in ids:
        row = rows[candidate_id]
        party = str(row.get("party_affiliation") or "")
        name = str(row.get("candidate_name") or party or candidate_id)
        mark, kind = marks.get(candidate_id, OTHER), kinds.get(candidate_id, Kind.CANDIDATE)
        found.append(Candidate(candidate_id, name, party, mark, kind, str(row.get("photo_url") or "")))
    times = Counter(one.name for one in found)
    return tuple(replace(one, name=f"{one.name} ({one.candidate_id})") if times[one.name] > 1 else one for one in found)
