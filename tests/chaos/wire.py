"""Messages on the topics as they are, past the scripts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from election.model import topics
from election.model.errors import StartAgain
from election.platform.kafka import make_producer, make_reader
from election.platform.kafka_topics import read_to_end
from election.platform.settings import Settings

DELIVER_SECONDS = 60.0
# Key, value and partition; -1 is the one that the key belongs to.
Raw = tuple[bytes | None, bytes | None, int]


def publish_raw(settings: Settings, topic: str, messages: Iterable[Raw]) -> None:
    """Raises StartAgain when Kafka does not take them in time, and KafkaException."""
    producer = make_producer(settings)
    for key, value, partition in messages:
        producer.produce(topic, value, key, partition)
    if producer.flush(DELIVER_SECONDS):
        raise StartAgain("not delivered")


def read_votes(settings: Settings) -> list[Raw]:
    """What is on votes_topic now. Raises IndexError when that is nothing."""
    with closing(make_reader(settings, [topics.VOTES])) as reader:
        batches = list(read_to_end(reader, [topics.VOTES]))
    votes = [(message.key(), message.value(), int(message.partition() or 0)) for batch in batches for message in batch]
    if not votes:
        raise IndexError(f"{topics.VOTES} is empty")
    return votes
