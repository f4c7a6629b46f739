"""Whom a voter chooses: a pure function of the election and the voter's registration number.

So whatever the order, the speed, the number of voting processes or the crashes, the outcome is the same. In each place
the ballots lie in a fixed row (those of the first candidate, of the second, …, then the abstentions); a voter's number
is scattered over that row by a bijection, so that neighbours on the roll choose independently of each other.
"""

import re
from bisect import bisect_right
from itertools import accumulate
from math import gcd

from election.model.definition import Election

SCATTER = 0.6180339887498949
REGISTRATION = re.compile("([0-9]{3,9})-([0-9]{7,9})")


def registration_number(place: int, number: int) -> str:
    """The number that a voter is registered under: '012-0000345' is voter 345 of place 12, both counted from 0."""
    return f"{place:03d}-{number:07d}"


class Ballots:
    """The ballots of an election, to be asked for one voter at a time."""

    def __init__(self, election: Election):
        self._places = []
        for location in election.locations:
            size = max(location.registered, 1)
            step = next(step for step in range(max(1, round(size * SCATTER)), 2 * size + 2) if gcd(step, size) == 1)
            ends = list(accumulate(location.votes.values()))
            self._places.append((location.registered, step, election.seed % size, ends, list(location.votes)))

    def choice(self, registration: str) -> str | None:
        """The candidate_id that this voter votes for, or None: the voter abstains. Raises ValueError for no voter."""
        if not (match := REGISTRATION.fullmatch(registration)):
            raise ValueError(f"{registration!r} is not a registration number")
        place, number = map(int, match.groups())
        if place >= len(self._places) or number >= self._places[place][0]:
            raise ValueError(f"nobody is registered under {registration!r}")
        size, step, shift, ends, candidates = self._places[place]
        ballot = bisect_right(ends, (number * step + shift) % size)
        return candidates[ballot] if ballot < len(candidates) else None
