"""Notices when a topic is no longer the one that it was: Kafka lost its data, or somebody deleted it.

A topic made anew starts at offset 0, so positions and counts that belong to the old one must be forgotten.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection
from confluent_kafka.admin import AdminClient

from election.stages import StartAgain, Waiting

CHECK_SECONDS = 2
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


class WatchingConsumer(Consumer):
    """A consumer that never reads from, or commits in, another topic of the same name."""

    def __init__(self, config: dict[str, Any], admin: AdminClient, topics: Iterable[str], logger: logging.Logger):
        super().__init__(config, logger=logger)
        names = list(topics)
        self._watches, self._checked_at = [TopicWatch(admin, name) for name in names], time.monotonic()
        self.subscribe(names)

    def consume(self, *arguments: Any, **options: Any) -> list[Message]:
        """Messages, as any consumer; raises StartAgain when a topic is another one."""
        if time.monotonic() - self._checked_at > CHECK_SECONDS:
            self._check()
        return super().consume(*arguments, **options)

    def commit(self, *arguments: Any, **options: Any) -> Any:
        """Commits, as any consumer; raises StartAgain when the topic is another one."""
        self._check()
        return super().commit(*arguments, **options)

    def _check(self) -> None:
        for watch in self._watches:
            watch.check()
        self._checked_at = time.monotonic()
