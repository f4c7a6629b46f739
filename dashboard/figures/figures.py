"""What the page shows, worked out from what is known. Pure functions: no I/O, no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboard.figures.health import connecting, waiting
from dashboard.figures.view import Candidate, Group, View
from dashboard.figures.words import capital
from dashboard.figures.words import votes as say_votes
from election.model import topics
from election.model.messages import Tally


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
    if view.counted:
        return Stage.COUNTED if view.votes_expected and view.counted >= view.votes_expected else Stage.COUNTING
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
            return "Connecting …" if connecting(view) else "Waiting for the count to begin."
        case Stage.BEGUN:
            cast = f"{say_votes(watched.recorded)} cast so far"
            return f"The polls are open, {cast}. The count is starting: its first figures show here."
        case Stage.COUNTING | Stage.COUNTED:
            return "No vote for a candidate is counted so far."
    if watched.roll is not None and roll < (view.registered or 0):
        return f"main.py registers the voters: {roll:,} of {view.registered:,} so far. Voting can begin meanwhile."
    if not (watched.groups.get("voting") or Group(0, 0)).members:
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


def candidate_votes(view: View) -> dict[str, int]:
    """The votes of each candidate in the whole election."""
    return {tally.candidate_id: tally.total_votes for tally in view.rows(topics.VOTES_PER_CANDIDATE)}


def overall(view: View) -> list[Standing]:
    """The candidates' standings in the whole election."""
    return standings(view.candidates, candidate_votes(view))


def fold(view: View, votes: Mapping[str, int]) -> list[Standing]:
    """The standings of those who are drawn, in the election's order; all others as one at the end."""
    folded = view.fold(votes)
    total = sum(folded.values())
    return [Standing(one, folded[one.candidate_id], total) for one in view.drawn]


@dataclass(frozen=True)
class Lead:
    """Who leads and by how much; several lead when they are tied. `outstanding` are the votes still out, if known."""

    leaders: tuple[Standing, ...]
    votes: int
    outstanding: int | None = None

    @property
    def alone(self) -> Candidate | None:
        """Who leads, if nobody is tied with them."""
        return self.leaders[0].candidate if len(self.leaders) == 1 else None

    @property
    def settled(self) -> bool:
        """Whether the votes that are still out are too few to change who leads."""
        return self.alone is not None and self.outstanding is not None and self.votes > self.outstanding


def lead(ranked: Sequence[Standing], outstanding: int | None = None) -> Lead | None:
    """The lead among ranked standings, or None before the first vote."""
    if not ranked or not ranked[0].votes:
        return None
    leaders = tuple(standing for standing in ranked if standing.votes == ranked[0].votes)
    runner_up = ranked[1].votes if len(ranked) > 1 else 0
    return Lead(leaders, ranked[0].votes - runner_up, outstanding)


def outstanding(view: View) -> int | None:
    """The votes that this election has and that aren't counted yet."""
    return max(view.votes_expected - view.counted, 0) if view.votes_expected is not None else None


def say_settled(lead: Lead) -> str:
    """Whether the votes that are still out can change who leads. Arithmetic, no forecast."""
    if lead.outstanding is None:
        return "How many votes are still out is not known."
    still = f"the {say_votes(lead.outstanding)} still out"
    if not lead.outstanding:
        return "No votes are still out." if lead.alone else "No votes are still out: it is a tie."
    if lead.settled:
        return f"The lead exceeds {still}: it can no longer be overtaken."
    return f"The lead does not exceed {still}."


@dataclass(frozen=True)
class Party:
    """A party's votes, and its candidates."""

    name: str
    votes: int
    candidates: tuple[Candidate, ...]


def parties(view: View) -> list[Party]:
    """Every party that has a name, most votes first."""
    votes = {tally.party_affiliation: tally.total_votes for tally in view.rows(topics.VOTES_PER_PARTY)}
    members: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in view.ranked:
        if candidate.party:
            members[candidate.party].append(candidate)
    listed = [Party(name, votes.get(name, 0), tuple(standing)) for name, standing in members.items()]
    return sorted(listed, key=lambda party: -party.votes)


@dataclass(frozen=True)
class Turnout:
    """How many of a group's registered voters have a counted vote."""

    group: str
    votes: int
    registered: int | None


def turnout(rows: Sequence[Tally], field: str) -> list[Turnout]:
    """Each group's turnout, by name of the group."""
    listed = [Turnout(capital(getattr(row, field)), row.total_votes, row.registered) for row in rows]
    return sorted(listed, key=lambda group: group.group)


def by_group(view: View, topic: str, field: str) -> list[tuple[str, list[Standing]]]:
    """Each group with those who are drawn, by name of the group."""
    votes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in view.rows(topic):
        votes[capital(getattr(row, field))][row.candidate_id] = row.total_votes
    return [(group, fold(view, votes[group])) for group in sorted(votes)]
