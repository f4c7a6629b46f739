"""Notices when a topic is no longer the one that it was: Kafka lost its data, or somebody deleted it.

A topic made anew starts at offset 0, so positions and counts that belong to the old one must be forgotten.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from election.stages import StartAgain, Waiting

log = logging.getLogger(__name__)

CHECK_SECONDS = 2
ANSWER_SECONDS, POLL_SECONDS = 2, 0.05
GONE = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}


def topic_id(admin: AdminClient, topic: str) -> str:
    """The id that Kafka gave the topic when it was created: a topic of the same name made later has another one."""
    described = admin.describe_topics(TopicCollection([topic]), request_timeout=10)[topic].result()
    # As Kafka writes it, which also does as the name of a folder.
    return str(described.topic_id).replace("/", "_").replace("+", "-")


class TopicWatch:
    """The topic as it was when this was made."""

    def __init__(self, admin: AdminClient, topic: str):
        self.admin, self.topic = admin, topic
        self.made = topic_id(admin, topic)
        self._waiting: Waiting | None = None

    def check(self) -> None:
        """Raises StartAgain if the topic is gone or another. Says so while Kafka doesn't answer."""
        try:
            made = topic_id(self.admin, self.topic)
        except KafkaException as error:
            if error.args[0].code() in GONE:
                raise StartAgain(f"the topic {self.topic} is gone") from None
            self._waiting = self._waiting or Waiting("Kafka")
            self._waiting.note(error.args[0].str())
            return
        if self._waiting:
            self._waiting.done()
            self._waiting = None
        if made != self.made:
            raise StartAgain(f"the topic {self.topic} was made anew")


class Commits:
    """Counts the commits that Kafka has not answered, and logs what it refuses.

    Not a method of the consumer, which would then refer to itself and stay in its group after its last use.
    """

    def __init__(self) -> None:
        self.unanswered = 0

    def __call__(self, error: KafkaError | None, _offsets: list[TopicPartition]) -> None:
        self.unanswered -= 1
        if error:
            log.warning("offsets not committed (%s): the batch will be seen again", error.str())


class WatchingConsumer(Consumer):
    """A consumer that never reads from, or commits in, another topic of the same name, and never waits in silence."""

    def __init__(self, config: dict[str, Any], admin: AdminClient, topics: Iterable[str], logger: logging.Logger):
        self._commits = Commits()
        super().__init__({**config, "on_commit": self._commits}, logger=logger)
        names = list(topics)
        self._watches, self._checked_at = [TopicWatch(admin, name) for name in names], time.monotonic()
        self.subscribe(names)

    def consume(self, *arguments: Any, **options: Any) -> list[Message]:
        """Messages, as any consumer; raises StartAgain when a topic is another one."""
        if time.monotonic() - self._checked_at > CHECK_SECONDS:
            self._check()
        return super().consume(*arguments, **options)

    def commit_offsets(self, offsets: list[TopicPartition]) -> None:
        """Sends the offsets and goes on: waiting for the answer would last, in silence, until Kafka is back.

        What Kafka refuses is logged. Raises StartAgain when the topic is another one.
        """
        self._check()
        super().commit(offsets=offsets, asynchronous=True)
        self._commits.unanswered += 1

    def close(self) -> None:
        """Leaves the group, once Kafka has answered every commit.

        Without an answer it is left to Kafka to notice: librdkafka's own close would wait for ever (its issue 3740).
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        while self._commits.unanswered and time.monotonic() < deadline:
            self.poll(POLL_SECONDS)
        if not self._commits.unanswered:
            super().close()

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _check(self) -> None:
        for watch in self._watches:
            watch.check()
        self._checked_at = time.monotonic()
