"""Seals the record: a fingerprint of every recorded vote, to be held against the record later.

The votes stand in the order of voting_time, then voter_id (by its bytes), so those recorded later come after. Each is a
leaf of a Merkle tree; size, root and the last leaf's place are the seal. A file of them looks like this:

    {"election": "simulated", "size": 2, "root": "…", "through": 1783504800000000, "last_voter": "…"}
    <leaf hash, 64 hexadecimal digits> <voter_id>
    …

The first line alone proves as much; the others name the voter whose row differs, and serve to prove one vote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import simplejson
from psycopg2.extensions import connection as Connection

from election.audit.merkle import MerkleTree, leaf_hash
from election.audit.report import Finding
from election.model.errors import CannotLook
from election.platform.postgres import streamed

# Seconds since 1970 as an exact number: PostgreSQL keeps microseconds.
VOTE_QUERY = "SELECT voter_id, candidate_id, (extract(epoch FROM voting_time) * 1000000)::bigint FROM votes"


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


def read_record(connection: Connection) -> Iterator[RecordedVote]:
    """Every recorded vote, in the seal's order."""
    return map(RecordedVote._make, streamed(connection, f'{VOTE_QUERY} ORDER BY voting_time, voter_id COLLATE "C"'))


class Sealing:
    """Makes the seal of votes that are given one by one."""

    def __init__(self, election: str):
        self.election, self.tree = election, MerkleTree()
        self._last = RecordedVote("", "", 0)

    def add(self, vote: RecordedVote) -> bytes:
        """Takes the next vote and returns its leaf."""
        leaf = vote.leaf
        self.tree.add(leaf)
        self._last = vote
        return leaf

    @property
    def seal(self) -> Seal:
        last = self._last
        return Seal(self.election, self.tree.size, self.tree.root.hex(), through=last.time, last_voter=last.voter_id)


def write_seal(connection: Connection, election: str, file: Path) -> Seal:
    """Seals the record as it is now. The file appears whole or not at all."""
    leaves = file.with_name(file.name + ".leaves")
    part = file.with_name(file.name + ".part")
    sealing = Sealing(election)
    with leaves.open("w", encoding="utf-8") as lines:
        for vote in read_record(connection):
            lines.write(f"{sealing.add(vote).hex()} {simplejson.dumps(vote.voter_id)}\n")
    with part.open("w", encoding="utf-8") as whole, leaves.open(encoding="utf-8") as lines:
        whole.write(simplejson.dumps(asdict(sealing.seal)) + "\n")
        whole.writelines(lines)
    leaves.unlink()
    part.replace(file)
    return sealing.seal


def read_seal(file: Path) -> tuple[Seal, dict[str, bytes]]:
    """The seal in a file and the leaf of each voter, if it has them.

    Raises CannotLook, also when the leaves don't have the root that the first line says.
    """
    tree, leaves = MerkleTree(), {}
    try:
        with file.open(encoding="utf-8") as lines:
            seal = Seal(**simplejson.loads(next(lines, "")))
            for line in lines:
                leaf, voter_id = line.split(" ", 1)
                leaves[simplejson.loads(voter_id)] = bytes.fromhex(leaf)
                tree.add(bytes.fromhex(leaf))
    except OSError as error:
        raise CannotLook(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise CannotLook(f"{file} is no seal of an audit") from None
    if leaves and (tree.size, tree.root.hex()) != (seal.size, seal.root):
        raise CannotLook(f"{file} was changed: its leaves do not have the root that its first line names")
    return seal, leaves


@dataclass
class Broken:
    """How the record differs from a seal; `unnamed` when the seal has no leaves to tell which votes they are."""

    changed: list[str]
    removed: list[str]
    inserted: list[str]
    unnamed: bool = False

    def __bool__(self) -> bool:
        return bool(self.findings or self.unnamed)

    @property
    def findings(self) -> list[Finding]:
        """Each kind of difference with the voters whom it concerns."""
        kinds = (
            ("sealed votes were changed; voters", self.changed),
            ("sealed votes were removed; voters", self.removed),
            ("votes dated before the seal were inserted after it; voters", self.inserted),
        )
        return [Finding(what, len(voters), tuple(voters)) for what, voters in kinds if voters]


def compare_with_seal(votes: Iterator[RecordedVote], seal: Seal, leaves: dict[str, bytes]) -> Broken:
    """Holds the record against a seal. Votes after the sealed ones are ignored: the record may grow."""
    tree, broken = MerkleTree(), Broken([], [], [])
    left = dict(leaves)
    for vote in votes:
        leaf, sealed = vote.leaf, left.pop(vote.voter_id, None)
        within = vote.place <= (seal.through, seal.last_voter.encode())
        if within:
            tree.add(leaf)
        if sealed is not None and sealed != leaf:
            broken.changed.append(vote.voter_id)
        elif leaves and sealed is None and within:
            broken.inserted.append(vote.voter_id)
    broken.removed = list(left)
    broken.unnamed = not broken and (tree.size, tree.root.hex()) != (seal.size, seal.root)
    return broken
