"""How fast casting and counting are, worked out from what is known. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.figures.view import Watched

WINDOW_SECONDS = 60
RATE_SECONDS = 10


def rates(watched: Watched) -> tuple[float, float] | None:
    """Votes cast and votes counted per second over the last ten seconds or so; None before there are two samples."""
    if len(watched.samples) < 2:
        return None
    newest = watched.samples[-1]
    oldest = next(sample for sample in watched.samples if newest.at - sample.at <= RATE_SECONDS)
    if oldest is newest:
        oldest = watched.samples[-2]
    seconds = newest.at - oldest.at
    return max(newest.recorded - oldest.recorded, 0) / seconds, max(newest.counted - oldest.counted, 0) / seconds


@dataclass(frozen=True)
class Delay:
    """The delays from cast to counted that were seen in one second, in seconds."""

    at: float
    p50: float
    p99: float


def delays(latencies: Sequence[tuple[float, float]], now: float) -> list[Delay]:
    """The delay's median and 99th percentile for each second of the last minute that had votes."""
    seconds: dict[int, list[float]] = {}
    for at, delay in latencies:
        if now - WINDOW_SECONDS <= at:
            seconds.setdefault(int(at), []).append(max(delay, 0))
    return [
        Delay(second, float(np.percentile(seen, 50)), float(np.percentile(seen, 99)))
        for second, seen in sorted(seconds.items())
    ]


def overall_delay(latencies: Sequence[tuple[float, float]], now: float) -> Delay | None:
    """Median and 99th percentile over the whole last minute; None without a vote in it."""
    seen = [max(delay, 0) for at, delay in latencies if now - WINDOW_SECONDS <= at]
    return Delay(now, float(np.percentile(seen, 50)), float(np.percentile(seen, 99))) if seen else None


def shown_delay(latencies: Sequence[tuple[float, float]], now: float, interval_seconds: float) -> float | None:
    """The median time from cast to shown on a page that has refreshed every `interval_seconds` until now."""
    waited = [max(delay, 0) + (now - at) % interval_seconds for at, delay in latencies if now - WINDOW_SECONDS <= at]
    return float(np.median(waited)) if waited else None
