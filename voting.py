"""Casts the votes: voters_topic in, the record in PostgreSQL and votes_topic out, one vote per voter.

Start as many as you like: they share the voters. Each batch is recorded, published as stored, flushed, and only then
are its offsets committed, so a voter votes once whatever is killed.

    python voting.py
"""

from election import topics
from election.ballots import Ballots
from election.casting import CONNECTIONS, GROUP, Pace, run_voting, wait_for_election
from election.config import Settings
from election.definition import load_election
from election.messaging import make_consumer, make_producer, wait_for_topics
from election.record import Database
from election.stages import Stop, run_stage


def main(settings: Settings, stop: Stop) -> None:
    election = load_election(settings.election, settings.voters)
    rate = election.rate if settings.rate is None else settings.rate

    wait_for_topics(settings, stop, [topics.VOTERS, topics.VOTES])
    databases = Database.side_by_side(settings, stop, CONNECTIONS)
    wait_for_election(databases[0], election, stop)
    with make_consumer(settings, GROUP, [topics.VOTERS]) as voters:
        run_voting(
            databases,
            voters,
            make_producer(settings),
            Ballots(election),
            Pace(rate, most=settings.voting_batch_size),
            stop,
        )


if __name__ == "__main__":
    run_stage("voting", main)
