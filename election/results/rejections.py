"""Which messages of votes_topic were rejected, and why, in eight bytes each: a flood of bad ones fits in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from election.model.messages import Reason

REASONS = tuple(Reason)
CODES = {reason: code for code, reason in enumerate(REASONS)}
REASON_BITS, OFFSET_BITS, PARTITION_BITS = 4, 44, 15
# New ones wait in a dictionary until they are so many, or a tenth of all.
WAITING_MIN, WAITING_SHARE = 10_000, 10


class Rejections:
    """One reason per position; whatever is repeated, the first stays.

    A position and its reason are one number, all of them in a sorted array.
    """

    def __init__(self, waiting_min: int = WAITING_MIN):
        self.by_reason: Counter[Reason] = Counter()
        self._waiting_min = waiting_min
        self._sorted = np.empty(0, np.int64)
        self._waiting: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._sorted) + len(self._waiting)

    def add(self, partition: int, offset: int, reason: Reason) -> bool:
        """Whether the position is new.

        Raises ValueError when no message can stand there.
        """
        if not (0 <= partition < 1 << PARTITION_BITS and 0 <= offset < 1 << OFFSET_BITS):
            raise ValueError(f"partition {partition} offset {offset} is no position")
        place = partition << OFFSET_BITS | offset
        if place in self._waiting or self._in_sorted(place):
            return False
        self._waiting[place] = place << REASON_BITS | CODES[reason]
        self.by_reason[reason] += 1
        if len(self._waiting) >= max(self._waiting_min, len(self._sorted) // WAITING_SHARE):
            self._sort()
        return True

    def _in_sorted(self, place: int) -> bool:
        at = int(np.searchsorted(self._sorted, place << REASON_BITS))
        return at < len(self._sorted) and int(self._sorted[at]) >> REASON_BITS == place

    def _sort(self) -> np.ndarray:
        if self._waiting:
            new = np.fromiter(self._waiting.values(), np.int64, len(self._waiting))
            self._sorted = np.sort(np.concatenate([self._sorted, new]), kind="stable")
            self._waiting = {}
        return self._sorted

    def places_not_in(self, other: Rejections) -> np.ndarray:
        """The positions that `other` does not have, to be named by `name_places`."""
        return np.setdiff1d(self._sort() >> REASON_BITS, other._sort() >> REASON_BITS, assume_unique=True)

    def places_unlike(self, other: Rejections) -> np.ndarray:
        """The positions that `other` does not have, or has with another reason."""
        return np.setdiff1d(self._sort(), other._sort(), assume_unique=True) >> REASON_BITS


def name_places(places: Iterable[int]) -> tuple[str, ...]:
    """'partition/offset' of each."""
    return tuple(f"{int(place) >> OFFSET_BITS}/{int(place) & (1 << OFFSET_BITS) - 1}" for place in places)
