"""The steps of the count on a real Spark, as plain DataFrames."""

from datetime import UTC, datetime

import pytest
import simplejson

from election.counting.lookups import find_candidate, find_registered, find_voter, register_lookups
from election.counting.tallies import (
    first_votes,
    label_tallies,
    parse_messages,
    reject_votes,
    tally_votes,
    validate_votes,
)
from election.model import topics
from election.model.messages import Reason, Vote, encode_vote, parse_tally

NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
MESSAGE = "key binary, value binary, partition int, offset long"
CANDIDATES = [("a", "Ann", "Red", "http://photos/a"), ("b", "Bob", "Blue", "")]
ROLL = [("v1", "North", "female", "18-24"), ("v2", "North", "male", "25-34"), ("v3", "South", "male", "25-34")]
REGISTERED = [(f"{topics.TURNOUT_BY_LOCATION}|North", "2"), (f"{topics.TURNOUT_BY_AGE_GROUP}|25-34", "2")]


@pytest.fixture(scope="module", autouse=True)
def lookups(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lookups")
    for lookup, lines in (find_candidate, CANDIDATES), (find_voter, ROLL), (find_registered, REGISTERED):
        (folder / lookup.file).write_text("".join("\t".join(line) + "\n" for line in lines))
    register_lookups(spark, folder)


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
    assert ann.newest_vote_at == NOON
    assert found[topics.TURNOUT_BY_LOCATION, "North"].registered == 2
    assert found[topics.TURNOUT_BY_AGE_GROUP, "25-34"].registered == 2


def test_each_bad_message_has_its_reason_and_keeps_its_bytes(spark):
    shape = {"voter_id": "v1", "candidate_id": "a", "voting_time": "2026-01-01T12:00:00Z", "vote": 1}
    cases = [
        ((b"v1", None), Reason.EMPTY),
        ((b"v1", b""), Reason.EMPTY),
        ((b"v1", b"\xff\xfe"), Reason.NOT_UTF8),
        ((b"v1", b"nonsense"), Reason.NOT_JSON),
        ((b"v1", simplejson.dumps(shape | {"vote": "1"}).encode()), Reason.NOT_A_VOTE),
        ((b"v1", simplejson.dumps(shape | {"name": "Ann"}).encode()), Reason.NOT_A_VOTE),
        ((b"v2", simplejson.dumps(shape).encode()), Reason.WRONG_KEY),
        ((None, simplejson.dumps(shape).encode()), Reason.WRONG_KEY),
        ((b"v1", simplejson.dumps(shape | {"vote": 2}).encode()), Reason.NOT_ONE),
        ((b"v1", simplejson.dumps(shape | {"voting_time": "2026-02-30T12:00:00Z"}).encode()), Reason.NO_TIME),
        (good("v1", "c"), Reason.UNKNOWN_CANDIDATE),
        (good("stranger"), Reason.UNREGISTERED),
    ]
    rejected = reject_votes(validated(spark, [message for message, _ in cases])).collect()
    found = {}
    for row in rejected:
        headers = {header.key: bytes(header.value).decode() for header in row.headers}
        found[int(headers["offset"])] = (row.key and bytes(row.key), row.value and bytes(row.value)), headers["reason"]
    assert [found[at] for at in range(len(cases))] == [
        ((key, value or value), reason) for (key, value), reason in cases
    ]


def test_a_bad_vote_never_uses_up_a_voters_turn(spark):
    messages = [good("v1", "nobody"), good("v1", "b")]
    votes = first_votes(validated(spark, messages)).collect()
    assert [(vote.voter_id, vote.candidate_id) for vote in votes] == [("v1", "b")]
