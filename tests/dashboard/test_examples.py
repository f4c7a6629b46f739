"""Rejected messages as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.drawing.examples import example
from election.results.board import EXAMPLE_BYTES, RejectedVote


def rejected(value: bytes) -> RejectedVote:
    return RejectedVote("reason", 0, 1, value[:EXAMPLE_BYTES], len(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"", "(empty)"),
        (
            b'{"voter_id": "1111-2222", "candidate_id": "x", "voting_time": "2026-05-07T12:00:00+00:00", "vote": 2}',
            "{voter_id: (text of 9), candidate_id: (text of 1), voting_time: 2026-05-07T12:00:00+00:00, vote: 2}",
        ),
        (
            b'{"vote": "1111 for x", "voting_time": "1111 for x", "1111 for x": 1}',
            "{voting_time: (text of 10), vote: (text of 10), 1 more field}",
        ),
        (b'{"voter_id": {"1111": "x"}, "candidate_id": null}', "{voter_id: (object), candidate_id: (null)}"),
        (b'{"vote": 1111222233334444}', "{vote: (number)}"),
        (b'["1111", "x"]', "JSON, but no object: (list)"),
        (b"1111-2222 x", "no JSON in its first kilobyte: 11 bytes, beginning with 1111"),
        (b"\xff\x00\n voted for x", "no JSON in its first kilobyte: 15 bytes, beginning with \\\\xff\\x00\\n "),
    ],
)
def test_an_example_of_a_rejected_message_tells_its_shape_and_neither_voter_nor_choice(
    value: bytes, shown: str
) -> None:
    assert example(rejected(value)) == shown


@given(st.binary(max_size=2000))
def test_whatever_was_rejected_is_shown_as_printable_text(value: bytes) -> None:
    assert example(rejected(value)).isprintable()


def test_a_message_too_long_to_be_kept_tells_its_length() -> None:
    assert "3,002 bytes" in example(rejected(b'"' + b"x" * 3000 + b'"'))
