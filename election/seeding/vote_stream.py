"""main.py's vote stream: for each vote that is seen, the voter goes back to voters_topic with `voted_at`."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from confluent_kafka import Message, Producer
from psycopg2.extensions import connection as Connection

from election.model import topics
from election.model.errors import Malformed
from election.model.messages import Vote, encode_voter, parse_vote
from election.model.rows import VOTER_COLUMNS
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import flush, good_messages, publish
from election.platform.postgres import Database, rows
from election.platform.runtime import Pulse, Stop

log = logging.getLogger(__name__)

BATCH_SIZE, POLL_SECONDS = 2000, 0.2
# Each voter's columns, and the time of the recorded vote or null.
VOTERS_AND_TIMES = f"SELECT {', '.join(VOTER_COLUMNS)}, voting_time FROM voters LEFT JOIN votes USING (voter_id)"


def candidate_ids(connection: Connection) -> set[str]:
    return {candidate["candidate_id"] for candidate in rows(connection, "SELECT candidate_id FROM candidates")}


def votes_in(messages: Iterable[Message], candidates: set[str]) -> Iterator[Vote]:
    """The votes for one of the candidates in these messages of votes_topic. The others are the count's to reject."""
    for message in messages:
        try:
            vote = parse_vote(message.key(), message.value())
        except Malformed:
            continue
        if vote.candidate_id in candidates:
            yield vote


def voter_message(row: Sequence[Any], times: Mapping[str, datetime] | None = None) -> tuple[str, bytes]:
    """(voter_id, message for voters_topic) of a row of VOTERS_AND_TIMES; `times` has those of votes not recorded."""
    *columns, recorded = row
    voter = dict(zip(VOTER_COLUMNS, columns, strict=True))
    return voter["voter_id"], encode_voter(voter, recorded or (times or {}).get(voter["voter_id"]))


def enriched_voters(times: dict[str, datetime], connection: Connection) -> list[tuple[str, bytes]]:
    """(voter_id, message for voters_topic) of each registered voter; the time is the record's where it has one.

    A voter whose vote was never recorded is among them: it is on the log, so it counts, and a second one would not.
    """
    asked = [voter_id for voter_id in times if "\0" not in voter_id]
    with connection.cursor() as cursor:
        cursor.execute(f"{VOTERS_AND_TIMES} WHERE voter_id = ANY(%s)", (asked,))
        return [voter_message(row, times) for row in cursor]


def manage_vote_stream(database: Database, votes: WatchingConsumer, producer: Producer, stop: Stop) -> None:
    """Publishes the voter of each vote until told to stop. Offsets are committed last: a killed batch is done again."""
    pulse = Pulse(f"marked %s voters as voted on {topics.VOTERS}, %s/s")
    candidates = database.run(candidate_ids)
    while stop.at_work():
        messages = good_messages(votes.consume(BATCH_SIZE, POLL_SECONDS))
        if not messages:
            continue
        # Backwards, so that the first vote of a voter stays.
        times = {vote.voter_id: vote.voting_time for vote in votes_in(reversed(messages), candidates)}
        voted = database.run(partial(enriched_voters, times))
        for voter_id, value in voted:
            publish(producer, topics.VOTERS, voter_id, value, stop)
        flush(producer, stop)
        votes.commit_read(messages)
        pulse.add(len(voted))
    pulse.report()
