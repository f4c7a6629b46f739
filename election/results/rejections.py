"""How many messages of votes_topic were rejected, and why, in a few bytes however many there are."""

from collections import Counter

from election.model.messages import Reason


class Rejections:
    """Counts each rejected message once.

    The count rejects the messages of a partition in their order. After a restart it rejects the newest of them again,
    so whatever stands at or below the highest offset seen in its partition is a repeat.
    """

    def __init__(self) -> None:
        self.by_reason: Counter[Reason] = Counter()
        self.highest: dict[int, int] = {}

    def __len__(self) -> int:
        return self.by_reason.total()

    def add(self, partition: int, offset: int, reason: Reason) -> bool:
        """Whether the message is counted: it is no repeat."""
        if offset <= self.highest.get(partition, -1):
            return False
        self.highest[partition] = offset
        self.by_reason[reason] += 1
        return True
