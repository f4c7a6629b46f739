"""What the page shows, worked out from what is known. Pure functions: no I/O, no Streamlit."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboard.figures.health import waiting
from dashboard.figures.palette import OTHER
from dashboard.figures.view import OTHERS, Candidate, View, once
from dashboard.figures.words import capital
from dashboard.figures.words import votes as say_votes
from election.model import topics


class Stage(StrEnum):
    """How far the count is."""

    UNKNOWN = "No figures yet"
    WAITING = "Waiting for main.py"
    BEFORE = "Before voting"
    BEGUN = "Voting · nothing counted yet"
    COUNTING = "Counting · partial result"
    COUNTED = "All votes counted"


def stage(view: View) -> Stage:
    """All is counted when every vote that this election will have is; until then each figure is a partial one."""
    if view.board.counted:
        return Stage.COUNTED if view.votes_expected and view.board.counted >= view.votes_expected else Stage.COUNTING
    if waiting(view):
        return Stage.WAITING
    if view.counting_problem or not view.watched.election:
        return Stage.UNKNOWN
    return Stage.BEGUN if view.watched.recorded else Stage.BEFORE


def await_votes(view: View) -> str:
    """What the page waits for, before the first vote is counted."""
    watched, roll = view.watched, view.watched.roll or 0
    match stage(view):
        case Stage.WAITING:
            return f"The election shows here once it is prepared: {', and '.join(waiting(view))}."
        case Stage.UNKNOWN:
            return "Waiting for Kafka and PostgreSQL to answer."
        case Stage.BEGUN:
            cast = f"{say_votes(watched.recorded)} cast so far"
            return f"The polls are open, {cast}. The count is starting: its first figures show here."
        case Stage.COUNTING | Stage.COUNTED:
            return "No vote for a candidate is counted so far."
    if watched.roll is not None and roll < (view.registered or 0):
        return f"main.py registers the voters: {roll:,} of {view.registered:,} so far. Voting can begin meanwhile."
    voting = watched.groups.get(topics.VOTING_GROUP)
    if not (voting and voting.members):
        started = "run.py and Compose start it once the count is ready"
        return f"The voters are registered. The polls open when voting.py starts: {started}."
    return "The polls are open. The first vote shows here the moment it is counted."


@dataclass(frozen=True)
class Standing:
    """A candidate's votes among all votes for candidates; for blank and invalid votes, among all votes."""

    candidate: Candidate
    votes: int
    total: int


def standings(candidates: Sequence[Candidate], votes: Mapping[str, int]) -> list[Standing]:
    """Every candidate who can win, most votes first; equals stay in the election's order."""
    ranked = [(one, votes.get(one.candidate_id, 0)) for one in candidates if one.kind.ranked]
    total = sum(number for _, number in ranked)
    return sorted((Standing(one, number, total) for one, number in ranked), key=lambda standing: -standing.votes)


def unranked(candidates: Sequence[Candidate], votes: Mapping[str, int]) -> list[Standing]:
    """Blank and invalid votes, which are counted and never win."""
    total = sum(votes.values())
    return [Standing(one, votes.get(one.candidate_id, 0), total) for one in candidates if not one.kind.ranked]


def overall(view: View) -> list[Standing]:
    """The candidates' standings in the whole election."""
    return standings(view.candidates, view.board.votes_per_candidate)


def fold(view: View, votes: Mapping[str, int]) -> list[Standing]:
    """The standings of those who are drawn, in the election's order; all others as one at the end."""
    number: Counter[str] = Counter()
    for one in view.ranked:
        number[one.candidate_id if one.mark is not OTHER else OTHERS] += votes.get(one.candidate_id, 0)
    return [Standing(one, number[one.candidate_id], number.total()) for one in view.drawn]


@dataclass(frozen=True)
class Lead:
    """Who leads and by how many votes; several lead when they are tied."""

    leaders: tuple[Standing, ...]
    votes: int

    @property
    def alone(self) -> Candidate | None:
        """Who leads, if nobody is tied with them."""
        return self.leaders[0].candidate if len(self.leaders) == 1 else None


def lead(ranked: Sequence[Standing]) -> Lead | None:
    """The lead among ranked standings, or None before the first vote."""
    if not ranked or not ranked[0].votes:
        return None
    leaders = tuple(standing for standing in ranked if standing.votes == ranked[0].votes)
    runner_up = ranked[1].votes if len(ranked) > 1 else 0
    return Lead(leaders, ranked[0].votes - runner_up)


def say_settled(lead: Lead, outstanding: int | None) -> str:
    """Whether the votes that are still out can change who leads. Arithmetic, no forecast."""
    if outstanding is None:
        return "How many votes are still out is not known."
    if not outstanding:
        return "No votes are still out." if lead.alone else "No votes are still out: it is a tie."
    still = f"the {say_votes(outstanding)} still out"
    if lead.votes > outstanding:
        return f"The lead exceeds {still}: it can no longer be overtaken."
    return f"The lead does not exceed {still}."


@dataclass(frozen=True)
class VoterGroup:
    """Voters of one gender or age: how many have a counted vote, of how many registered, and whom they voted for."""

    name: str
    votes: int
    registered: int | None
    standings: list[Standing]


# By the name of each kind of group: its field, and the topics of its turnout and of its votes.
KINDS = {
    "gender": ("gender", topics.TURNOUT_BY_GENDER, topics.VOTES_BY_GENDER),
    "age": ("age_group", topics.TURNOUT_BY_AGE_GROUP, topics.VOTES_BY_AGE_GROUP),
}


@once
def voter_groups(view: View, kind: str) -> list[VoterGroup]:
    """Every group of the kind by name, with those who are drawn."""
    field, turnout_topic, votes_topic = KINDS[kind]
    votes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in view.board.rows(votes_topic):
        votes[getattr(row, field)][row.candidate_id] = row.total_votes
    found = []
    for row in view.board.rows(turnout_topic):
        name = getattr(row, field)
        found.append(VoterGroup(capital(name), row.total_votes, row.registered, fold(view, votes[name])))
    return sorted(found, key=lambda group: group.name)
