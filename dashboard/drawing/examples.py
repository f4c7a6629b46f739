"""Rejected messages as they may be shown: never a voter together with a choice, not even in what does not count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import simplejson

from election.results.board import RejectedVote

BEGINNING_BYTES = 4
# A number could be anybody's id as well: only one that is small says how many votes were meant.
MOST_VOTES = 1000
KINDS = {str: "text", int: "number", float: "number", bool: "true or false", dict: "object", list: "list"}


def example(rejected: RejectedVote) -> str:
    """The message's shape: its own fields with what is in them masked, all but a time and a number of votes."""
    if not rejected.length:
        return "(empty)"
    try:
        message = simplejson.loads(rejected.beginning)
    except (ValueError, RecursionError):
        return _no_json(rejected)
    if not isinstance(message, dict):
        return f"JSON, but no object: ({_kind(message)})"
    fields = [f"{name}: {show(message[name])}" for name, show in FIELDS.items() if name in message]
    others = len(message.keys() - FIELDS.keys())
    more = [f"{others} more field{'s' if others > 1 else ''}"] if others else []
    return f"{{{', '.join(fields + more)}}}"


def _no_json(rejected: RejectedVote) -> str:
    began = rejected.beginning[:BEGINNING_BYTES].decode("utf-8", "backslashreplace").encode("unicode_escape").decode()
    return f"no JSON in its first kilobyte: {rejected.length:,} bytes, beginning with {began}"


def _kind(value: Any) -> str:
    return KINDS.get(type(value), "null")


def _masked(value: Any) -> str:
    return f"(text of {len(value)})" if isinstance(value, str) else f"({_kind(value)})"


def _time(value: Any) -> str:
    try:
        return datetime.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return _masked(value)


def _votes(value: Any) -> str:
    return f"{value}" if isinstance(value, (int, float)) and abs(value) < MOST_VOTES else _masked(value)


FIELDS: dict[str, Callable[[Any], str]] = {
    "voter_id": _masked,
    "candidate_id": _masked,
    "voting_time": _time,
    "vote": _votes,
}
