"""The topics as Kafka has them: made, waited for, measured, and watched in case Kafka loses them.

A topic made anew starts at offset 0, so positions and counts that belong to the old one must be forgotten.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from election.model import topics
from election.model.errors import CannotRun, StartAgain
from election.platform.kafka import client_config, client_log, good_messages, make_reader
from election.platform.refusals import GONE
from election.platform.runtime import Stop, Waiting, wait_until
from election.platform.settings import Settings

log = logging.getLogger(__name__)

READ_MESSAGES, READ_SECONDS, STALLED_SECONDS, ANSWER_SECONDS = 10_000, 0.2, 30, 1


def ensure_topics(admin: AdminClient, partitions: int, replication_factor: int) -> None:
    """Creates the topics that aren't there; says which of the others have not the partitions asked for."""
    existing = admin.list_topics(timeout=30).topics
    missing = []
    for topic in topics.ALL:
        wanted = partitions if topic.shared else 1
        if topic.name not in existing:
            missing.append(NewTopic(topic.name, wanted, replication_factor, config=topic.config))
        elif (has := len(existing[topic.name].partitions)) != wanted:
            log.warning("topic %s has %d partitions, not %d: it is used as it is", topic.name, has, wanted)
    for created in admin.create_topics(missing).values() if missing else ():
        try:
            created.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    log.info("all %d topics are there, %d of them new", len(topics.ALL), len(missing))


def wait_for_topics(settings: Settings, stop: Stop, names: Iterable[str]) -> AdminClient:
    """Returns once Kafka answers and all the topics are there. Raises CannotRun when Kafka refuses the user."""
    problems: list[KafkaError] = []
    config: dict[str, Any] = {**client_config(settings), "error_cb": problems.append}
    admin = AdminClient(config, logger=client_log)

    def lacking() -> str | None:
        try:
            known = admin.list_topics(timeout=ANSWER_SECONDS)
            if known.controller_id < 0:  # A client that asks for a topic now waits a minute.
                return "it has no controller yet"
            missing = sorted(set(names) - known.topics.keys())
            return f"main.py creates {', '.join(missing)}" if missing else None
        except KafkaException as error:
            admin.poll(0)
            said = {problem.code(): problem for problem in problems}
            problems.clear()
            if refused := said.get(KafkaError._AUTHENTICATION):
                raise CannotRun(
                    f"Kafka refused KAFKA_SASL_USERNAME={settings.kafka_sasl_username} with KAFKA_SASL_PASSWORD:"
                    f" set them to the broker's ({refused.str()})"
                ) from None
            # What TLS says, if it says something, tells more than that nobody answers.
            return str(said.get(KafkaError._SSL, error.args[0]).str())

    wait_until(lacking, f"Kafka at {settings.kafka_bootstrap_servers}", stop)
    return admin


def topic_id(admin: AdminClient, topic: str) -> str:
    """The id that Kafka gave the topic when it was created: a topic of the same name made later has another one."""
    described = admin.describe_topics(TopicCollection([topic]), request_timeout=10)[topic].result()
    # As Kafka writes it, which also does as the name of a folder.
    return str(described.topic_id).replace("/", "_").replace("+", "-")


def end_offsets(reader: Consumer) -> dict[tuple[str, int], int]:
    """Where each partition of a reader ends now, asked for all at once: a question waits for the reader's last fetch.

    Raises KafkaException.
    """
    ends = [TopicPartition(place.topic, place.partition, OFFSET_END) for place in reader.assignment()]
    ends = reader.offsets_for_times(ends, timeout=10)
    if failed := [place.error for place in ends if place.error]:
        raise KafkaException(failed[0])
    return {(place.topic, place.partition): place.offset for place in ends}


def count_messages(settings: Settings, topic: str) -> int:
    """How many messages the topic has taken so far."""
    with closing(make_reader(settings, [topic])) as reader:
        return sum(end_offsets(reader).values())


def read_to_end(reader: Consumer) -> Iterator[list[Message]]:
    """Batches (some empty) of what is on the reader's topics now, from where it stands; ends when all of it was read.

    Raises KafkaException, also when nothing comes for half a minute.
    """
    ends, places, heard_at = end_offsets(reader), reader.assignment(), time.monotonic()
    # Before its first message a reader has a negative position.
    while any(max(place.offset, 0) < ends[place.topic, place.partition] for place in reader.position(places)):
        messages = good_messages(reader.consume(READ_MESSAGES, READ_SECONDS))
        if messages:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > STALLED_SECONDS:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no message for {STALLED_SECONDS} s"))
        yield messages


def read_topic(settings: Settings, topic: str, key: bytes | None = None) -> Iterator[Message]:
    """The messages on a topic now; with a key, only those of the key. Kafka has no index, so it reads the whole topic.

    Raises KafkaException.
    """
    with closing(make_reader(settings, [topic])) as reader:
        for messages in read_to_end(reader):
            yield from (message for message in messages if key in (None, message.key()))


class TopicWatch:
    """The topic as it was when this was made."""

    def __init__(self, admin: AdminClient, topic: str):
        self.admin, self.topic = admin, topic
        self.made = topic_id(admin, topic)
        self._waiting = Waiting("Kafka")

    def check(self) -> bool:
        """Whether Kafka answers; says so while it doesn't. Raises StartAgain if the topic is gone or another."""
        try:
            made = topic_id(self.admin, self.topic)
        except KafkaException as error:
            if error.args[0].code() in GONE:
                raise StartAgain(f"the topic {self.topic} is gone") from None
            self._waiting.note(error.args[0].str())
            return False
        self._waiting.done()
        if made != self.made:
            raise StartAgain(f"the topic {self.topic} was made anew")
        return True
