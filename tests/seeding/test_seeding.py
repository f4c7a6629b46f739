"""main.py's preparation on real servers: safe to repeat, safe to kill, and it mends what was lost."""

import threading

import pytest

import main
from election.model import topics
from election.model.definition import load_election
from election.model.errors import CannotRun, Stopped
from election.model.messages import parse_vote, parse_voter
from election.platform.kafka import make_admin, make_producer, publish
from election.platform.kafka_topics import ensure_topics, read_topic, topic_id
from election.platform.postgres import Database, row
from election.seeding.roll import PAGE_SIZE
from election.seeding.seed import Seeding
from tests.conftest import empty_kafka, execute, make_topics, wait_for
from tests.support.votes import recorded


@pytest.fixture
def election():
    return load_election("simulated", PAGE_SIZE + 100)


def count(seeding, table):
    return seeding.database.run(lambda connection: row(connection, f"SELECT count(*) FROM {table}"))["count"]


def fingerprint(seeding):
    query = "SELECT md5(string_agg(voters::text, '' ORDER BY voter_id)) AS fingerprint FROM voters"
    return seeding.database.run(lambda connection: row(connection, query))


def test_seeding_again_changes_nothing(seeding, election):
    seeding.seed_database()
    before = fingerprint(seeding)
    seeding.seed_database()
    assert fingerprint(seeding) == before
    assert (count(seeding, "voters"), count(seeding, "candidates")) == (election.registered, 3)


def test_a_seeding_that_was_killed_half_way_is_completed(seeding, election, stop):
    seeding.seed_database()
    whole = fingerprint(seeding)
    execute(seeding.settings, "DELETE FROM voters WHERE ctid IN (SELECT ctid FROM voters ORDER BY ctid DESC LIMIT 100)")
    assert count(seeding, "voters") == PAGE_SIZE
    seeding.seed_database()
    assert fingerprint(seeding) == whole


def test_seeding_stops_when_told_to(seeding, stop):
    stop.set()
    with pytest.raises(Stopped):
        seeding.seed_database()


def test_another_election_in_the_database_is_refused(seeding, settings, stop):
    seeding.seed_database()
    other = Seeding(settings, load_election("simulated", 50), Database(settings, stop), stop)
    with pytest.raises(CannotRun, match="holds the election 'simulated' with 5,100 voters, which is not"):
        other.seed_database()


def log_one(settings):
    producer = make_producer(settings)
    publish(producer, topics.VOTES, "v1", b"from somewhere")
    assert not producer.flush(30)


def test_a_log_of_another_database_is_refused_before_anything_can_use_it(seeding, settings, admin):
    log_one(settings)
    with pytest.raises(CannotRun, match=f"has 1 messages already, and the database {settings.postgres_db} has never"):
        seeding.claim_log(admin)
    assert count(seeding, "election") == 0


def test_an_empty_log_is_the_elections_own_from_then_on_and_so_is_the_one_made_anew(seeding, settings, admin):
    seeding.claim_log(admin)
    log_one(settings)
    seeding.claim_log(admin)
    lost = topic_id(admin, topics.VOTES)
    empty_kafka(settings)
    make_topics(settings)
    log_one(settings)
    seeding.claim_log(admin)
    held = seeding.database.run(lambda connection: row(connection, "SELECT votes_topic FROM election"))
    assert held["votes_topic"] == topic_id(admin, topics.VOTES) != lost


def test_topics_are_made_with_their_partitions_and_policies(settings, admin, caplog):
    known = admin.list_topics(timeout=10).topics
    assert {len(known[name].partitions) for name in (topics.VOTERS, topics.VOTES)} == {2}
    assert all(len(known[topic.name].partitions) == 1 for topic in topics.AGGREGATED)
    ensure_topics(admin, 5, 1)
    assert "votes_topic has 2 partitions, not 5: it is used as it is" in caplog.text


def test_the_roll_is_published_once_and_again_to_a_new_topic(seeding, settings, admin, election):
    seeding.seed_database()
    producer = make_producer(settings)
    seeding.publish_roll(admin, producer)
    seeding.publish_roll(admin, producer)
    voters = [parse_voter(message.value()) for message in read_topic(settings, topics.VOTERS)]
    assert len(voters) == election.registered == len({voter.voter_id for voter in voters})
    assert all(voter.voted_at is None for voter in voters)

    empty_kafka(settings)
    make_topics(settings)
    [vote] = recorded(seeding, 1)
    seeding.publish_roll(admin, producer)
    voters = {voter.voter_id: voter for voter in (parse_voter(m.value()) for m in read_topic(settings, topics.VOTERS))}
    assert len(voters) == election.registered
    assert [key for key, voter in voters.items() if voter.voted_at] == [vote.voter_id]


def test_a_topic_that_lost_voters_in_a_power_cut_gets_the_roll_again(seeding, settings, admin, election):
    seeding.seed_database()
    producer = make_producer(settings)
    execute(settings, f"UPDATE election SET roll_published_to = '{topic_id(admin, topics.VOTERS)}'")
    seeding.publish_roll(admin, producer)
    assert len(list(read_topic(settings, topics.VOTERS))) == election.registered


def test_recorded_votes_that_the_log_lacks_are_published_again(seeding, settings, admin):
    seeding.seed_database()
    producer = make_producer(settings)
    votes = recorded(seeding, 20)
    publish(producer, topics.VOTES, votes[0].voter_id, b"this one was lost: only nonsense is there")
    producer.flush()
    seeding.restore_log(producer)
    seeding.restore_log(producer)
    logged = [parse_vote(m.key(), m.value()) for m in read_topic(settings, topics.VOTES) if m.value().startswith(b"{")]
    assert sorted(logged, key=lambda vote: vote.voter_id) == sorted(votes, key=lambda vote: vote.voter_id)


@pytest.mark.parametrize("step", ["publish_roll", "restore_log"])
def test_a_vote_that_is_recorded_while_main_starts_and_never_published_reaches_the_log(
    seeding, settings, stop, monkeypatch, step
):
    """Its voting.py was killed. A voter who is marked as voted on the roll would not be taken up by the next."""
    seeding.seed_database()
    done, votes = getattr(Seeding, step), []

    def just_before(self, *arguments):
        votes.extend(recorded(seeding, 1))
        return done(self, *arguments)

    monkeypatch.setattr(Seeding, step, just_before)
    starting = threading.Thread(target=main.main, args=(seeding.settings, stop), daemon=True)
    starting.start()
    [vote] = wait_for_votes(settings)
    assert vote == votes[0]
    stop.set()
    starting.join(30)
    assert not starting.is_alive()


def wait_for_votes(settings):
    admin = make_admin(settings)
    wait_for(lambda: topics.VOTES in admin.list_topics(timeout=10).topics, 60, "main.py makes the topics")
    wait_for(lambda: list(read_topic(settings, topics.VOTES)), 60, "main.py publishes the vote")
    return [parse_vote(message.key(), message.value()) for message in read_topic(settings, topics.VOTES)]
