"""The messages on the topics: what is written is read back, and nothing that can be sent breaks a reader."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import simplejson
from hypothesis import example, given
from hypothesis import strategies as st

from election.model import topics
from election.model.errors import Malformed
from election.model.messages import (
    LARGEST_NUMBER,
    LONGEST_TEXT,
    Reason,
    Verdict,
    Vote,
    encode_verdict,
    encode_vote,
    encode_voter,
    parse_tally,
    parse_verdict,
    parse_vote,
    parse_voter,
)
from election.results.board import Board
from tests.support.messages import (
    NO_TIMES,
    NO_WHOLE_NUMBERS,
    TIMES,
    keys,
    message,
    text_message,
    values,
    vote,
)

names = st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=20)
moments = st.datetimes(
    datetime(1000, 1, 3), datetime(2999, 12, 29), timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])
)
TALLY = {"candidate_id": "1", "total_votes": 5, "last_vote_at": "2026-05-07T12:00:00Z"}
PER_CANDIDATE = topics.VOTES_PER_CANDIDATE


def judge(raw):
    """The vote, or the reason why it is none."""
    try:
        return parse_vote(*raw)
    except Malformed as error:
        return Reason(str(error))


@given(names, names, moments)
def test_a_vote_is_read_as_it_was_written(voter_id, candidate_id, time):
    vote = Vote(voter_id, candidate_id, time)
    assert parse_vote(voter_id.encode(), encode_vote(vote)) == vote


@given(keys, values)
def test_any_message_is_a_vote_or_has_a_reason_that_is_known(key, value):
    verdict = judge((key, value))
    if isinstance(verdict, Vote):
        assert verdict.voter_id.encode() == key
        assert verdict.voting_time.utcoffset() == timedelta(0)


@pytest.mark.parametrize("time", TIMES)
def test_a_time_in_utc_will_do(time):
    assert parse_vote(*message(vote(voting_time=time))).voting_time.tzinfo is not None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        *((message(vote(vote=number)), {Reason.NOT_A_VOTE, Reason.NOT_JSON}) for number in NO_WHOLE_NUMBERS),
        *((message(vote(voting_time=time)), {Reason.NO_TIME}) for time in NO_TIMES),
        ((b"v", None), {Reason.EMPTY}),
        ((b"v", b"\xff"), {Reason.NOT_UTF8}),
        (text_message("[1]"), {Reason.NOT_JSON}),
        (text_message(json.dumps(vote())[:-1] + ', "vote": 1}'), {Reason.NOT_JSON}),
        (text_message('{"voter_id": "\\ud800"}'), {Reason.NOT_JSON}),
        (message(vote(comment="hello")), {Reason.NOT_A_VOTE}),
        (message(vote(), key="another"), {Reason.WRONG_KEY}),
        ((None, message(vote())[1]), {Reason.WRONG_KEY}),
        (message(vote(vote=2)), {Reason.NOT_ONE}),
    ],
)
def test_each_kind_of_bad_vote_has_its_reason(raw, reason):
    assert judge(raw) in reason


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.dates()), moments | st.none())
def test_a_voter_is_written_with_every_field_and_read(row, voted_at):
    row = {**row, "voter_id": "v1", "registration_number": "000-0000001"}
    row.pop("voted_at", None)
    message = encode_voter(row, voted_at)
    voter = parse_voter(message)
    assert simplejson.loads(message).keys() == row.keys() | {"voted_at"}
    assert (voter.voter_id, voter.registration_number) == ("v1", "000-0000001")
    assert (voter.voted_at is None) == (voted_at is None)


BROKEN = b'"\\ud800"', b'"\xff"'
NO_TEXT = b'"a\\u0000b"', b'""', b"null", b"1", b"[]", b"{}"
FIELDS = {
    **dict.fromkeys(["voter_id", "registration_number"], (*BROKEN, *NO_TEXT)),
    "voter_name": BROKEN,
    "voted_at": (b"false", b"0", b"5", b"[]", b"{}"),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in FIELDS.items() for value in values])
def test_a_voter_with_a_field_that_postgresql_can_not_hold_is_malformed(name, value):
    fields = {"voter_id": b'"v1"', "registration_number": b'"000-0000001"', name: value}
    with pytest.raises(Malformed, match=f"{name}|not JSON in UTF-8"):
        parse_voter(b"{%s}" % b", ".join(b'"%s": %s' % (key.encode(), text) for key, text in fields.items()))


VERDICT = Verdict(agrees=True, votes=3, root="0a" * 32, audited_at=datetime(2026, 5, 7, 12, tzinfo=UTC), differences=0)


def test_a_verdict_is_read_as_it_was_written_and_may_have_more_fields():
    fields = simplejson.loads(encode_verdict(VERDICT))
    assert parse_verdict(simplejson.dumps({**fields, "auditor": "somebody"}).encode()) == VERDICT


BAD = {
    parse_verdict: {
        "agrees": (1, "true", None),
        "votes": (-1, "3", 1.5, None),
        "root": ("", "<b>", "0A" * 32, "0a" * 31, "0a" * 32 + "\n", None),
        "audited_at": ("now", "2026-05-07T12:00:00", 5, None),
        "differences": (-1,),
    },
    parse_tally: {
        "total_votes": (-1, 1.0, "5", None, True, LARGEST_NUMBER + 1, 10**400),
        "last_vote_at": ("", "now", "2026-05-07T12:00:00", "2026-02-29T12:00:00Z", None, 5),
        "candidate_name": (None, 5, [], {"a": "b"}, "x" * (LONGEST_TEXT + 1)),
        "registered": ("many",),
    },
}
GOOD = {
    parse_verdict: simplejson.loads(encode_verdict(VERDICT)),
    parse_tally: {**TALLY, "photo_url": "x" * LONGEST_TEXT},
}


@pytest.mark.parametrize("parse", BAD)
def test_a_verdict_or_a_tally_with_a_bad_field_is_malformed(parse):
    parse(simplejson.dumps(GOOD[parse]).encode())
    for field, odd in BAD[parse].items():
        for value in odd:
            with pytest.raises(Malformed, match=field if parse is parse_verdict else None):
                parse(simplejson.dumps({**GOOD[parse], field: value}).encode())


def apply(board, key, fields, topic=PER_CANDIDATE):
    board.apply(topic, key, simplejson.dumps(fields).encode(), None, 0.0)


@given(
    st.sampled_from([*topics.ALL[2:]]),
    keys,
    values,
    st.none() | st.lists(st.tuples(names, st.binary(max_size=8) | st.none()), max_size=4),
)
@example(topics.REJECTED, None, b"", [("partition", None), ("offset", b"1"), ("reason", b"x")])
@example(topics.REJECTED, None, b"", [("partition", b"0"), ("offset", b"1"), ("reason", b"x" * 10**6)])
def test_no_message_on_the_topics_of_the_count_changes_the_board_but_its_own(topic, key, value, headers):
    board = Board()
    apply(board, b"1", TALLY)
    board.apply(topic.name, key, value, headers, 0.0)
    assert board.votes_per_candidate == {"1": 5}
    assert board.malformed == 1
    assert not board.rejected


@pytest.mark.parametrize("key", [None, b"", b"2", b"\xff", b"1|1"])
def test_a_tally_under_another_key_than_its_own_is_malformed(key):
    board = Board()
    apply(board, key, TALLY)
    assert (board.counted, board.malformed) == (0, 1)


@pytest.mark.parametrize("minute", ["noon", "2026-05-07T12:00", "2026-02-30T12:00Z", "2026-05-07T12:00:00Z"])
def test_a_minute_that_is_none_is_malformed(minute):
    board = Board()
    apply(board, f"{minute}|1".encode(), {**TALLY, "minute": minute}, topics.VOTES_PER_MINUTE)
    assert (board.rows(topics.VOTES_PER_MINUTE), board.malformed) == ([], 1)


def test_a_flood_of_made_up_keys_and_fields_does_not_fill_the_board(monkeypatch):
    monkeypatch.setattr(topics, "MOST_KEYS", 3)
    board = Board()
    for number in range(5):
        apply(board, b"%d" % number, {**TALLY, "candidate_id": str(number), "made_up": "x" * 1000})
    apply(board, b"0", {**TALLY, "candidate_id": "0", "total_votes": 9})
    assert board.votes_per_candidate == {"0": 9, "1": 5, "2": 5}
    assert board.malformed == 2
    assert all("made_up" not in repr(row) for row in board.rows(PER_CANDIDATE))


@given(st.lists(st.integers(0, 1000), min_size=1))
def test_whatever_the_order_of_the_totals_the_board_never_goes_down(totals):
    board, seen = Board(), 0
    for total in totals:
        apply(board, b"1", {**TALLY, "total_votes": total})
        assert board.counted >= seen
        seen = board.counted
    assert board.counted == max(totals)
