"""Finds the steps of one vote: the row of the roll, the record, the log, the total, the mark on the live roll."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zlib import crc32

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from psycopg2.extensions import connection as Connection

from election.model import topics
from election.model.errors import Malformed, UsageError
from election.model.messages import Vote, parse_tally, parse_vote, parse_voter
from election.platform.kafka import good_messages
from election.platform.kafka_topics import READ_MESSAGES, READ_SECONDS, STALLED_SECONDS, end_offsets
from election.platform.postgres import row
from election.platform.refusals import DENIED

TOPICS = topics.VOTES, topics.REJECTED_VOTES, topics.VOTES_PER_CANDIDATE, topics.VOTERS
NEWEST_QUERY = "SELECT voter_id FROM votes ORDER BY voting_time DESC LIMIT 1"
VOTER_QUERY = """
    SELECT voter_id, state, gender, age_group, candidate_id, voting_time
    FROM roll LEFT JOIN votes USING (voter_id) WHERE voter_id = %s"""


class Step(NamedTuple):
    """One step of the way: where it is to be seen, what is there, and when that came there."""

    where: str
    what: str
    at: datetime | None = None


def find_voter(connection: Connection, voter_id: str | None) -> dict[str, Any]:
    """The voter's row of the roll with the recorded vote, if there is one.

    Raises UsageError when there is no such voter, or no vote at all.
    """
    if voter_id is None:
        newest = row(connection, NEWEST_QUERY)
        if newest is None:
            raise UsageError("no vote is recorded yet: voting.py casts them")
        voter_id = newest["voter_id"]
    voter = row(connection, VOTER_QUERY, (voter_id,))
    if voter is None:
        raise UsageError(f"nobody on the roll is voter {voter_id!r}: give a voter_id of the table voters")
    return voter


def home_of(key: bytes, partitions: int) -> int:
    """The partition in which librdkafka's default partitioner, consistent_random, puts a message with this key."""
    return crc32(key) % partitions


def read_partition(reader: Consumer, topic: str, partition: int, since: datetime | None) -> Iterator[Message]:
    """What is on a partition now, from the first message that is not older than `since`.

    Raises KafkaException.
    """
    start = TopicPartition(topic, partition, int(since.timestamp() * 1000) if since else 0)
    if since:
        [start] = reader.offsets_for_times([start], timeout=10)
    _, end = reader.get_watermark_offsets(start, timeout=10)
    if not 0 <= start.offset < end:
        return
    reader.assign([start])
    heard_at = time.monotonic()
    while time.monotonic() - heard_at < STALLED_SECONDS:
        for message in good_messages(reader.consume(READ_MESSAGES, READ_SECONDS)):
            heard_at = time.monotonic()
            yield message
            if message.offset() == end - 1:
                return
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no message on {topic} for {STALLED_SECONDS} s"))


def find_messages(reader: Consumer, topic: str, key: bytes, since: datetime | None) -> Iterator[Message]:
    """The messages with this key: those since a time in the key's own partition, or, if there are none, all of them."""
    partitions = [partition for _, partition in end_offsets(reader, topic)]
    home = home_of(key, len(partitions))
    for partition, start in [(home, since), *((any_, None) for any_ in partitions if since or any_ != home)]:
        found = False
        for message in read_partition(reader, topic, partition, start):
            if message.key() == key:
                found = True
                yield message
        if found:
            return


def trace(reader: Consumer, voter: dict[str, Any], names: Mapping[str, str]) -> Iterator[Step]:
    """The steps of the voter's vote, in the order of its way; `names` are those of the candidates.

    Raises KafkaException.
    """
    key, cast_at = voter["voter_id"].encode(), voter["voting_time"]
    yield Step("table roll", f"{voter['state']}, {voter['gender']}, {voter['age_group']}")
    if cast_at:
        yield Step("table votes", f"a vote for {_candidate(voter['candidate_id'], names)}, cast", cast_at)
    else:
        yield Step("table votes", "no vote is recorded")
    logged = next(find_messages(reader, topics.VOTES, key, cast_at), None)
    if logged is None:
        yield Step(topics.VOTES, "no message has this voter_id as its key")
    else:
        yield from _trace_message(reader, logged, names)
    yield _trace_roll(reader, key, cast_at)


def _candidate(candidate_id: str, names: Mapping[str, str]) -> str:
    if candidate_id not in names:
        return f"candidate {candidate_id!r:.40}, who does not stand"
    return f"candidate {candidate_id} ({names[candidate_id]})"


def _trace_message(reader: Consumer, logged: Message, names: Mapping[str, str]) -> Iterator[Step]:
    """The message on the log, and what became of it."""
    vote = None
    try:
        vote = parse_vote(logged.key(), logged.value())
    except Malformed as error:
        yield Step(_place(logged), f"a message that is no vote: {error}", _sent_at(logged))
    else:
        yield Step(_place(logged), f"a vote for {_candidate(vote.candidate_id, names)}", _sent_at(logged))
    for message in read_partition(reader, topics.REJECTED_VOTES, 0, _sent_at(logged)):
        headers: dict[str, Any] = dict(message.headers() or [])
        if (headers.get("partition"), headers.get("offset")) == _position(logged):
            yield Step(_place(message), f"rejected: {headers['reason'].decode()}", _sent_at(message))
            return
    yield Step(topics.REJECTED_VOTES, "this message is not among them")
    if vote:
        yield from _trace_tally(reader, vote)


def _trace_tally(reader: Consumer, vote: Vote) -> Iterator[Step]:
    """The first total that is as new as the vote, and the newest one."""
    first = newest = None
    for message in find_messages(reader, topics.VOTES_PER_CANDIDATE, vote.candidate_id.encode(), vote.voting_time):
        try:
            tally = parse_tally(message.value())
        except Malformed:
            continue
        if tally.newest_vote_at >= vote.voting_time:
            newest = message, tally
            first = first or newest
    if not first or not newest:
        yield Step(topics.VOTES_PER_CANDIDATE, f"no total of candidate {vote.candidate_id} is as new as this vote yet")
        return
    for (message, tally), words in ((first, "the first as new as this vote"), (newest, "the newest")):
        yield Step(_place(message), f"total {tally.total_votes:,}, {words}", _sent_at(message))


def _trace_roll(reader: Consumer, key: bytes, cast_at: datetime | None) -> Step:
    """The newest message about the voter on the live roll."""
    try:
        found = list(find_messages(reader, topics.VOTERS, key, cast_at))
    except KafkaException as error:
        if error.args[0].code() not in DENIED:
            raise
        return Step(topics.VOTERS, "not shown: it has personal data, which the login auditor may not read")
    if not found:
        return Step(topics.VOTERS, "no message has this voter_id as its key")
    try:
        marked = "marked as voted" if parse_voter(found[-1].value()).voted_at else "not marked as voted yet"
    except Malformed as error:
        marked = f"a message that is no voter: {error}"
    return Step(_place(found[-1]), marked, _sent_at(found[-1]))


def _place(message: Message) -> str:
    return f"{message.topic()} {message.partition()}/{message.offset()}"


def _position(message: Message) -> tuple[bytes, bytes]:
    return str(message.partition()).encode(), str(message.offset()).encode()


def _sent_at(message: Message) -> datetime:
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
