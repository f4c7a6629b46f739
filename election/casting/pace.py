"""How fast voting.py casts: a rate that rises at the start, as in every load test, in at most 20 batches a second."""

import time
from collections.abc import Callable

# Each batch costs a transaction, a flush, an offset commit and a fetch, however few its votes are.
BATCHES_PER_SECOND = 20


class Pace:
    """How many votes may be cast now, at `rate` votes per second and never more than `most` at once; 0 is no limit.

    The rate rises evenly over the first `ramp_up_seconds`. A batch is taken once a twentieth of a second's votes have
    come together; what a slow batch left over is made up for, up to one second's votes.
    """

    def __init__(self, rate: float, most: int, ramp_up_seconds: float = 0, clock: Callable[[], float] = time.monotonic):
        self.rate, self.most, self.ramp_up_seconds, self.clock = rate, most, ramp_up_seconds, clock
        self.started = self.then = clock()
        self.saved = 0.0

    def allowance(self) -> int:
        if not self.rate:
            return self.most
        now = self.clock()
        self.saved = min(self.saved + self._votes_until(now) - self._votes_until(self.then), max(1.0, self.rate))
        self.then = now
        return min(int(self.saved), self.most) if self.saved >= self._batch(now) else 0

    def spend(self, votes: int) -> None:
        if self.rate:
            self.saved -= votes

    def seconds_to_next(self) -> float:
        """Until a batch has come together, at today's rate."""
        return max(0.0, self._batch(self.then) - self.saved) / max(self._rate_at(self.then), 1)

    def _batch(self, now: float) -> float:
        return max(1.0, self._rate_at(now) / BATCHES_PER_SECOND)

    def _rate_at(self, now: float) -> float:
        return self.rate * min(1.0, (now - self.started) / self.ramp_up_seconds) if self.ramp_up_seconds else self.rate

    def _votes_until(self, now: float) -> float:
        """The area under the rate: a triangle while it rises, then a rectangle."""
        elapsed = now - self.started
        if elapsed < self.ramp_up_seconds:
            return self.rate * elapsed**2 / (2 * self.ramp_up_seconds)
        return self.rate * (elapsed - self.ramp_up_seconds / 2)
