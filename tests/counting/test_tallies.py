"""The steps of the count on a real Spark, as plain DataFrames."""

from datetime import UTC, datetime
from struct import pack

import pytest

from election.counting.lookups import find_candidate, find_registered, find_voter, register_lookups
from election.counting.tallies import (
    first_votes,
    label_tallies,
    parse_messages,
    tally_votes,
    validate_votes,
)
from election.model import topics
from election.model.messages import Vote, encode_vote, parse_tally

NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
MESSAGE = "key binary, value binary, partition int, offset long"
CANDIDATES = [("a", "Ann", "Red", "http://photos/a"), ("b", "Bob", "Blue", "")]
ROLL = [("v1", "North", "female", "18-24"), ("v2", "North", "male", "25-34"), ("v3", "South", "male", "25-34")]
REGISTERED = [(f"{topics.TURNOUT_BY_LOCATION}|North", "2"), (f"{topics.TURNOUT_BY_AGE_GROUP}|25-34", "2")]


@pytest.fixture(scope="module", autouse=True)
def lookups(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lookups")
    for lookup, lines in (find_candidate, CANDIDATES), (find_voter, ROLL), (find_registered, REGISTERED):
        (folder / lookup.file).write_bytes(copied(lines))
    register_lookups(spark, folder)


def copied(lines):
    """As PostgreSQL's COPY writes them in its binary format: a header, each field behind its length, and an end."""
    fields = ((len(line), [text.encode() for text in line]) for line in lines)
    rows = (pack(">h", n) + b"".join(pack(">i", len(text)) + text for text in texts) for n, texts in fields)
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"".join(rows) + pack(">h", -1)


def good(voter_id, candidate_id="a", time=NOON):
    return voter_id.encode(), encode_vote(Vote(voter_id, candidate_id, time))


def validated(spark, messages):
    rows = [(key and bytearray(key), value and bytearray(value), 0, at) for at, (key, value) in enumerate(messages)]
    return validate_votes(parse_messages(spark.createDataFrame(rows, MESSAGE)))


def test_votes_are_tallied_in_every_aggregate(spark):
    messages = [good("v1"), good("v2"), good("v3", "b", NOON.replace(minute=1)), good("v1")]
    votes = first_votes(validated(spark, messages))
    tallies = label_tallies(tally_votes(votes)).collect()
    found = {(row.topic, row.key): parse_tally(row.value.encode()) for row in tallies}
    totals = {key: tally.total_votes for key, tally in found.items()}
    assert totals == {
        (topics.VOTES_PER_CANDIDATE, "a"): 2,
        (topics.VOTES_PER_CANDIDATE, "b"): 1,
        (topics.VOTES_PER_PARTY, "Red"): 2,
        (topics.VOTES_PER_PARTY, "Blue"): 1,
        (topics.TURNOUT_BY_LOCATION, "North"): 2,
        (topics.TURNOUT_BY_LOCATION, "South"): 1,
        (topics.VOTES_BY_LOCATION, "North|a"): 2,
        (topics.VOTES_BY_LOCATION, "South|b"): 1,
        (topics.TURNOUT_BY_GENDER, "female"): 1,
        (topics.TURNOUT_BY_GENDER, "male"): 2,
        (topics.TURNOUT_BY_AGE_GROUP, "18-24"): 1,
        (topics.TURNOUT_BY_AGE_GROUP, "25-34"): 2,
        (topics.VOTES_BY_GENDER, "female|a"): 1,
        (topics.VOTES_BY_GENDER, "male|a"): 1,
        (topics.VOTES_BY_GENDER, "male|b"): 1,
        (topics.VOTES_BY_AGE_GROUP, "18-24|a"): 1,
        (topics.VOTES_BY_AGE_GROUP, "25-34|a"): 1,
        (topics.VOTES_BY_AGE_GROUP, "25-34|b"): 1,
        (topics.VOTES_PER_MINUTE, "2026-01-01T12:00Z|a"): 2,
        (topics.VOTES_PER_MINUTE, "2026-01-01T12:01Z|b"): 1,
    }
    ann = found[topics.VOTES_PER_CANDIDATE, "a"]
    assert (ann.candidate_name, ann.party_affiliation, ann.photo_url) == ("Ann", "Red", "http://photos/a")
    assert ann.last_vote_at == NOON
    assert found[topics.TURNOUT_BY_LOCATION, "North"].registered == 2
    assert found[topics.TURNOUT_BY_AGE_GROUP, "25-34"].registered == 2


def test_a_bad_vote_never_uses_up_a_voters_turn(spark):
    messages = [good("v1", "nobody"), good("v1", "b")]
    votes = first_votes(validated(spark, messages)).collect()
    assert [(vote.voter_id, vote.candidate_id) for vote in votes] == [("v1", "b")]
