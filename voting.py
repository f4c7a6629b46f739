"""Casts the votes: voters_topic in, the record in PostgreSQL and votes_topic out, one vote per voter.

Start as many as you like: they share the voters. Each batch is recorded, published as stored, flushed, and only then
are its offsets committed, so a voter votes once whatever is killed.

    python voting.py
"""

from election.casting.casting import CONNECTIONS, run_voting, wait_for_election
from election.casting.pace import Pace
from election.model import topics
from election.model.ballots import Ballots
from election.model.definition import load_election
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import make_producer
from election.platform.kafka_topics import wait_for_topics
from election.platform.postgres import Database
from election.platform.runtime import Stop, run_script
from election.platform.settings import Settings


def main(settings: Settings, stop: Stop) -> None:
    election = load_election(settings.election, settings.voters)
    rate = election.rate if settings.rate is None else settings.rate

    wait_for_topics(settings, stop, [topics.VOTERS, topics.VOTES])
    databases = [Database(settings, stop) for _ in range(CONNECTIONS)]
    wait_for_election(databases[0], election, stop)
    with WatchingConsumer(settings, topics.VOTING_GROUP, topics.VOTERS) as voters:
        run_voting(
            databases,
            voters,
            make_producer(settings),
            Ballots(election),
            Pace(rate, settings.voting_batch_size, settings.ramp_up_seconds),
            stop,
        )


if __name__ == "__main__":
    run_script("voting", main)
