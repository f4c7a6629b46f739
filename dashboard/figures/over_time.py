"""How the votes come in over time: the race minute by minute, the rates, and the delays. Pure functions."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from dashboard.figures import words
from dashboard.figures.view import View, Watched, once
from election.model import topics
from election.model.messages import Tally

RACE_POINTS = 120
RATE_SECONDS, OLD_SECONDS = 10, 60
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Moment:
    """A stretch of time: from when until when, its own votes, and everybody's votes up to its end."""

    at: datetime
    until: datetime
    votes: int
    totals: dict[str, int]


@once
def race(view: View) -> list[Moment]:
    """The race so far."""
    return divide(view.board.rows(topics.VOTES_PER_MINUTE), RACE_POINTS)


def divide(rows: Sequence[Tally], points: int) -> list[Moment]:
    """The time from the first vote to the newest, in at most about `points` moments of as many minutes each."""
    if not rows:
        return []
    cast = [(datetime.fromisoformat(row.minute), row) for row in rows]
    first, last = min(at for at, _ in cast), max(at for at, _ in cast)
    minutes = (last - first) // MINUTE + 1
    step = -(-minutes // points) * MINUTE
    stretches: dict[int, Counter[str]] = defaultdict(Counter)
    for at, row in cast:
        stretches[(at - first) // step][row.candidate_id] += row.total_votes
    totals, moments = Counter[str](), []
    for number in range((last - first) // step + 1):
        totals.update(stretches[number])
        at = first + number * step
        moments.append(Moment(at, at + step, stretches[number].total(), dict(totals)))
    return moments


def rates(watched: Watched, now: float) -> tuple[str, str]:
    """Votes cast and votes counted per second over the last ten seconds or so; a dash where they are not known."""
    if len(watched.samples) < 2 or now - watched.samples[-1].at > OLD_SECONDS:
        return "–", "–"
    *earlier, newest = watched.samples
    oldest = next((sample for sample in earlier if newest.at - sample.at <= RATE_SECONDS), earlier[-1])
    seconds = newest.at - oldest.at
    cast, counted = newest.recorded - oldest.recorded, newest.counted - oldest.counted
    return words.rate(max(cast, 0) / seconds), words.rate(max(counted, 0) / seconds)


@once
def delays(view: View) -> pd.DataFrame:
    """The delay's median and 99th percentile, in whole ms, for each second of the last minute that had votes."""
    seconds: dict[int, list[float]] = defaultdict(list)
    for at, delay in view.delays:
        seconds[int(at)].append(1000 * delay)
    rows = [(datetime.fromtimestamp(at, UTC), *percentiles(seconds[at])) for at in sorted(seconds)]
    return pd.DataFrame(rows, columns=["Second", "p50 ms", "p99 ms"]).round().astype({"p50 ms": int, "p99 ms": int})


def percentiles(delays: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    p50, p99 = np.percentile(delays, (50, 99))
    return float(p50), float(p99)


def shown_delay(view: View, interval_seconds: float) -> float:
    """The median time from cast to shown on a page that has refreshed every `interval_seconds` until now."""
    return float(np.median([delay + (view.now - at) % interval_seconds for at, delay in view.delays]))
