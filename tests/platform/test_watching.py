"""Watching a topic, while Kafka answers and while it does not; and what a member of a group commits."""

from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from election.model.errors import StartAgain
from election.platform.consumer import WatchingConsumer
from election.platform.kafka_topics import TopicWatch


class Admin:
    """Answers with the topic's id, or with an error."""

    def __init__(self):
        self.answer = "first"

    def describe_topics(self, topics, **_):
        return {"votes": self}

    def result(self):
        if isinstance(self.answer, KafkaError):
            raise KafkaException(self.answer)
        return SimpleNamespace(topic_id=self.answer)


@pytest.fixture
def admin():
    return Admin()


@pytest.mark.parametrize("answer", ["second", KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)], ids=["anew", "gone"])
def test_a_topic_that_is_gone_or_made_anew_is_another(admin, answer):
    watch = TopicWatch(admin, "votes")
    admin.answer = answer
    with pytest.raises(StartAgain, match="the topic votes"):
        watch.check()


def test_while_kafka_does_not_answer_it_says_so_once_and_then_that_it_is_there(admin, caplog):
    caplog.set_level("INFO")
    watch = TopicWatch(admin, "votes")
    for answer in ("first", KafkaError(KafkaError._TIMED_OUT), KafkaError(KafkaError._TIMED_OUT), "first", "first"):
        admin.answer = answer
        watch.check()
    waiting, there = [record.getMessage() for record in caplog.records]
    assert waiting.startswith("waiting for Kafka: ")
    assert there.startswith("Kafka is there after ")


def test_a_partition_that_another_member_has_by_now_is_not_committed():
    committed = []
    member = SimpleNamespace(
        _check=lambda: None,
        _watch=SimpleNamespace(topic="votes"),
        _unanswered=[],
        assignment=lambda: [TopicPartition("votes", 0)],
        commit=lambda offsets, **_: committed.extend((at.topic, at.partition, at.offset) for at in offsets),
    )
    places = (0, 6), (0, 7), (1, 3)
    read = [SimpleNamespace(partition=lambda at=at: at, offset=lambda end=end: end) for at, end in places]
    WatchingConsumer.commit_read(member, read)
    assert committed == [("votes", 0, 8)]
    assert len(member._unanswered) == 1
