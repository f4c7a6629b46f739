"""Prepares the election and manages the vote stream.

Creates logins, tables and topics, seeds candidates and voters, publishes the roll to voters_topic and recorded votes
that votes_topic lacks; then, for each vote it sees on votes_topic, publishes the voter with `voted_at` back to
voters_topic. Safe to kill and start again at any moment.

    python main.py
"""

from election.access.logins import ensure_logins
from election.model import topics
from election.model.definition import load_election
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import make_producer
from election.platform.kafka_topics import ensure_topics, wait_for_topics
from election.platform.postgres import Database
from election.platform.runtime import Stop, run_script
from election.platform.settings import Settings
from election.seeding.seed import Seeding
from election.seeding.vote_stream import manage_vote_stream


def main(settings: Settings, stop: Stop) -> None:
    election = load_election(settings.election, settings.voters)

    ensure_logins(settings, stop)
    database = Database(settings, stop, makes_tables=True)
    admin = wait_for_topics(settings, stop, [])
    ensure_topics(admin, settings.kafka_partitions, settings.kafka_replication_factor)
    producer = make_producer(settings)

    seeding = Seeding(settings, election, database, stop)
    seeding.claim_log(admin)
    seeding.seed_database()
    # Publish the roll before restoring the log, so that every vote marked on the roll reaches the log.
    seeding.publish_roll(admin, producer)
    seeding.restore_log(producer)

    with WatchingConsumer(settings, topics.MAIN_GROUP, topics.VOTES) as votes:
        manage_vote_stream(database, votes, producer, stop)


if __name__ == "__main__":
    run_script("main", main)
