"""Turning voters into votes."""

import threading
from datetime import UTC, datetime

import msgspec
import pytest
from confluent_kafka import TopicPartition

from election.casting.casting import cast_votes, parse_voters, run_voting
from election.casting.pace import Pace
from election.model import topics
from election.model.ballots import Ballots, registration_number
from election.model.definition import load_election
from election.model.messages import Voter
from election.platform.runtime import Stop

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def ballots():
    return Ballots(load_election("montreal-2013"))


def voter(number: int, voted_at: str | None = None, place: int = 0) -> Voter:
    return Voter(f"v{number}", registration_number(place, number), voted_at)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Message:
    def __init__(self, value, partition=0, offset=7):
        self._value, self._partition, self._offset = value, partition, offset

    def value(self):
        return self._value

    def error(self):
        return None

    def partition(self):
        return self._partition

    def offset(self):
        return self._offset


def test_a_voter_who_has_voted_does_not_vote_again(ballots):
    votes = cast_votes([voter(1), voter(2, "2026-01-01T00:00:00Z")], ballots, NOW)
    assert [vote.voter_id for _, vote in votes] == ["v1"]


def test_a_voter_of_another_election_is_skipped(ballots, caplog):
    assert cast_votes([voter(1, place=777)], ballots, NOW) == []
    assert "skipped voter v1: nobody is registered under '777-0000001'" in caplog.text


def test_a_malformed_voter_is_skipped_with_its_position(caplog):
    good = msgspec.json.encode(voter(1))
    assert [one.voter_id for one in parse_voters([Message(b"nonsense"), Message(good), Message(None)])] == ["v1"]
    assert "skipped voters_topic partition 0 offset 7: not JSON in UTF-8" in caplog.text
    assert "empty message" in caplog.text


def test_a_pace_gives_out_its_rate():
    clock = Clock()
    pace, cast = Pace(100, most=1000, clock=clock), 0
    for _ in range(1000):
        clock.now += 0.01
        allowed = pace.allowance()
        pace.spend(allowed)
        cast += allowed
    assert cast == pytest.approx(1000, abs=5)


def test_a_batch_is_taken_once_a_twentieth_of_a_seconds_votes_have_come_together():
    clock, batches = Clock(), []
    pace = Pace(2000, most=1000, clock=clock)
    for _ in range(1000):
        clock.now += 0.001
        if allowed := pace.allowance():
            batches.append(allowed)
            pace.spend(allowed)
        assert (pace.seconds_to_next() == 0) == (pace.saved >= 100)
    assert len(batches) <= 20
    assert sum(batches) == pytest.approx(2000, abs=100)


def test_the_rate_rises_evenly_over_the_ramp_up():
    clock, cast = Clock(), []
    pace = Pace(100, most=1000, ramp_up_seconds=10, clock=clock)
    for _ in range(20):
        clock.now += 1
        allowed = pace.allowance()
        pace.spend(allowed)
        cast.append(allowed)
    assert cast[:10] == pytest.approx([10 * second + 5 for second in range(10)], abs=6)
    assert cast[10:] == pytest.approx([100] * 10, abs=6)


def test_after_a_pause_a_pace_catches_up_one_second_at_most():
    clock = Clock()
    pace = Pace(100, most=1000, clock=clock)
    clock.now += 3600
    assert pace.allowance() == 100


def test_no_rate_is_no_limit_but_the_batch():
    assert Pace(0, most=1000).allowance() == 1000


class Journal:
    """Plays database, consumer and producer, and writes down what happened in which order."""

    def __init__(self, messages, stop, *more):
        self.batches, self.stop, self.events, self.committed = [*more, messages], stop, [], []

    def run(self, work):
        self.events.append("record")
        return work.args[0]

    def consume(self, *_):
        if self.batches:
            return self.batches.pop()
        self.stop.set()
        return []

    def produce(self, topic, value, key):
        self.events.append("publish")

    def flush(self, *_):
        self.events.append("flush")
        return 0

    def assignment(self):
        return [TopicPartition(topics.VOTERS, 0)]

    def commit_offsets(self, offsets):
        self.events.append("commit")
        self.committed.extend((place.partition, place.offset) for place in offsets)


def test_a_batch_is_recorded_published_flushed_and_only_then_committed(ballots):
    stop = Stop()
    journal = Journal([Message(msgspec.json.encode(voter(number))) for number in (1, 2)], stop)
    run_voting([journal], journal, journal, ballots, Pace(0, most=10), stop)
    assert journal.events == ["record", "publish", "publish", "flush", "commit"]
    assert journal.committed == [(0, 8)]


def test_only_what_is_published_is_committed_while_the_next_batch_is_recorded(ballots):
    stop = Stop()
    first, second = ([Message(msgspec.json.encode(voter(number)), 0, number)] for number in (1, 2))
    journal = Journal(first, stop, second)
    published = []
    journal.produce = lambda topic, value, key: published.append((key, list(journal.committed)))
    run_voting([journal], journal, journal, ballots, Pace(0, most=10), stop)
    assert published == [("v1", []), ("v2", [(0, 2)])]
    assert journal.committed == [(0, 2), (0, 3)]


def test_batches_are_recorded_side_by_side_and_published_in_the_order_they_were_read(ballots):
    stop, second_recorded = Stop(), threading.Event()
    first, second = ([Message(msgspec.json.encode(voter(number)), 0, number)] for number in (1, 2))
    journal = Journal(first, stop, second)

    def record(work):
        [(_, vote)] = work.args[0]
        if vote.voter_id == "v2":
            second_recorded.set()
        elif not second_recorded.wait(30):
            raise TimeoutError("the second batch waits for the first")
        return work.args[0]

    published = []
    journal.run, journal.produce = record, lambda topic, value, key: published.append(key)
    run_voting([journal, journal], journal, journal, ballots, Pace(0, most=10), stop)
    assert published == ["v1", "v2"]
    assert journal.committed == [(0, 2), (0, 3)]


def test_a_partition_that_another_process_has_by_now_is_not_committed(ballots):
    stop = Stop()
    voters = [Message(msgspec.json.encode(voter(number)), number, 7) for number in (0, 1)]
    journal = Journal(voters, stop)
    run_voting([journal], journal, journal, ballots, Pace(0, most=10), stop)
    assert journal.committed == [(0, 8)]


def test_voters_who_are_not_on_the_roll_under_their_number_are_named(ballots, caplog):
    stop = Stop()
    journal = Journal([Message(msgspec.json.encode(voter(number))) for number in (1, 2)], stop)
    journal.run = lambda work: work.args[0][1:]
    run_voting([journal], journal, journal, ballots, Pace(0, most=10), stop)
    assert "skipped voter v1: not on the roll under '000-0000001'" in caplog.text
    assert "v2" not in caplog.text
