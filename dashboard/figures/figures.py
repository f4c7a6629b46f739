"""What the page shows, worked out from what is known. Pure functions: no I/O, no Streamlit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboard.figures.health import waiting
from dashboard.figures.view import Candidate, View
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


@dataclass(frozen=True)
class Standing:
    """A candidate's votes among all votes that are counted."""

    candidate: Candidate
    votes: int
    total: int


def standings(candidates: Sequence[Candidate], votes: Mapping[str, int]) -> list[Standing]:
    """Every candidate, most votes first; equals stay in the election's order."""
    total = sum(votes.values())
    listed = [Standing(candidate, votes.get(candidate.candidate_id, 0), total) for candidate in candidates]
    return sorted(listed, key=lambda standing: -standing.votes)


def overall(view: View) -> list[Standing]:
    """The candidates' standings in the whole election."""
    votes = {tally.candidate_id: tally.total_votes for tally in view.rows(topics.VOTES_PER_CANDIDATE)}
    return standings(view.candidates, votes)


@dataclass(frozen=True)
class Lead:
    """Who leads and by how much; several lead when they are tied. `outstanding` are the votes still out, if known."""

    leaders: tuple[Standing, ...]
    votes: int
    outstanding: int | None

    @property
    def settled(self) -> bool:
        """Whether the votes that are still out are too few to change who leads."""
        return len(self.leaders) == 1 and self.outstanding is not None and self.votes > self.outstanding


def lead(ranked: Sequence[Standing], outstanding: int | None) -> Lead | None:
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
        return "No votes are still out." if len(lead.leaders) == 1 else "No votes are still out: it is a tie."
    if lead.settled:
        return f"The lead exceeds {still}: it can no longer be overtaken."
    return f"The lead does not exceed {still}."


@dataclass(frozen=True)
class Party:
    """A party's votes, with the mark of the first of its candidates."""

    name: str
    votes: int
    candidates: tuple[Candidate, ...]


def parties(view: View) -> list[Party]:
    """Every party, most votes first."""
    votes = {tally.party_affiliation: tally.total_votes for tally in view.rows(topics.VOTES_PER_PARTY)}
    members: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in view.candidates:
        members[candidate.party].append(candidate)
    listed = [Party(name, votes.get(name, 0), tuple(standing)) for name, standing in members.items()]
    return sorted(listed, key=lambda party: -party.votes)


@dataclass(frozen=True)
class Place:
    """A place's count: its standings, its registered voters (None: not known), and the lead there."""

    name: str
    standings: tuple[Standing, ...]
    counted: int
    registered: int | None

    @property
    def lead(self) -> Lead | None:
        return lead(self.standings, None)


def places(view: View) -> list[Place]:
    """Every place with a vote, by name, in natural order."""
    votes: dict[str, dict[str, int]] = defaultdict(dict)
    for tally in view.rows(topics.VOTES_BY_LOCATION):
        votes[tally.state][tally.candidate_id] = tally.total_votes
    registered = {tally.state: tally.registered for tally in view.rows(topics.TURNOUT_BY_LOCATION)}
    return [
        Place(name, tuple(standings(view.candidates, votes[name])), sum(votes[name].values()), registered.get(name))
        for name in sorted(votes, key=natural)
    ]


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts names with numbers as people do: '11-…' before '101-…'."""
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in re.split(r"(\d+)", name) if part]


def closest(counted: Sequence[Place], number: int) -> list[Place]:
    """The places with the smallest lead in relation to their votes, closest first."""

    def margin(place: Place) -> float:
        return place.lead.votes / place.counted if place.lead else 1.0

    return sorted(counted, key=margin)[:number]


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
    """Each group with its candidates in the election's order, by name of the group."""
    votes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in view.rows(topic):
        votes[capital(getattr(row, field))][row.candidate_id] = row.total_votes
    return [
        (
            group,
            [
                Standing(one, votes[group].get(one.candidate_id, 0), sum(votes[group].values()))
                for one in view.candidates
            ],
        )
        for group in sorted(votes)
    ]
