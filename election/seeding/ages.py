"""How old voters are, given what they vote: the ages of a real population, older among those who vote.

The outcome comes first and stays as it is: an age is drawn for a choice, never a choice for an age.
"""

from bisect import bisect_left

import numpy as np

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
# The first candidate's voters are a few years older than the last one's, however many candidates there are.
LEAN = 0.1


class Ages:
    """The ages of an election's voters."""

    def __init__(self, election: Election):
        starts, thousands = np.array(POPULATION).T
        years = np.diff(starts, append=OLDEST + 1)
        self._people = np.repeat(thousands / years, years)
        # Voters and abstainers lean apart by the slope, and so much each that all together are the population.
        turnout = election.ballots / max(election.registered, 1)
        candidates = election.votes_per_candidate
        self._ends: dict[str | None, list[float]] = {None: self._ages(-TURNOUT_SLOPE * turnout)}
        for candidate, lean in zip(candidates, np.linspace(LEAN, -LEAN, len(candidates)), strict=True):
            self._ends[candidate] = self._ages(TURNOUT_SLOPE * (1 - turnout) + lean)

    def _ages(self, slope: float) -> list[float]:
        """Where each age ends between 0 and 1, among people whose odds of being there rise with age by this slope."""
        weights = self._people * np.exp(slope * np.arange(len(self._people)) / 10)
        return list((weights.cumsum() / weights.sum()).tolist())

    def draw(self, choice: str | None, number: float) -> int:
        """The age of who makes this choice (None: abstains); `number` is drawn evenly between 0 and 1."""
        return YOUNGEST + min(bisect_left(self._ends[choice], number), OLDEST - YOUNGEST)
