"""A Merkle tree over a list of entries, hashed as RFC 9162 (Certificate Transparency) says in section 2.1.

Two lists have the same root only if they hold the same entries in the same order, as far as SHA-256 can be trusted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

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
