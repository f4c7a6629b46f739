"""Turning voters into votes."""

import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest

from election.casting.casting import cast_votes, parse_voters, run_voting
from election.casting.pace import Pace
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


def message(number, partition=0, value=None):
    """The voter of this number, or another value, in a message at this offset."""
    value = msgspec.json.encode(voter(number)) if value is None else value
    return SimpleNamespace(value=lambda: value, error=lambda: None, partition=lambda: partition, offset=lambda: number)


def test_a_voter_who_has_voted_does_not_vote_again(ballots):
    votes = cast_votes([voter(1), voter(2, "2026-01-01T00:00:00Z")], ballots, NOW)
    assert [vote.voter_id for _, vote in votes] == ["v1"]


def test_a_voter_of_another_election_is_skipped(ballots, caplog):
    assert cast_votes([voter(1, place=777)], ballots, NOW) == []
    assert "skipped voter v1: nobody is registered under '777-0000001'" in caplog.text


def test_a_malformed_voter_is_skipped_with_its_position(caplog):
    messages = message(7, value=b"nonsense"), message(1), message(8, value=b"")
    assert [one.voter_id for one in parse_voters(messages)] == ["v1"]
    assert "skipped voters_topic partition 0 offset 7: not JSON in UTF-8" in caplog.text
    assert "empty message" in caplog.text


@pytest.fixture
def clock():
    return SimpleNamespace(now=0.0)


def cast(clock, pace, steps, seconds):
    """How many votes are cast at each step of the clock."""
    for _ in range(steps):
        clock.now += seconds
        allowed = pace.allowance()
        pace.spend(allowed)
        assert (pace.seconds_to_next() == 0) == (pace.saved >= max(1, pace.rate / 20))
        yield allowed


def test_a_batch_is_taken_once_a_twentieth_of_a_seconds_votes_have_come_together(clock):
    pace = Pace(2000, most=1000, clock=lambda: clock.now)
    batches = [allowed for allowed in cast(clock, pace, 1000, 0.001) if allowed]
    assert len(batches) <= 20
    assert sum(batches) == pytest.approx(2000, abs=100)


def test_the_rate_rises_evenly_over_the_ramp_up(clock):
    pace = Pace(100, most=1000, ramp_up_seconds=10, clock=lambda: clock.now)
    assert list(cast(clock, pace, 10, 1)) == pytest.approx([10 * second + 5 for second in range(10)], abs=6)
    assert list(cast(clock, pace, 10, 1)) == pytest.approx([100] * 10, abs=6)


def test_after_a_pause_a_pace_catches_up_one_second_at_most(clock):
    pace = Pace(100, most=1000, clock=lambda: clock.now)
    clock.now += 3600
    assert pace.allowance() == 100


def test_no_rate_is_no_limit_but_the_batch():
    assert Pace(0, most=1000).allowance() == 1000


class Journal:
    """Plays database, consumer and producer, and writes down what happened in which order."""

    def __init__(self, *batches):
        self.batches, self.stop, self.events, self.committed = list(batches), Stop(), [], []

    def cast(self, ballots, databases=1):
        run_voting([self] * databases, self, self, ballots, Pace(0, most=10), self.stop)
        return self

    def run(self, work):
        self.events.append("record")
        return work.args[0]

    def consume(self, *_):
        if self.batches:
            return self.batches.pop(0)
        self.stop.set()
        return []

    def produce(self, topic, value, key):
        self.events.append(f"publish {key}")

    def flush(self, *_):
        self.events.append("flush")
        return 0

    def commit_read(self, messages):
        self.events.append("commit")
        self.committed.append([one.offset() for one in messages])


def test_a_batch_is_recorded_published_flushed_and_only_then_committed(ballots):
    journal = Journal([message(1), message(2)]).cast(ballots)
    assert journal.events == ["record", "publish v1", "publish v2", "flush", "commit"]
    assert journal.committed == [[1, 2]]


def test_batches_are_recorded_side_by_side_and_published_in_the_order_they_were_read(ballots):
    journal, second_recorded = Journal([message(1)], [message(2)]), threading.Event()

    def record(work):
        [(_, vote)] = work.args[0]
        if vote.voter_id == "v2":
            second_recorded.set()
        elif not second_recorded.wait(30):
            raise TimeoutError("the second batch waits for the first")
        return work.args[0]

    journal.run = record
    journal.cast(ballots, databases=2)
    assert journal.events == ["publish v1", "flush", "commit", "publish v2", "flush", "commit"]
    assert journal.committed == [[1], [2]]


def test_voters_who_are_not_on_the_roll_under_their_number_are_named(ballots, caplog):
    journal = Journal([message(1), message(2)])
    journal.run = lambda work: work.args[0][1:]
    journal.cast(ballots)
    assert "skipped voter v1: not on the roll under '000-0000001'" in caplog.text
    assert "v2" not in caplog.text
