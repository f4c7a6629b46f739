"""The board that a thread keeps up to date, on a Kafka that is made up."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any
from unittest.mock import Mock

import pytest
import simplejson
from confluent_kafka import KafkaError, KafkaException

from election.model import topics
from election.platform.settings import Settings
from election.results import board as results
from election.results.board import NO_TOPICS, TOPICS_GONE, LiveBoard
from tests.conftest import wait_for


def total(votes: int) -> Mock:
    """A message with the total of a candidate."""
    tally = {"candidate_id": "a", "total_votes": votes, "last_vote_at": "2026-05-07T12:00:00Z"}
    says = {"topic": topics.VOTES_PER_CANDIDATE, "key": b"a", "value": simplejson.dumps(tally).encode()}
    return Mock(**{f"{name}.return_value": value for name, value in {**says, "headers": None, "error": None}.items()})


@pytest.mark.parametrize(("batches", "moves"), [([], False), ([[total(5)]], False), ([[total(6)]], True)])
def test_totals_that_are_read_back_are_no_sign_that_the_count_goes_on(
    monkeypatch: pytest.MonkeyPatch, batches: list[list[Mock]], moves: bool
) -> None:
    reader = Mock(**{"consume.side_effect": chain(batches, repeat([]))})
    monkeypatch.setattr(results, "make_admin", lambda _: None)
    monkeypatch.setattr(results, "topic_id", lambda *_: "made once")
    monkeypatch.setattr(results, "make_reader", lambda *_: reader)
    monkeypatch.setattr(results, "read_to_end", lambda *_: iter([[total(5)]]))
    live = LiveBoard(Settings()).start()
    wait_for(lambda: live.heard_at and reader.consume.call_count > len(batches), 10, "everything is read")
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
