"""Proves one vote: that it is one of the sealed votes, to somebody who has only the seal's first line.

A proof looks like this. Its path leads from the vote's leaf to the root, by at most log2(size) hashes, rounded up:

    {"election": "simulated", "vote": ["<voter_id>", "<candidate_id>", 1783504800000000], "index": 3, "path": ["…", …]}
"""

from __future__ import annotations

import msgspec
from psycopg2.extensions import connection as Connection

from election.audit.merkle import inclusion_path, leads_to_root
from election.audit.seal import VOTE_QUERY, RecordedVote, Seal
from election.model.errors import CannotLook, UsageError


class Proof(msgspec.Struct, frozen=True):
    """That `vote` is the leaf at `index`, counted from 0; `path` is the hashes beside it, lowest first."""

    election: str
    vote: RecordedVote
    index: int
    path: list[str]


def read_vote(connection: Connection, voter_id: str) -> RecordedVote:
    """The recorded vote of one voter.

    Raises UsageError when there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{VOTE_QUERY} WHERE voter_id = %s", (voter_id,))
        if found := cursor.fetchone():
            return RecordedVote._make(found)
    raise UsageError(f"no vote of voter {voter_id!r} is recorded: give a voter_id of the table votes")


def make_proof(vote: RecordedVote, seal: Seal, leaves: dict[str, bytes]) -> Proof | None:
    """The proof that a recorded vote is among the sealed ones; None when its row is not what was sealed.

    Raises UsageError when the seal does not have the voter.
    """
    if not leaves:
        raise UsageError("the seal has only its first line: a proof is made from a whole file of --seal")
    if vote.voter_id not in leaves:
        raise UsageError(f"voter {vote.voter_id!r} is not among the {seal.size:,} sealed votes: the vote came later")
    if leaves[vote.voter_id] != vote.leaf:
        return None
    index = list(leaves).index(vote.voter_id)
    path = inclusion_path(list(leaves.values()), index)
    return Proof(seal.election, vote, index, [beside.hex() for beside in path])


def encode_proof(proof: Proof) -> str:
    """One line of JSON."""
    return msgspec.json.encode(proof).decode()


def parse_proof(text: bytes) -> Proof:
    """Raises CannotLook when the text is no proof."""
    try:
        return msgspec.json.decode(text, type=Proof)
    except msgspec.DecodeError as error:
        raise CannotLook(f"this is no proof of --prove: {error}") from None


def holds(proof: Proof, seal: Seal) -> bool:
    """Whether the proof's vote is one of those that the seal stands for."""
    try:
        path, root = [bytes.fromhex(beside) for beside in proof.path], bytes.fromhex(seal.root)
    except ValueError:
        return False
    return leads_to_root(proof.vote.leaf, proof.index, seal.size, path, root)
