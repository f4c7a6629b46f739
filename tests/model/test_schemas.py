"""The message contracts: made from the code, and of one mind with the readers, the named exceptions aside."""

import json
import re
from datetime import UTC, datetime
from itertools import product

import jsonschema
import msgspec
import pytest
import simplejson

from election.model import schemas, topics
from election.model.definition import load_election
from election.model.errors import Malformed
from election.model.messages import (
    Reason,
    Verdict,
    Vote,
    encode_verdict,
    encode_vote,
    encode_voter,
    parse_vote,
    parse_voter,
)
from election.results.board import Board
from election.seeding.people import Offline
from election.seeding.roll import Roll
from tests.support.messages import CORPUS, HOSTILE, NOON, VOTER, made_messages, vote

# What a schema can't say of a vote, as docs/messages.md names it, and the reason that the readers give.
BEYOND_A_SCHEMA = {
    "The key": Reason.WRONG_KEY,
    "A field twice": Reason.NOT_JSON,
    "Half a character": Reason.NOT_JSON,
    "A number with a point": Reason.NOT_A_VOTE,
    "The calendar": Reason.NO_TIME,
}
TALLY = {"candidate_id": "1", "total_votes": 5, "last_vote_at": "2026-05-07T12:00:00Z"}
VALIDATORS = {topic: jsonschema.Draft202012Validator(schemas.make_schema(topic)) for topic in schemas.CONTRACTS}


def schema_accepts(topic, value):
    """Whether the bytes are JSON and the schema of the topic accepts it."""
    try:
        fields = json.loads((value or b"").decode(), parse_constant=float.fromhex)
    except (ValueError, RecursionError):
        return False
    return VALIDATORS[topic].is_valid(fields)


def refusal(parse, *message):
    """Why a reader refuses a message; None when it accepts it."""
    try:
        parse(*message)
    except Malformed as error:
        return str(error)
    return None


def test_every_topic_has_its_schema_and_the_files_are_what_the_types_say():
    assert schemas.CONTRACTS.keys() == {topic.name for topic in topics.ALL}
    held = {path.name: path.read_text() for path in schemas.FOLDER.glob("*.json")}
    assert held == schemas.make_files()
    for validator in VALIDATORS.values():
        validator.check_schema(validator.schema)


def test_the_asyncapi_document_has_every_topic_with_its_schema():
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(schemas.make_asyncapi()))
    assert sorted(references) == sorted(f"./{topic.name}.json" for topic in topics.ALL)


def test_schema_and_readers_give_every_vote_the_same_verdict():
    named = set()
    for key, value in (*CORPUS, *made_messages(300)):
        reason = refusal(parse_vote, key, value)
        if schema_accepts(topics.VOTES, value):
            named.add(reason)
        else:
            assert reason, value
    assert named == {None, *BEYOND_A_SCHEMA.values()}


@pytest.mark.parametrize("name", BEYOND_A_SCHEMA)
def test_what_a_schema_can_not_say_is_explained(name):
    good = json.dumps(vote())
    value = {
        "The key": good,
        "A field twice": good[:-1] + ', "vote": 1}',
        "Half a character": good.replace('"candidate_id": "1"', '"candidate_id": "\\ud800"'),
        "A number with a point": good.replace('"vote": 1', '"vote": 1.0'),
        "The calendar": good.replace(NOON, "2026-02-29T12:00:00Z"),
    }[name].encode()
    assert schema_accepts(topics.VOTES, value)
    assert refusal(parse_vote, b"another" if name == "The key" else VOTER.encode(), value) == BEYOND_A_SCHEMA[name]
    assert f"| {name} |" in (schemas.FOLDER.parents[2] / "docs" / "messages.md").read_text()


def test_schema_and_reader_give_every_voter_the_same_verdict():
    good = {"voter_id": "v1", "registration_number": "000-0000001", "voted_at": None}
    odd = (*HOSTILE, "", None, 1, True, [], {})
    changed = [simplejson.dumps({**good, name: value}).encode() for name, value in product(good, odd)]
    for value in (*changed, *(value for _, value in CORPUS)):
        assert schema_accepts(topics.VOTERS, value) == (refusal(parse_voter, value) is None), value


@pytest.mark.parametrize("topic", topics.AGGREGATED, ids=lambda topic: topic.name)
def test_schema_and_reader_give_every_tally_the_same_verdict(topic):
    good = {**TALLY, **dict.fromkeys(topic.key, "1")}
    if "minute" in good:
        good["minute"] = "2026-05-07T12:00Z"
    odd = (*HOSTILE, None, True, 1.5, -1, 2**63, 10**400, [], {}, "5", "", "x" * 1001)
    changed = [{**good, name: value} for name, value in product((*good, "registered", "photo_url"), odd)]
    lacking = [{name: value for name, value in good.items() if name != missing} for missing in topic.key]
    for fields in (good, {**good, "added": [1]}, *changed, *lacking):
        board, value = Board(), simplejson.dumps(fields).encode()
        board.apply(topic.name, "|".join(str(fields.get(name)) for name in topic.key).encode(), value, None, 0.0)
        assert schema_accepts(topic.name, value) == (board.malformed == 0), fields


def test_what_the_scripts_write_keeps_the_contracts():
    election = load_election("simulated", 20)
    row = next(iter(Roll(election, Offline(election)).page(0)))
    assert schema_accepts(topics.VOTERS, encode_voter(msgspec.structs.asdict(row), datetime.now(UTC)))
    assert schema_accepts(topics.VOTES, encode_vote(Vote("v1", "1", datetime.now(UTC))))
    verdict = Verdict(agrees=True, votes=5, root="0" * 64, audited_at=datetime.now(UTC), differences=0)
    assert schema_accepts(topics.AUDIT_VERDICTS, encode_verdict(verdict))
    for reason in Reason:
        assert VALIDATORS[topics.REJECTED_VOTES].is_valid({"reason": str(reason), "partition": "0", "offset": "17"})
