"""Fills the database with the election, publishes the roll, and restores a log that lacks recorded votes.

Every step may be killed and done again: what is there already is kept, what is missing is added.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import msgspec
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from psycopg2.extensions import connection as Connection

from election.model import topics
from election.model.definition import Election
from election.model.errors import CannotRun
from election.model.messages import Vote, encode_vote
from election.model.rows import CANDIDATE_COLUMNS, VOTER_COLUMNS
from election.platform.kafka import flush, make_reader, publish
from election.platform.kafka_topics import count_messages, read_to_end, topic_id
from election.platform.postgres import PREPARE_LOCK, Database, copy_rows, ensure_schema, row, rows, streamed
from election.platform.runtime import Pulse, Stop
from election.platform.settings import Settings
from election.seeding.people import choose_people, name_candidates
from election.seeding.roll import PAGE_SIZE, Roll
from election.seeding.vote_stream import VOTERS_AND_TIMES, candidate_ids, voter_message, votes_in

log = logging.getLogger(__name__)

START_OVER = "start over (python3 run.py --fresh, or docker compose down -v)"


@dataclass(frozen=True)
class Seeding:
    """Prepares one election; `stop` ends it between two steps."""

    settings: Settings
    election: Election
    database: Database
    stop: Stop

    def claim_log(self, admin: AdminClient) -> None:
        """Notes that votes_topic is this election's, before a voting.py or the count can take up this election.

        Raises CannotRun when it has messages and the database never had a log: voters of another election have the
        same ids, and would be taken for those of this one.
        """
        self.database.run(ensure_schema)
        topic, messages = topic_id(admin, topics.VOTES), count_messages(self.settings, topics.VOTES)
        held = self.database.run(lambda connection: row(connection, "SELECT votes_topic FROM election"))
        if messages and not (held and held["votes_topic"]):
            raise CannotRun(
                f"{topics.VOTES} at {self.settings.kafka_bootstrap_servers} has {messages:,} messages already, and the"
                f" database {self.settings.postgres_db} has never had a vote: they belong to another database. Set"
                f" POSTGRES_DB to it, or KAFKA_BOOTSTRAP_SERVERS to another Kafka, or {START_OVER}"
            )
        self.database.run(self._claim)
        self.database.run(lambda connection: _execute(connection, "UPDATE election SET votes_topic = %s", topic))

    def seed_database(self) -> None:
        """Creates the schema, and the candidates and voters that are not there yet.

        Raises CannotRun when the database holds another election.
        """
        self.database.run(self._claim)
        done = self.database.run(lambda connection: rows(connection, "SELECT count(*) FROM voters")[0]["count"])
        if done == self.election.registered:
            log.info("%s: all %s voters are registered", self.election.title, f"{done:,}")
            return
        people = choose_people(self.settings.randomuser_url, self.election)
        candidates = name_candidates(self.election, people)
        self.database.run(partial(_add, "candidates", CANDIDATE_COLUMNS, candidates))
        self._seed_voters(Roll(self.election, people), done)

    def _claim(self, connection: Connection) -> None:
        election = self.election
        ensure_schema(connection)
        _execute(
            connection,
            "INSERT INTO election (name, title, fingerprint, registered, votes_expected)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            *(election.name, election.title, election.fingerprint, election.registered, election.ballots),
        )
        held = row(connection, "SELECT name, fingerprint, registered FROM election")
        assert held is not None
        if held["fingerprint"] != election.fingerprint:
            raise CannotRun(
                f"the database {self.settings.postgres_db} holds the election {held['name']!r} with"
                f" {held['registered']:,} voters, which is not ELECTION={self.settings.election}"
                f" with {election.registered:,} as its files are now: set POSTGRES_DB to another database and"
                f" KAFKA_BOOTSTRAP_SERVERS to another Kafka, or {START_OVER}"
            )

    def _seed_voters(self, roll: Roll, done: int) -> None:
        """Adds the pages that are missing. While PostgreSQL takes one, the next is made."""
        pulse = Pulse("registered %s voters, %s/s")
        pages = (list(roll.page(number)) for number in range(done // PAGE_SIZE, roll.pages))
        with ThreadPoolExecutor(1, "pages") as beside:
            coming = beside.submit(next, pages, None)
            while page := coming.result():
                self.stop.check()
                coming = beside.submit(next, pages, None)
                self.database.run(partial(_add, "voters", VOTER_COLUMNS, page))
                pulse.add(len(page))
        pulse.report()

    def publish_roll(self, admin: AdminClient, producer: Producer) -> None:
        """Publishes every voter to voters_topic, with `voted_at` from the record, unless this topic has them all.

        The topic's id is kept: a topic made anew after Kafka was lost gets the whole roll again.
        """
        topic = topic_id(admin, topics.VOTERS)
        held = self.database.run(lambda connection: row(connection, "SELECT roll_published_to FROM election"))
        if held and held["roll_published_to"] == topic:
            if count_messages(self.settings, topics.VOTERS) >= self.election.registered:
                log.info("the roll is on %s", topics.VOTERS)
                return
            log.warning("%s has lost voters, as after a power cut: the roll is published again", topics.VOTERS)
        pulse = Pulse(f"published %s voters to {topics.VOTERS}, %s/s")

        def publish_all(connection: Connection) -> None:
            for voter in streamed(connection, VOTERS_AND_TIMES):
                publish(producer, topics.VOTERS, *voter_message(voter), self.stop)
                pulse.add(1)
                self.stop.check()

        self.database.run(publish_all)
        flush(producer, self.stop)
        self.database.run(lambda connection: _execute(connection, "UPDATE election SET roll_published_to = %s", topic))
        pulse.report()

    def restore_log(self, producer: Producer) -> None:
        """Publishes every recorded vote that votes_topic lacks."""
        lacking = self.database.run(lambda connection: {vote.voter_id for vote in _recorded_votes(connection)})
        candidates = self.database.run(candidate_ids)
        with closing(make_reader(self.settings, [topics.VOTES])) as reader:
            for messages in read_to_end(reader):
                self.stop.check()
                lacking.difference_update(vote.voter_id for vote in votes_in(messages, candidates))
        if not lacking:
            log.info("every recorded vote is on %s", topics.VOTES)
            return

        def publish_lacking(connection: Connection) -> None:
            for vote in _recorded_votes(connection):
                if vote.voter_id in lacking:
                    publish(producer, topics.VOTES, vote.voter_id, encode_vote(vote), self.stop)
                self.stop.check()

        self.database.run(publish_lacking)
        flush(producer, self.stop)
        log.warning("%s recorded votes were missing on %s: published again", f"{len(lacking):,}", topics.VOTES)


def _recorded_votes(connection: Connection) -> Iterator[Vote]:
    return (Vote(*stored) for stored in streamed(connection, "SELECT voter_id, candidate_id, voting_time FROM votes"))


def _add(table: str, columns: Sequence[str], added: Sequence[msgspec.Struct], connection: Connection) -> None:
    """Adds rows to a table, all or none, unless another main.py did."""
    values = [msgspec.structs.astuple(one) for one in added]
    _execute(connection, "SELECT pg_advisory_xact_lock(%s)", PREPARE_LOCK)
    if not row(connection, f"SELECT 1 FROM {table} WHERE {columns[0]} = %s", values[0][:1]):
        copy_rows(connection, table, columns, values)


def _execute(connection: Connection, statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
