"""The messages on the topics: how they are written, and what makes one good. docs/messages.md has one of each."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import msgspec

from election.model.errors import Malformed

# What the whole of a text must look like; `ParseVote.java` is given the patterns of times and broken characters.
_FLAT_OBJECT = re.compile(r"[ \t\r\n]*\{[^{}]*\}[ \t\r\n]*")
MINUTE = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]"
UTC_TIME = rf"{MINUTE}:[0-5][0-9](\.[0-9]{{1,6}})?(Z|\+00:00)"
# The end of the text, as Python and JSON Schema both write it.
END = r"(?![\s\S])"
# Parsers give up at different depths; a vote has none.
MOST_BRACKETS = 500
# Half a character, which JSON can spell and UTF-8 can't hold; in a text whose escaped backslashes are hidden.
LONE_SURROGATE = (
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_LONE_SURROGATE = re.compile(LONE_SURROGATE)
_UTC_TIME = re.compile(UTC_TIME)

VOTE_FIELDS = {"voter_id": str, "candidate_id": str, "voting_time": str, "vote": int}
LARGEST_NUMBER = 2**63 - 1
# A reader keeps the texts of a tally for as long as it runs.
LONGEST_TEXT = 1000


class Reason(StrEnum):
    """Why a message on votes_topic is no vote that counts."""

    EMPTY = "empty message"
    NOT_UTF8 = "not UTF-8 text"
    NOT_JSON = "not a flat JSON object"
    NOT_A_VOTE = "not a vote: it needs exactly voter_id, candidate_id, voting_time (text) and vote (a whole number)"
    WRONG_KEY = "the key is not the voter_id"
    NOT_ONE = "vote is not 1"
    NO_TIME = "voting_time is not a time in UTC"
    UNKNOWN_CANDIDATE = "unknown candidate"
    UNREGISTERED = "the voter is not on the roll"


class Vote(msgspec.Struct, frozen=True):
    """One voter's choice. `voting_time` has a time zone; microseconds are kept."""

    voter_id: str
    candidate_id: str
    voting_time: datetime


# PostgreSQL holds no NUL.
StorableText = Annotated[str, msgspec.Meta(pattern=rf"^[^\u0000]+{END}")]


class Voter(msgspec.Struct, frozen=True):
    """One voter of the roll, as far as a script reads the row; `voted_at` is null until the voter has voted."""

    voter_id: StorableText
    registration_number: StorableText
    voted_at: str | None = None


Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]
UtcText = Annotated[str, msgspec.Meta(pattern=f"^{UTC_TIME}{END}", description="a time in UTC, ISO 8601")]
UtcTime = Annotated[datetime, msgspec.Meta(tz=True, extra_json_schema=msgspec.json.schema(UtcText))]
TallyText = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
Read = TypeVar("Read")


class Tally(msgspec.Struct, frozen=True):
    """One running total, absolute and only growing. A field that its topic doesn't have is empty."""

    total_votes: Count
    last_vote_at: UtcTime
    candidate_id: TallyText = ""
    candidate_name: TallyText = ""
    party_affiliation: TallyText = ""
    photo_url: TallyText = ""
    state: TallyText = ""
    gender: TallyText = ""
    age_group: TallyText = ""
    minute: Annotated[str, msgspec.Meta(pattern=f"^({MINUTE}Z)?{END}")] = ""
    registered: Count | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What an audit found: whether record, log and tally agree on so many votes, whose Merkle tree has this root."""

    agrees: bool
    votes: Count
    root: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{64}}{END}")]
    audited_at: Annotated[datetime, msgspec.Meta(tz=True)]
    differences: Count


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field is there twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _whole_number(digits: str) -> int | None:
    """None for a number longer than any that 64 bits hold: Python refuses to read very long ones."""
    return int(digits) if len(digits) <= len(str(-LARGEST_NUMBER)) else None


# The standard library's parser: msgspec has no way to refuse a field that is there twice.
_strict = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole_number)


def encode_vote(vote: Vote) -> bytes:
    """The value for votes_topic."""
    time = vote.voting_time.astimezone(UTC).isoformat(timespec="microseconds")
    value = {"voter_id": vote.voter_id, "candidate_id": vote.candidate_id, "voting_time": time, "vote": 1}
    return msgspec.json.encode(value)


def parse_vote(key: bytes | None, value: bytes | None) -> Vote:
    """The vote in a message of votes_topic.

    Raises Malformed with the Reason. `ParseVote.java` has the same rules, for Spark.
    """
    if not value:
        raise Malformed(Reason.EMPTY)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise Malformed(Reason.NOT_UTF8) from None
    if not _FLAT_OBJECT.fullmatch(text) or text.count("[") > MOST_BRACKETS:
        raise Malformed(Reason.NOT_JSON)
    if _LONE_SURROGATE.search(text.replace(r"\\", "--")):
        raise Malformed(Reason.NOT_JSON)
    try:
        fields = _strict.decode(text)
    except ValueError:
        raise Malformed(Reason.NOT_JSON) from None
    if fields.keys() != VOTE_FIELDS.keys() or any(type(fields[name]) is not kind for name, kind in VOTE_FIELDS.items()):
        raise Malformed(Reason.NOT_A_VOTE)
    if not -LARGEST_NUMBER - 1 <= fields["vote"] <= LARGEST_NUMBER:
        raise Malformed(Reason.NOT_A_VOTE)
    if key is None or key != fields["voter_id"].encode():
        raise Malformed(Reason.WRONG_KEY)
    if fields["vote"] != 1:
        raise Malformed(Reason.NOT_ONE)
    time = fields["voting_time"]
    try:
        voting_time = datetime.fromisoformat(time) if _UTC_TIME.fullmatch(time) else None
    except ValueError:
        voting_time = None
    if voting_time is None:
        raise Malformed(Reason.NO_TIME)
    return Vote(fields["voter_id"], fields["candidate_id"], voting_time)


def encode_voter(row: Mapping[str, Any], voted_at: datetime | None) -> bytes:
    """The value for voters_topic: the voter's row, dates as ISO 8601, and when the voter voted, if so."""
    return msgspec.json.encode({**row, "voted_at": voted_at.isoformat() if voted_at else None})


def encode_verdict(verdict: Verdict) -> bytes:
    """The value for audit_verdicts."""
    return msgspec.json.encode(verdict)


def _parser(kind: type[Read]) -> Callable[[bytes | None], Read]:
    """A function that reads a message's value. It raises Malformed with the reason."""
    decoder = msgspec.json.Decoder(kind)

    def parse(value: bytes | None) -> Read:
        if not value:
            raise Malformed("empty message")
        try:
            return decoder.decode(value.decode())
        except msgspec.ValidationError as error:
            raise Malformed(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Malformed("not JSON in UTF-8") from None

    return parse


# For voters_topic, audit_verdicts and the aggregated_* topics. Fields that the type does not have are left out.
parse_voter = _parser(Voter)
parse_verdict = _parser(Verdict)
parse_tally = _parser(Tally)
