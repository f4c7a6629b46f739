"""A Merkle tree over a list of entries, hashed as RFC 9162 (Certificate Transparency) says in section 2.1.

Two lists have the same root only if they hold the same entries in the same order, as far as SHA-256 can be trusted. So
one entry is proved by the few hashes that lead from it up to the root.
"""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry. Its prefix differs from that of a node, so that neither can be passed off as the other."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """Takes leaves one at a time and keeps only the roots of its complete subtrees: at most one per doubling."""

    def __init__(self, leaves: Iterable[bytes] = ()):
        self.size = 0
        self._subtrees: list[bytes] = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Appends an entry, given as its `leaf_hash`."""
        self.size += 1
        joins = (self.size & -self.size).bit_length() - 1
        for _ in range(joins):
            leaf = node_hash(self._subtrees.pop(), leaf)
        self._subtrees.append(leaf)

    @property
    def root(self) -> bytes:
        """The hash that stands for all entries so far."""
        if not self._subtrees:
            return EMPTY_ROOT
        *rest, root = self._subtrees
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` up to the root, lowest first: one for each halving of the tree."""
    if len(leaves) == 1:
        return []
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    left, right = leaves[:half], leaves[half:]
    if index < half:
        return [*inclusion_path(left, index), MerkleTree(right).root]
    return [*inclusion_path(right, index - half), MerkleTree(left).root]


def leads_to_root(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the tree of `size` leaves with this root has this leaf at `index`: RFC 9162, section 2.1.3.2."""
    last = size - 1
    for beside in path:
        if last <= 0:
            return False
        if index % 2 or index == last:
            leaf = hashlib.sha256(b"\x01" + beside + leaf).digest()
            while index and index % 2 == 0:
                index, last = index // 2, last // 2
        else:
            leaf = hashlib.sha256(b"\x01" + leaf + beside).digest()
        index, last = index // 2, last // 2
    return index == last == 0 and leaf == root
