"""The count place by place, worked out from what is known. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.figures.figures import Lead, lead, standings
from dashboard.figures.view import View
from election.model import topics


@dataclass(frozen=True)
class Place:
    """A place's count: the votes of each candidate, its registered voters (None: not known), and the lead there."""

    name: str
    votes: Mapping[str, int]
    registered: int | None
    lead: Lead | None = None

    @property
    def counted(self) -> int:
        return sum(self.votes.values())

    @property
    def turned_out(self) -> bool:
        """Whether its turnout can be told: more votes than registered voters are no turnout."""
        return bool(self.registered and self.counted <= self.registered)


def places(view: View) -> list[Place]:
    """Every place of the election, also without a vote, by name, in natural order."""
    votes: dict[str, dict[str, int]] = {name: {} for name in view.locations}
    for tally in view.rows(topics.VOTES_BY_LOCATION):
        votes.setdefault(tally.state, {})[tally.candidate_id] = tally.total_votes
    counted = {tally.state: tally.registered for tally in view.rows(topics.TURNOUT_BY_LOCATION)}
    registered = {**view.locations, **{name: number for name, number in counted.items() if number}}
    found = []
    for name in sorted(votes, key=natural):
        here = [one for one in view.candidates if one.candidate_id in votes[name]]
        found.append(Place(name, votes[name], registered.get(name), lead(standings(here, votes[name]))))
    return found


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts names with numbers as people do: '11-…' before '101-…'."""
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in re.split(r"(\d+)", name) if part]


def closest(places: Sequence[Place], number: int) -> list[tuple[Place, Lead]]:
    """The places with the smallest lead in relation to their votes, closest first."""
    led = [(place, place.lead) for place in places if place.lead]
    return sorted(led, key=lambda pair: pair[1].votes / pair[1].leaders[0].total)[:number]
