"""Seals the record: a fingerprint of every recorded vote, to be held against the record later; and proves one vote.

The votes stand in the order of voting_time, then voter_id (by its bytes), so those recorded later come after. Each is a
leaf of a Merkle tree; size, root and the last leaf's place are the seal. A file of them looks like this:

    {"election": "simulated", "size": 2, "root": "…", "through": 1783504800000000, "last_voter": "…"}
    <leaf hash, 64 hexadecimal digits> <voter_id>
    …

The first line alone proves as much; the others name the voter whose row differs, and serve to prove one vote: that it
is among the sealed ones, to somebody who has only the first line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import simplejson
from psycopg2.extensions import connection as Connection

from election.audit.merkle import MerkleTree, inclusion_path, leads_to_root, leaf_hash
from election.audit.report import Finding
from election.model.errors import CannotLook, UsageError
from election.platform.postgres import streamed

# Seconds since 1970 as an exact number: PostgreSQL keeps microseconds.
VOTE_QUERY = "SELECT voter_id, candidate_id, (extract(epoch FROM voting_time) * 1000000)::bigint FROM votes"
# The leaf of each voter.
Leaves = dict[str, bytes]


class RecordedVote(NamedTuple):
    """A row of the record; the time is in microseconds since 1970."""

    voter_id: str
    candidate_id: str
    time: int

    @property
    def leaf(self) -> bytes:
        """Its leaf: the hash of ["voter_id","candidate_id",microseconds], JSON in UTF-8 without spaces."""
        return leaf_hash(msgspec.json.encode(self))

    @property
    def place(self) -> tuple[int, bytes]:
        """Where it stands in the seal's order."""
        return self.time, self.voter_id.encode()


@dataclass(frozen=True)
class Seal:
    """What was recorded at one moment: `size` votes up to (`through`, `last_voter`), whose tree has this `root`."""

    election: str
    size: int
    root: str
    through: int
    last_voter: str

    def is_of(self, tree: MerkleTree) -> bool:
        return (self.size, self.root) == (tree.size, tree.root.hex())


def read_record(connection: Connection) -> Iterator[RecordedVote]:
    """Every recorded vote, in the seal's order."""
    return map(RecordedVote._make, streamed(connection, f'{VOTE_QUERY} ORDER BY voting_time, voter_id COLLATE "C"'))


def make_seal(election: str, votes: Iterable[RecordedVote]) -> tuple[Seal, Leaves]:
    """The seal of these votes, which come in its order, and their leaves."""
    leaves, last = {}, RecordedVote("", "", 0)
    for vote in votes:
        leaves[vote.voter_id], last = vote.leaf, vote
    tree = MerkleTree(leaves.values())
    return Seal(election, tree.size, tree.root.hex(), through=last.time, last_voter=last.voter_id), leaves


def write_seal(seal: Seal, leaves: Leaves, file: Path) -> None:
    """The file appears whole or not at all."""
    part = Path(f"{file}.part")
    with part.open("w", encoding="utf-8") as lines:
        lines.write(simplejson.dumps(asdict(seal)) + "\n")
        lines.writelines(f"{leaf.hex()} {simplejson.dumps(voter_id)}\n" for voter_id, leaf in leaves.items())
    part.replace(file)


def read_seal(file: Path) -> tuple[Seal, Leaves]:
    """The seal in a file, and its leaves if it has them.

    Raises CannotLook, also when the leaves don't have the root that the first line says.
    """
    leaves: Leaves = {}
    try:
        with file.open(encoding="utf-8") as lines:
            seal = Seal(**simplejson.loads(next(lines, "")))
            for line in lines:
                leaf, voter_id = line.split(" ", 1)
                leaves[simplejson.loads(voter_id)] = bytes.fromhex(leaf)
    except OSError as error:
        raise CannotLook(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise CannotLook(f"{file} is no seal of an audit") from None
    if leaves and not seal.is_of(MerkleTree(leaves.values())):
        raise CannotLook(f"{file} was changed: its leaves do not have the root that its first line names")
    return seal, leaves


def compare_with_seal(votes: Iterable[RecordedVote], seal: Seal, leaves: Leaves) -> list[str]:
    """How the record differs from a seal. Votes after the sealed ones are ignored: the record may grow."""
    tree, left = MerkleTree(), dict(leaves)
    changed, inserted = [], []
    for vote in votes:
        leaf, sealed = vote.leaf, left.pop(vote.voter_id, None)
        within = vote.place <= (seal.through, seal.last_voter.encode())
        if within:
            tree.add(leaf)
        if sealed is not None and sealed != leaf:
            changed.append(vote.voter_id)
        elif leaves and sealed is None and within:
            inserted.append(vote.voter_id)
    kinds = {
        "sealed votes were changed; voters": changed,
        "sealed votes were removed; voters": list(left),
        "votes dated before the seal were inserted after it; voters": inserted,
    }
    found = [str(Finding(what, len(voters), tuple(voters))) for what, voters in kinds.items() if voters]
    if not found and not seal.is_of(tree):
        return ["the record does not have the sealed root, and this seal can't tell which votes differ"]
    return found


class Proof(msgspec.Struct, frozen=True):
    """That `vote` is the leaf at `index`, from 0; `path` is the hashes beside its way to the root, lowest first."""

    election: str
    vote: RecordedVote
    index: int
    path: list[str]


def make_proof(vote: RecordedVote, seal: Seal, leaves: Leaves) -> Proof | None:
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
