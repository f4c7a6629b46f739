"""A member of a consumer group that never reads from, or commits in, a topic made anew under the same name."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from election.platform.kafka import READING, client_config, client_log, make_admin
from election.platform.kafka_topics import TopicWatch
from election.platform.settings import Settings

log = logging.getLogger(__name__)

CHECK_SECONDS = 2
ANSWER_SECONDS, POLL_SECONDS = 2, 0.05


class WatchingConsumer(Consumer):
    """A member of a consumer group. It raises StartAgain when its topic is gone or was made anew.

    It starts at the beginning, commits only when told to, and never waits in silence.
    """

    def __init__(self, settings: Settings, group: str, topic: str):
        self._unanswered = unanswered = list[list[TopicPartition]]()

        # Without `self`: a consumer that refers to itself would stay in its group after its last use.
        def answered(error: KafkaError | None, _offsets: list[TopicPartition]) -> None:
            unanswered.pop()
            if error:
                log.warning("offsets not committed (%s): the batch will be seen again", error.str())

        config = {
            **client_config(settings),
            **READING,
            "group.id": group,
            # A killed member's voters go to the others after this long, and its successor waits no longer.
            "session.timeout.ms": 10000,
            "partition.assignment.strategy": "range",
            "on_commit": answered,
        }
        super().__init__(config, logger=client_log)
        self._watch, self._checked_at = TopicWatch(make_admin(settings), topic), time.monotonic()
        self.subscribe([topic])

    def consume(self, *arguments: Any, **options: Any) -> list[Message]:
        """Messages, as any consumer; raises StartAgain when a topic is another one."""
        if time.monotonic() - self._checked_at > CHECK_SECONDS:
            self._check()
        return super().consume(*arguments, **options)

    def commit_read(self, messages: Iterable[Message]) -> None:
        """Commits the offsets after these messages and goes on: the answer may take, in silence, until Kafka is back.

        A partition that is another member's by now is left to it. What can't be committed is done again, which is
        harmless; what Kafka refuses is logged. Raises StartAgain when the topic is another one.
        """
        self._check()
        own = {place.partition for place in self.assignment()}
        read_up_to = {int(message.partition() or 0): int(message.offset() or 0) + 1 for message in messages}
        offsets = [TopicPartition(self._watch.topic, at, end) for at, end in read_up_to.items() if at in own]
        if offsets:
            self.commit(offsets=offsets, asynchronous=True)
            self._unanswered.append(offsets)

    def close(self) -> None:
        """Leaves the group, if Kafka answers every commit: librdkafka would wait for ever otherwise (issue 3740)."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while self._unanswered and time.monotonic() < deadline:
            self.poll(POLL_SECONDS)
        if not self._unanswered:
            super().close()

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _check(self) -> None:
        self._watch.check()
        self._checked_at = time.monotonic()
