"""How old voters are, given what they vote: the ages of a real population, older among those who vote.

The outcome comes first and stays as it is: an age is drawn for a choice, never a choice for an age.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from election.model.definition import Election

YOUNGEST, OLDEST = 18, 100
# Canada's adults, census of 2021 (Statistics Canada), rounded here, in thousands: the first year of each group, and how
# many are in it.
POPULATION = (
    *((18, 800), (20, 2180), (25, 2420), (30, 2540), (35, 2500), (40, 2360), (45, 2220), (50, 2310), (55, 2580)),
    *((60, 2550), (65, 2230), (70, 1830), (75, 1240), (80, 820), (85, 510), (90, 260), (95, 80), (100, 10)),
)
# Ten years more make the odds of voting this much better, as a power of e: of those aged 18 to 24 some 15 points fewer
# vote than of those aged 65 to 74.
TURNOUT_SLOPE = 0.25
# The voters of two candidates differ by a few years at most, however many candidates there are.
LEAN = 0.1


class Ages:
    """The ages of an election's voters."""

    def __init__(self, election: Election):
        ages = np.arange(YOUNGEST, OLDEST + 1)
        decades = (ages - 50) / 10
        people = _population(ages)
        turnout = _turnout(people, decades, election.ballots / max(election.registered, 1))
        self._ends: dict[str | None, list[float]] = {None: _ends(people * (1 - turnout), people)}
        for candidate, lean in _leans(election.votes_per_candidate).items():
            self._ends[candidate] = _ends(people * turnout * np.exp(LEAN * lean * decades), people)

    def draw(self, choice: str | None, number: float) -> int:
        """The age of who makes this choice (None: abstains); `number` is drawn evenly between 0 and 1."""
        return YOUNGEST + min(bisect_left(self._ends[choice], number), OLDEST - YOUNGEST)


def _population(ages: NDArray[np.int64]) -> NDArray[np.float64]:
    """The part of each age among adults; those of a group are spread evenly over it."""
    starts = [start for start, _ in POPULATION] + [OLDEST + 1]
    each = [number / (after - start) for (start, number), after in zip(POPULATION, starts[1:], strict=True)]
    people = np.array(each)[np.searchsorted(starts, ages, side="right") - 1]
    return np.asarray(people / people.sum(), dtype=np.float64)


def _turnout(people: NDArray[np.float64], decades: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """The turnout at each age: a logistic curve whose mean over all people is the election's."""
    if not 0 < mean < 1:
        return np.full(len(people), mean)
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        curve = 1 / (1 + np.exp(-(middle + TURNOUT_SLOPE * decades)))
        low, high = (middle, high) if (people * curve).sum() < mean else (low, middle)
    return np.asarray(curve)


def _leans(votes: Mapping[str, int]) -> dict[str, float]:
    """Each candidate's lean to the older: evenly from 1 to -1, then moved so that all voters together lean nowhere."""
    leans = dict(zip(votes, np.linspace(1, -1, len(votes)).tolist() if len(votes) > 1 else [0.0], strict=True))
    middle = sum(leans[candidate] * number for candidate, number in votes.items()) / max(sum(votes.values()), 1)
    return {candidate: lean - middle for candidate, lean in leans.items()}


def _ends(weights: NDArray[np.float64], otherwise: NDArray[np.float64]) -> list[float]:
    """Where each age ends between 0 and 1; those of all people for a choice that nobody makes."""
    weights = weights if weights.sum() > 0 else otherwise
    return list((np.cumsum(weights) / weights.sum()).tolist())
