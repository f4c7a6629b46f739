"""Watching a topic, while Kafka answers and while it does not."""

from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from election.model.errors import StartAgain
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
