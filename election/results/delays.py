"""How long votes took from cast to counted, over the last minute, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT_SECONDS, SAMPLE = 60, 100


@dataclass
class Second:
    """One second's delays: all of them while they are few, then evenly every second, fourth, eighth of them."""

    kept: list[tuple[float, float]] = field(default_factory=list)
    seen: int = 0
    step: int = 1

    def add(self, at: float, delay: float) -> None:
        if self.seen % self.step == 0:
            self.kept.append((at, delay))
            if len(self.kept) > SAMPLE:
                self.kept, self.step = self.kept[::2], 2 * self.step
        self.seen += 1


class Delays:
    """Pairs of when a vote was seen to be counted and how long that had taken, of the last minute."""

    def __init__(self) -> None:
        self._seconds: dict[int, Second] = {}

    def add(self, at: float, delay: float) -> None:
        number = int(at)
        if number not in self._seconds:
            near = {other: second for other, second in self._seconds.items() if abs(number - other) <= KEPT_SECONDS}
            self._seconds = {**near, number: Second()}
        self._seconds[number].add(at, delay)

    def since(self, at: float) -> tuple[tuple[float, float], ...]:
        """The pairs that are kept from this time on, oldest second first."""
        return tuple(pair for number in sorted(self._seconds) for pair in self._seconds[number].kept if pair[0] >= at)

    def clear(self) -> None:
        self._seconds = {}
