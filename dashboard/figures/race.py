"""The race over time, worked out from the votes of each minute. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from election.model.messages import Tally

RACE_POINTS = 120


@dataclass(frozen=True)
class Moment:
    """A stretch of time: from when until when, its own votes, and the votes of each who is drawn up to its end."""

    at: datetime
    until: datetime
    votes: int
    totals: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.totals.values())


def race(rows: Sequence[Tally], points: int = RACE_POINTS) -> tuple[int, list[Moment]]:
    """Minutes per moment, and the race from the first vote to the newest, in at most about `points` moments."""
    minutes: dict[datetime, dict[str, int]] = defaultdict(dict)
    for row in rows:
        minutes[datetime.fromisoformat(row.minute)][row.candidate_id] = row.total_votes
    if not minutes:
        return 1, []
    first, last = min(minutes), max(minutes)
    length = int((last - first) / timedelta(minutes=1)) + 1
    step = -(-length // points)
    stretches: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for minute, votes in minutes.items():
        for candidate_id, number in votes.items():
            stretches[int((minute - first) / timedelta(minutes=step))][candidate_id] += number
    totals: dict[str, int] = defaultdict(int)
    moments = []
    for index in range(-(-length // step)):
        for candidate_id, number in stretches[index].items():
            totals[candidate_id] += number
        at = first + index * timedelta(minutes=step)
        moments.append(Moment(at, at + timedelta(minutes=step), sum(stretches[index].values()), dict(totals)))
    return step, moments


def spread(values: Sequence[float], distance: float, top: float) -> list[float]:
    """Where labels for these values go: none nearer than `distance` to the next, none outside 0 to `top`.

    When there is no room for so many, they stand nearer.
    """
    distance = min(distance, top / max(len(values) - 1, 1))
    order = sorted(range(len(values)), key=lambda index: values[index])
    placed = [0.0] * len(values)
    clusters: list[list[int]] = []

    def bottom(cluster: list[int]) -> float:
        middle = sum(values[index] for index in cluster) / len(cluster)
        height = distance * (len(cluster) - 1)
        return max(min(middle - height / 2, top - height), 0.0)

    for index in order:
        clusters.append([index])
        while len(clusters) > 1 and bottom(clusters[-1]) < bottom(clusters[-2]) + distance * len(clusters[-2]):
            clusters[-2:] = [clusters[-2] + clusters[-1]]
    for cluster in clusters:
        for at, index in enumerate(cluster):
            placed[index] = bottom(cluster) + at * distance
    return placed
