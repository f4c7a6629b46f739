"""The board that a thread keeps up to date, on a Kafka that is made up."""

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any
from unittest.mock import Mock

import pytest
import simplejson
from confluent_kafka import KafkaError, KafkaException

from election.model import topics
from election.platform.settings import Settings
from election.results import board as results
from election.results.board import NO_TOPICS, TOPICS_GONE, Board, LiveBoard
from tests.conftest import wait_for


def total(votes: int) -> Mock:
    """A message with the total of a candidate."""
    tally = {"candidate_id": "a", "total_votes": votes, "last_vote_at": f"2026-05-07T12:00:{votes:02}Z"}
    says = {"topic": topics.VOTES_PER_CANDIDATE, "key": b"a", "value": simplejson.dumps(tally).encode()}
    return Mock(**{f"{name}.return_value": value for name, value in {**says, "headers": None, "error": None}.items()})


def follow(monkeypatch: pytest.MonkeyPatch, names: Sequence[str], batches: list[list[Mock]]) -> Board:
    """The board after a total of 5 that was there and these batches."""
    reader = Mock(**{"consume.side_effect": chain(batches, repeat([]))})
    make_reader, read_to_end = Mock(return_value=reader), Mock(return_value=iter([[total(5)]]))
    monkeypatch.setattr(results, "make_admin", lambda _: None)
    monkeypatch.setattr(results, "topic_id", lambda *_: "made once")
    monkeypatch.setattr(results, "make_reader", make_reader)
    monkeypatch.setattr(results, "read_to_end", read_to_end)
    live = LiveBoard(Settings(), names).start()
    wait_for(lambda: live.heard_at and reader.consume.call_count > len(batches), 10, "everything is read")
    live.close()
    make_reader.assert_called_once_with(live.settings, names)
    read_to_end.assert_called_once_with(reader)
    return live.board


@pytest.mark.parametrize(
    ("batches", "counted", "reads"),
    [([], 5, 0), ([[total(5)]], 5, 0), ([[total(6)]], 6, 1), ([[total(6), total(7)], [total(8)]], 8, 2)],
)
def test_a_read_that_finds_votes_tells_one_delay_and_what_was_there_before_tells_none(
    monkeypatch: pytest.MonkeyPatch, batches: list[list[Mock]], counted: int, reads: int
) -> None:
    board = follow(monkeypatch, results.TOPICS, batches)
    assert board.counted == counted
    assert bool(board.changed_at) is bool(reads)
    assert len(board.delays) == reads


def test_who_asks_only_how_many_are_counted_reads_one_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(monkeypatch, results.HOW_MANY, [[total(6)]]).counted == 6
    assert results.HOW_MANY == (topics.VOTES_PER_CANDIDATE,)


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
