"""The board that a thread keeps up to date, on a Kafka that is made up."""

from __future__ import annotations

from typing import Any

import pytest
import simplejson
from confluent_kafka import KafkaError, KafkaException

from election.model import topics
from election.platform.settings import Settings
from election.results import board as results
from election.results.board import NO_TOPICS, TOPICS_GONE, LiveBoard
from tests.conftest import wait_for


class Message:
    """One total of a candidate."""

    def __init__(self, votes: int):
        self.votes = votes

    def topic(self) -> str:
        return topics.VOTES_PER_CANDIDATE

    def key(self) -> bytes:
        return b"a"

    def value(self) -> bytes:
        tally = {"candidate_id": "a", "total_votes": self.votes, "last_vote_at": "2026-05-07T12:00:00Z"}
        return simplejson.dumps(tally).encode()

    def headers(self) -> None:
        return None

    def error(self) -> None:
        return None


class Reader:
    """A consumer that is given these batches, then nothing."""

    def __init__(self, *batches: list[Message]):
        self.batches = list(batches)

    def consume(self, *_: Any) -> list[Message]:
        return self.batches.pop(0) if self.batches else []

    def close(self) -> None:
        """Nothing to give back."""


def on_kafka(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    monkeypatch.setattr(results, "make_admin", lambda _: None)
    monkeypatch.setattr(results, "topic_id", lambda *_: "made once")
    monkeypatch.setattr(results, "make_reader", lambda *_: reader)
    monkeypatch.setattr(results, "read_to_end", lambda *_: iter([[Message(5)]]))


@pytest.mark.parametrize(("batches", "moves"), [([], False), ([[Message(5)]], False), ([[Message(6)]], True)])
def test_totals_that_are_read_back_are_no_sign_that_the_count_goes_on(
    monkeypatch: pytest.MonkeyPatch, batches: list[list[Message]], moves: bool
) -> None:
    reader = Reader(*batches)
    on_kafka(monkeypatch, reader)
    live = LiveBoard(Settings()).start()
    wait_for(lambda: live.heard_at and not reader.batches, 10, "everything is read")
    live.close()
    assert live.board.counted == 5 + moves
    assert bool(live.board.changed_at) is moves
    assert bool(live.board.delays) is moves


@pytest.mark.parametrize(("heard_at", "said"), [(0.0, NO_TOPICS), (1.0, TOPICS_GONE)])
def test_missing_topics_are_said_in_words(monkeypatch: pytest.MonkeyPatch, heard_at: float, said: str) -> None:
    def refuse(*_: Any) -> str:
        raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))

    monkeypatch.setattr(results, "make_admin", lambda _: None)
    monkeypatch.setattr(results, "topic_id", refuse)
    live = LiveBoard(Settings())
    live.heard_at = heard_at
    live.start()
    wait_for(lambda: live.problem == said, 10, "the problem in words")
    live.close()
