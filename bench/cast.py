"""How fast votes are cast: `voting.py`, one process and several, beside the same work done plainly and the floor.

`voting.py` is measured from outside, from its first recorded vote to its last vote on votes_topic. The floor is COPY
into a table like `votes` plus producing the same bytes, in batches of the same size, without any logic.
"""

import time
from datetime import UTC, datetime

from psycopg2.extensions import connection as Connection

from bench.harness import election, message_count, until
from election.model import topics
from election.model.definition import load_election
from election.model.messages import Vote, encode_vote
from election.platform.kafka import make_producer
from election.platform.postgres import connect, copy_rows, transaction
from election.platform.settings import Settings
from local.pipeline import Pipeline

PLAIN_SECONDS, SLEEP_SECONDS = 6, 0.2
PROCESSES = 1, 2, 4
LOOK_SECONDS = 0.25
FLOOR = "floor: COPY and produce, no logic"


def measure(voters: int) -> dict[str, float]:
    """Votes per second of each way, by its name."""
    rates: dict[str, float] = {}
    for processes in PROCESSES:
        with election(VOTERS=str(voters), RATE="0", KAFKA_PARTITIONS="4") as (pipeline, settings):
            if not rates:
                rates = {
                    "one row a commit, 0.2 s sleep (the well-known way)": plain(settings, pause_seconds=SLEEP_SECONDS),
                    "one row a commit": plain(settings, pause_seconds=0),
                    FLOOR: floor(settings, voters),
                }
            name = f"voting.py, {processes} {'process' if processes == 1 else 'processes'}"
            rates[name] = cast(pipeline, settings, processes)
    return rates


def cast(pipeline: Pipeline, settings: Settings, processes: int) -> float:
    """Votes per second from the first vote on votes_topic, which is recorded by then, to the last."""
    with message_count(settings, topics.VOTES) as on_the_log:
        before = on_the_log()
        expected = before + load_election(settings.election, settings.voters).ballots
        voting = [pipeline.start(f"voting-{number}") for number in range(1, processes + 1)]
        until(lambda: on_the_log() > before, "the first vote", LOOK_SECONDS)
        started, first = time.monotonic(), on_the_log()
        until(lambda: on_the_log() >= expected, "all votes are on the log", LOOK_SECONDS)
        rate = (expected - first) / (time.monotonic() - started)
    for process in voting:
        process.stop()
    return rate


def some_voters(settings: Settings, count: int) -> list[Vote]:
    with transaction(settings) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT voter_id FROM voters LIMIT %s", (count,))
        now = datetime.now(UTC)
        return [Vote(voter_id, "1", now) for (voter_id,) in cursor]


def scratch_table(connection: Connection) -> None:
    """A table with the rules of `votes` but another name, so that the election's own votes stay to be cast."""
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS scratch")
        cursor.execute(
            "CREATE TABLE scratch (voter_id text PRIMARY KEY REFERENCES voters,"
            " candidate_id text NOT NULL REFERENCES candidates, voting_time timestamptz NOT NULL)"
        )


def plain(settings: Settings, pause_seconds: float) -> float:
    """Insert, commit, produce and flush, one vote after the other."""
    connection, producer = connect(settings), make_producer(settings)
    scratch_table(connection)
    votes = some_voters(settings, 20_000)
    started, done = time.monotonic(), 0
    while time.monotonic() - started < PLAIN_SECONDS and done < len(votes):
        vote = votes[done]
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO scratch VALUES (%s, %s, %s)", (vote.voter_id, vote.candidate_id, vote.voting_time)
            )
        producer.produce(topics.REJECTED_VOTES, encode_vote(vote), vote.voter_id)
        producer.flush()
        done += 1
        if pause_seconds:
            time.sleep(pause_seconds)
    connection.close()
    return done / (time.monotonic() - started)


def floor(settings: Settings, voters: int) -> float:
    """The least that casting can cost: COPY into the table, commit, produce the same bytes, flush."""
    connection, producer = connect(settings), make_producer(settings)
    scratch_table(connection)
    votes = some_voters(settings, voters)
    messages = [(vote.voter_id, encode_vote(vote)) for vote in votes]
    rows = [(vote.voter_id, vote.candidate_id, vote.voting_time.isoformat()) for vote in votes]
    started = time.monotonic()
    size = settings.voting_batch_size
    for at in range(0, len(votes), size):
        with connection:
            copy_rows(connection, "scratch", ("voter_id", "candidate_id", "voting_time"), rows[at : at + size])
        for key, value in messages[at : at + size]:
            producer.produce(topics.REJECTED_VOTES, value, key)
        producer.flush()
    seconds = time.monotonic() - started
    connection.close()
    return len(votes) / seconds
