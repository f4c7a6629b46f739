"""The messages as types: what a reader of each topic checks, and so what a schema says."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from election.model import messages, topics
from election.model.messages import Count, Reason, TallyText, UtcText, Verdict, Voter
from election.model.rows import VOTER_COLUMNS

Identifier = Annotated[str, Meta(pattern=r"\A[^{}]*\Z", description="text without braces")]
Position = Annotated[str, Meta(pattern=r"\A\d+\Z")]
Unchecked = Annotated[Any, Meta(description="for people to read: no script checks it")]


class VoteMessage(msgspec.Struct, forbid_unknown_fields=True):
    """One vote: exactly these fields, so that nothing personal can slip in. The key is voter_id."""

    voter_id: Identifier
    candidate_id: Identifier
    voting_time: UtcText
    vote: Literal[1]


VoterMessage = msgspec.defstruct(
    "VoterMessage",
    [(name, Unchecked, None) for name in VOTER_COLUMNS if name not in Voter.__struct_fields__],
    bases=(Voter,),
    frozen=True,
    namespace={"__doc__": "One voter of the roll, and when this voter voted: null until then. The key is voter_id."},
)


class RejectedHeaders(msgspec.Struct):
    """Headers of a message that does not count: why, and its place on votes_topic. Key and value are as received."""

    reason: Literal[tuple(str(reason) for reason in Reason)]  # type: ignore[valid-type]
    partition: Position
    offset: Position


Tally = msgspec.defstruct(
    "Tally",
    [
        ("total_votes", Count),
        ("last_vote_at", UtcText),
        ("registered", Count | None | UnsetType, UNSET),
        *(
            (name, TallyText | UnsetType, UNSET)
            for name in messages.Tally.__struct_fields__
            if name not in ("total_votes", "last_vote_at", "registered")
        ),
    ],
    namespace={"__doc__": "One running total. It is absolute and only grows: a reader keeps the largest of each key."},
)


class Contract(NamedTuple):
    """A topic's message: its type, and the fields that make up its key, joined by `|`, or what else the key is."""

    type: type
    key: tuple[str, ...] = ()
    other_key: str = ""
    headers_only: bool = False


CONTRACTS = {
    topics.VOTERS: Contract(VoterMessage, ("voter_id",)),
    topics.VOTES: Contract(VoteMessage, ("voter_id",)),
    **{topic.name: Contract(Tally, topic.key) for topic in topics.AGGREGATED},
    topics.REJECTED_VOTES: Contract(RejectedHeaders, other_key="as received", headers_only=True),
    topics.AUDIT_VERDICTS: Contract(Verdict, other_key="the election's name"),
}
