"""voting.py's work: turns voters into votes, one each.

The order is the guarantee: record in PostgreSQL, publish what is stored there, flush, commit the offsets. Killed
anywhere, the batches under way come again: the record keeps the first vote, publishes it again, and the count ignores
the repeat.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from queue import SimpleQueue

from confluent_kafka import Consumer, Message, Producer

from election.casting.pace import Pace
from election.casting.record import Ballot, record_votes
from election.model import topics
from election.model.ballots import Ballots
from election.model.definition import Election
from election.model.errors import CannotRun, Malformed
from election.model.messages import Vote, Voter, encode_vote, parse_voter
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import flush, good_messages, publish
from election.platform.postgres import Database, wait_for_row
from election.platform.runtime import Pulse, Stop

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
# Each records a batch at a time; PostgreSQL needs a process for each, so more of them than cores gain nothing.
CONNECTIONS = 2
SKIPS_LOGGED = 10


def wait_for_election(database: Database, election: Election, stop: Stop) -> None:
    """Returns when the database holds this election: another one's voters would vote otherwise.

    Raises CannotRun when it holds another.
    """
    query = "SELECT name, fingerprint FROM election"
    held = wait_for_row(database, query, "the election", stop, "main.py prepares it")
    if held["fingerprint"] != election.fingerprint:
        raise CannotRun(
            f"the database {database.settings.postgres_db} holds the election {held['name']!r} with other voters than"
            f" ELECTION={database.settings.election} here: set ELECTION and VOTERS as for main.py"
        )


def parse_voters(messages: Sequence[Message]) -> list[Voter]:
    """The voters in these messages of voters_topic. Malformed ones are logged with their position and skipped."""
    voters, skipped = [], []
    for message in messages:
        try:
            voters.append(parse_voter(message.value()))
        except Malformed as error:
            skipped.append(f"{topics.VOTERS} partition {message.partition()} offset {message.offset()}: {error}")
    _log_skipped(skipped)
    return voters


def _log_skipped(skipped: Sequence[str]) -> None:
    """A line for each of the first few, and how many more there were: a flood of bad messages is none in the log."""
    for what in skipped[:SKIPS_LOGGED]:
        log.warning("skipped %.300s", what)
    if len(skipped) > SKIPS_LOGGED:
        log.warning("skipped %d more like these", len(skipped) - SKIPS_LOGGED)


def cast_votes(voters: Sequence[Voter], ballots: Ballots, now: datetime) -> list[Ballot]:
    """The votes of those who have neither voted nor abstain. Voters of another election are logged and skipped."""
    votes, skipped = [], []
    for voter in voters:
        if voter.voted_at is not None:
            continue
        try:
            choice = ballots.choice(voter.registration_number)
        except ValueError as error:
            skipped.append(f"voter {voter.voter_id:.64}: {error}")
            continue
        if choice is not None:
            votes.append((voter.registration_number, Vote(voter.voter_id, choice, now)))
    _log_skipped(skipped)
    return votes


def _log_strangers(cast: Sequence[Ballot], stored: Sequence[Ballot]) -> None:
    """Names the voters whom the roll does not have, or has under another registration number."""
    if len(stored) == len(cast):
        return
    found = {(registration, vote.voter_id) for registration, vote in stored}
    strangers = sorted({(registration, vote.voter_id) for registration, vote in cast} - found)
    _log_skipped([f"voter {voter_id:.64}: not on the roll under {number!r}" for number, voter_id in strangers])


@dataclass(frozen=True)
class Batch:
    """Votes that are cast and not recorded yet, and the messages that their voters came in."""

    votes: list[Ballot]
    messages: list[Message]


def take_batch(voters: Consumer, ballots: Ballots, pace: Pace, wait_seconds: float) -> Batch | None:
    """The votes of the next voters, as many as may vote now; None when nobody comes in time."""
    allowed = pace.allowance()
    if not allowed:
        time.sleep(min(wait_seconds, pace.seconds_to_next()))
        return None
    messages = good_messages(voters.consume(allowed, wait_seconds))
    if not messages:
        return None
    votes = cast_votes(parse_voters(messages), ballots, datetime.now(UTC))
    pace.spend(len(votes))
    return Batch(votes, messages)


def record_batch(free: SimpleQueue[Database], batch: Batch) -> list[Ballot]:
    """What is recorded for the batch's voters, now or before; on a connection that no other batch has meanwhile."""
    if not batch.votes:
        return []
    database = free.get()
    try:
        return database.run(partial(record_votes, batch.votes))
    finally:
        free.put(database)


def run_voting(
    databases: Sequence[Database],
    voters: WatchingConsumer,
    producer: Producer,
    ballots: Ballots,
    pace: Pace,
    stop: Stop,
) -> None:
    """Casts the votes of everybody on voters_topic, and of those who come later, until told to stop.

    While each of `databases` records a batch, the next is prepared. Batches are published, and their offsets committed,
    in the order in which they were read.
    """
    pulse = Pulse("cast %s votes, %s/s")
    free: SimpleQueue[Database] = SimpleQueue()
    for database in databases:
        free.put(database)
    recording: deque[tuple[Batch, Future[list[Ballot]]]] = deque()
    with ThreadPoolExecutor(len(databases), "record") as recorders:
        while stop.at_work() or recording:
            coming = None if stop.is_set() else take_batch(voters, ballots, pace, 0 if recording else POLL_SECONDS)
            if coming:
                recording.append((coming, recorders.submit(record_batch, free, coming)))
            if recording and (len(recording) > len(databases) or not coming):
                batch, recorded = recording.popleft()
                stored = recorded.result()
                _log_strangers(batch.votes, stored)
                for _, vote in stored:
                    publish(producer, topics.VOTES, vote.voter_id, encode_vote(vote), stop)
                flush(producer, stop)
                voters.commit_read(batch.messages)
                pulse.add(len(stored))
    pulse.report()
