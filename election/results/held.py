"""The election that the database holds."""

from __future__ import annotations

from typing import NamedTuple

from psycopg2.extensions import connection as Connection


class HeldElection(NamedTuple):
    """The row of the table `election`, as far as readers need it."""

    name: str
    title: str
    registered: int
    votes_expected: int


def read_held(connection: Connection) -> HeldElection | None:
    """None until main.py has prepared the election."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(HeldElection._fields)} FROM election")
        found = cursor.fetchone()
    return HeldElection._make(found) if found else None
