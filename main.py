"""Prepares the election and manages the vote stream.

Creates logins, tables and topics, seeds candidates and voters, publishes the roll to voters_topic and recorded votes
that votes_topic lacks; then, for each vote it sees on votes_topic, publishes the voter with `voted_at` back to
voters_topic. Safe to kill and start again at any moment.

    python main.py
"""

from election import topics
from election.config import Settings
from election.definition import load_election
from election.logins import ensure_logins
from election.messaging import make_consumer, make_producer, wait_for_topics
from election.record import Database
from election.seeding import Seeding
from election.stages import Stop, run_stage
from election.vote_stream import GROUP, manage_vote_stream


def main(settings: Settings, stop: Stop) -> None:
    election = load_election(settings.election, settings.voters)

    ensure_logins(settings, stop)
    database = Database(settings, stop, makes_tables=True)
    admin = wait_for_topics(settings, stop, [])
    topics.ensure_topics(admin, settings.kafka_partitions, settings.kafka_replication_factor)
    producer = make_producer(settings)

    seeding = Seeding(settings, election, database, stop)
    seeding.claim_log(admin)
    seeding.seed_database()
    # In this order: a vote that the roll is published with is one that the log gets.
    seeding.publish_roll(admin, producer)
    seeding.restore_log(producer)
    seeding.ensure_search()

    with make_consumer(settings, GROUP, [topics.VOTES]) as votes:
        manage_vote_stream(database, votes, producer, stop)


if __name__ == "__main__":
    run_stage("main", main)
