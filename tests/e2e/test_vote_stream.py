"""main.py's loop on real servers."""

import threading
from datetime import UTC, datetime

from election.model import topics
from election.model.messages import Vote, parse_voter
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import make_producer
from election.platform.kafka_topics import read_topic
from election.platform.postgres import Database, rows
from election.seeding.vote_stream import manage_vote_stream
from tests.conftest import wait_for
from tests.support.counted import log_votes
from tests.support.votes import recorded

NOT_VOTED = "SELECT voter_id FROM voters WHERE voter_id NOT IN (SELECT voter_id FROM votes) LIMIT 2"


def marked(settings):
    """Who has voted, and when, as voters_topic says last."""
    messages = read_topic(settings, topics.VOTERS)
    said = {message.key().decode(): parse_voter(message.value()).voted_at for message in messages}
    return {voter_id: datetime.fromisoformat(time) for voter_id, time in said.items() if time}


def test_each_voter_whose_vote_is_seen_comes_back_with_its_time_and_no_bad_vote_marks_anybody(
    settings, seeded, admin, stop
):
    producer = make_producer(settings)
    seeded.publish_roll(admin, producer)
    votes, now = recorded(seeded, 100), datetime.now(UTC)
    unrecorded, robbed = seeded.database.run(lambda connection: rows(connection, NOT_VOTED))
    producer.produce(topics.VOTES, b"nonsense", "bad")
    assert not producer.flush(30)
    seen = [*votes, Vote(unrecorded["voter_id"], "1", now)]
    log_votes(settings, [Vote(voter_id, "nobody", now) for voter_id in (robbed["voter_id"], votes[0].voter_id)])
    log_votes(settings, seen)
    members = WatchingConsumer(settings, topics.MAIN_GROUP, topics.VOTES)
    arguments = Database(settings, stop), members, producer, stop
    managing = threading.Thread(target=manage_vote_stream, args=arguments, daemon=True)
    managing.start()
    wait_for(lambda: len(marked(settings)) == len(seen), 60, "the voters come back")
    assert marked(settings) == {vote.voter_id: vote.voting_time for vote in seen}
    stop.set()
    managing.join(30)
    assert not managing.is_alive()
