"""voting.py's and main.py's loops on real servers."""

import threading
from datetime import UTC, datetime

import pytest

from election.casting.casting import Pace, run_voting
from election.model import topics
from election.model.ballots import Ballots
from election.model.messages import Vote, encode_vote, parse_vote, parse_voter
from election.platform.consumer import make_consumer
from election.platform.kafka import make_producer, make_reader
from election.platform.kafka_topics import read_to_end
from election.platform.postgres import Database, row, rows
from election.seeding.vote_stream import manage_vote_stream
from tests.conftest import wait_for


@pytest.fixture
def published(settings, seeded, admin):
    """The roll is on voters_topic."""
    seeded.publish_roll(admin, make_producer(settings))
    return seeded


def start_voting(settings, published, stop):
    arguments = (
        [Database(settings, stop), Database(settings, stop)],
        make_consumer(settings, topics.VOTING_GROUP, [topics.VOTERS]),
        make_producer(settings),
        Ballots(published.election),
        Pace(0, most=50),
        stop,
    )
    thread = threading.Thread(target=run_voting, args=arguments, daemon=True)
    thread.start()
    return thread


def recorded_votes(published):
    return published.database.run(lambda connection: row(connection, "SELECT count(*) FROM votes"))["count"]


def latest(settings, topic, parse):
    """The latest message of each key."""
    reader = make_reader(settings, [topic])
    found = {message.key(): parse(message) for batch in read_to_end(reader, [topic]) for message in batch}
    reader.close()
    return found


def test_everybody_who_does_not_abstain_votes_once_and_comes_back_with_the_time(settings, published, stop):
    voting = start_voting(settings, published, stop)
    managing = start_managing(settings, stop)
    ballots = published.election.ballots

    wait_for(
        lambda: sum(map(bool, marked(settings).values())) == ballots, 60, f"{ballots} voters come back with voted_at"
    )
    assert recorded_votes(published) == ballots
    logged = latest(settings, topics.VOTES, lambda message: parse_vote(message.key(), message.value()))
    assert len(logged) == ballots
    stop.set()
    voting.join(30)
    managing.join(30)
    assert not voting.is_alive()
    assert not managing.is_alive()


def start_managing(settings, stop):
    votes = make_consumer(settings, topics.MAIN_GROUP, [topics.VOTES])
    arguments = Database(settings, stop), votes, make_producer(settings), stop
    thread = threading.Thread(target=manage_vote_stream, args=arguments, daemon=True)
    thread.start()
    return thread


def marked(settings):
    """When each voter voted, as voters_topic says last."""
    voters = latest(settings, topics.VOTERS, lambda message: parse_voter(message.value()))
    return {key.decode(): voter.voted_at for key, voter in voters.items()}


def some_voters(published, count):
    query = "SELECT voter_id FROM voters ORDER BY voter_id LIMIT %s"
    return [found["voter_id"] for found in published.database.run(lambda connection: rows(connection, query, (count,)))]


def test_a_vote_that_is_not_in_the_record_marks_its_voter_and_one_for_an_unknown_candidate_nobody(
    settings, published, stop
):
    [voter_id, robbed, other] = some_voters(published, 3)
    now = datetime.now(UTC)
    producer = make_producer(settings)
    producer.produce(topics.VOTES, b"nonsense", "bad", partition=0)
    for voter, candidate_id in ((voter_id, "1"), (robbed, "nobody"), (other, "nobody"), (other, "1")):
        producer.produce(topics.VOTES, encode_vote(Vote(voter, candidate_id, now)), voter, partition=0)
    assert not producer.flush(30)
    start_managing(settings, stop)
    wait_for(lambda: marked(settings)[other], 60, "the voter after the bad votes comes back")
    assert datetime.fromisoformat(marked(settings)[voter_id]) == now
    assert marked(settings)[robbed] is None
