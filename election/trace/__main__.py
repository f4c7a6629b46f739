"""The way of one vote, with the time at each step: PostgreSQL, Kafka, and the total that Spark made of it.

    python -m election.trace VOTER_ID    the way of this voter's vote
    python -m election.trace             the way of the newest vote

It logs in as `auditor`, who sees for whom a voter voted, and of the voter no more than place, gender and age group.
Exit code 2: it could not look.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from confluent_kafka import KafkaException, Message
from psycopg2.extensions import connection as Connection

from election.model import topics
from election.model.errors import Malformed, UsageError
from election.model.messages import Vote, parse_tally, parse_vote, parse_voter
from election.platform.kafka_topics import read_topic
from election.platform.postgres import row, transaction
from election.platform.refusals import DENIED
from election.platform.settings import Settings, load_settings
from election.results.look import read_candidates, run_command

MILLISECOND = timedelta(milliseconds=1)
VOTER_QUERY = """
    SELECT voter_id, state, gender, age_group, candidate_id, voting_time FROM roll LEFT JOIN votes USING (voter_id)
    WHERE voter_id = coalesce(%s, (SELECT voter_id FROM votes ORDER BY voting_time DESC LIMIT 1))"""


class Step(NamedTuple):
    """One step of the way: where it is to be seen, what is there, and when that came there."""

    where: str
    what: str
    at: datetime | None = None


def find_voter(connection: Connection, voter_id: str | None) -> dict[str, Any]:
    """The row of the roll of this voter, or of the newest vote's, with the recorded vote, if there is one.

    Raises UsageError when there is no such voter, or no vote at all.
    """
    if voter := row(connection, VOTER_QUERY, (voter_id,)):
        return voter
    if voter_id is None:
        raise UsageError("no vote is recorded yet: voting.py casts them")
    raise UsageError(f"nobody on the roll is voter {voter_id!r}: give a voter_id of the table voters")


def trace(settings: Settings, voter: dict[str, Any], names: Mapping[str, str]) -> Iterator[Step]:
    """The steps of the voter's vote, in the order of its way; `names` are those of the candidates.

    Raises KafkaException.
    """
    key, cast_at = voter["voter_id"].encode(), voter["voting_time"]
    yield Step("table roll", f"{voter['state']}, {voter['gender']}, {voter['age_group']}")
    if cast_at:
        yield Step("table votes", f"{_choice(voter['candidate_id'], names)}, cast", cast_at)
    else:
        yield Step("table votes", "no vote is recorded")
    logged = next(read_topic(settings, topics.VOTES, key), None)
    if logged is None:
        yield Step(topics.VOTES, "no message has this voter_id as its key")
    else:
        yield from _trace_message(settings, logged, names)
    yield _trace_roll(settings, key)


def _choice(candidate_id: str, names: Mapping[str, str]) -> str:
    if candidate_id not in names:
        return f"a vote for candidate {candidate_id!r:.40}, who does not stand"
    return f"a vote for candidate {candidate_id} ({names[candidate_id]})"


def _trace_message(settings: Settings, logged: Message, names: Mapping[str, str]) -> Iterator[Step]:
    """The message on the log, and what became of it."""
    vote = None
    try:
        vote = parse_vote(logged.key(), logged.value())
        yield _step(logged, _choice(vote.candidate_id, names))
    except Malformed as error:
        yield _step(logged, f"a message that is no vote: {error}")
    position = {"partition": str(logged.partition()).encode(), "offset": str(logged.offset()).encode()}
    for message in read_topic(settings, topics.REJECTED_VOTES):
        headers: dict[str, Any] = dict(message.headers() or [])
        if position.items() <= headers.items():
            yield _step(message, f"rejected: {headers['reason'].decode()}")
            return
    yield Step(topics.REJECTED_VOTES, "this message is not among them")
    if vote:
        yield _trace_tally(settings, vote)


def _trace_tally(settings: Settings, vote: Vote) -> Step:
    """The first total that is as new as the vote: it counted the vote, unless compaction removed the one that did."""
    for message in read_topic(settings, topics.VOTES_PER_CANDIDATE, vote.candidate_id.encode()):
        try:
            tally = parse_tally(message.value())
        except Malformed:
            continue
        if tally.last_vote_at >= vote.voting_time:
            return _step(message, f"total {tally.total_votes:,}, the first as new as this vote")
    return Step(topics.VOTES_PER_CANDIDATE, f"no total of candidate {vote.candidate_id} is as new as this vote yet")


def _trace_roll(settings: Settings, key: bytes) -> Step:
    """The newest message about the voter on the live roll."""
    try:
        found = list(read_topic(settings, topics.VOTERS, key))
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
    return _step(found[-1], marked)


def _step(message: Message, what: str) -> Step:
    sent_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    return Step(f"{message.topic()} {message.partition()}/{message.offset()}", what, sent_at)


def render(voter_id: str, steps: list[Step], cast_at: datetime | None) -> str:
    """A line for each step, with the milliseconds since the vote was cast."""
    wide = max(len(step.where) for step in steps), max(len(step.what) for step in steps)
    lines = [f"The vote of voter {voter_id}, all times in UTC:", ""]
    for where, what, at in steps:
        since = f"{(at - cast_at) / MILLISECOND:>+12,.0f} ms" if at and cast_at else ""
        shown = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}" if at else ""
        lines.append(f"{where:<{wide[0]}}  {what:<{wide[1]}}  {shown}{since}".rstrip())
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m election.trace", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("voter_id", nargs="?", metavar="VOTER_ID", help="default: the voter of the newest vote")
    wanted = parser.parse_args(arguments).voter_id

    def show() -> int:
        settings = load_settings(login="auditor")
        with transaction(settings, application_name="trace") as connection:
            voter = find_voter(connection, wanted)
            names = {candidate.candidate_id: candidate.candidate_name for candidate in read_candidates(connection)}
        steps = list(trace(settings, voter, names))
        sys.stdout.write(render(voter["voter_id"], steps, voter["voting_time"]) + "\n")
        return 0

    return run_command("election.trace", show)


if __name__ == "__main__":
    sys.exit(main())
