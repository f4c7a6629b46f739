"""What the dashboard asks PostgreSQL: with a limit on every wait, and never for whom somebody voted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from election.model.errors import first_line
from election.platform import postgres
from election.platform.postgres import rows
from election.platform.settings import Settings

CONNECT_SECONDS, STATEMENT_MS, TRANSPORT_MS = 2, 5000, 5000
PAGE_SIZE = 25
VOTED, NOT_YET = "Voted", "Not yet"


class Unavailable(Exception):
    """PostgreSQL doesn't answer, or not in time; the text is the reason."""


class LoginRefused(Unavailable):
    """PostgreSQL doesn't know the login, or not with this password."""


def connect(settings: Settings) -> Connection:
    """A read-only connection on which nothing waits long.

    Raises Unavailable.
    """
    try:
        connection = postgres.connect(
            settings,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=TRANSPORT_MS,
            options=f"-c statement_timeout={STATEMENT_MS}",
            application_name="streamlit-app",
        )
        connection.set_session(readonly=True, autocommit=True)
    except psycopg2.Error as error:
        if "authentication failed" in str(error):
            raise LoginRefused(f"it refuses the login {settings.postgres_user}: main.py makes it") from None
        raise Unavailable(first_line(error)) from None
    return connection


@dataclass(frozen=True)
class Search:
    """What is looked for on the roll: part of a name or a whole registration number, a place, voted or not yet."""

    text: str = ""
    place: str | None = None
    voted: str | None = None


def roll_query(search: Search, after: str) -> tuple[str, dict[str, Any]]:
    """The query for the page of the roll that follows the registration number `after`, one row longer than a page.

    Pages go by registration number, so that the thousandth costs no more than the first. It tells whether somebody has
    voted, but neither for whom nor when: the time would lead to the vote in the log.
    """
    conditions, values = ["registration_number > %(after)s"], {"after": after, "limit": PAGE_SIZE + 1}
    if text := search.text.strip():
        conditions.append("(voter_name ILIKE %(part)s OR registration_number = %(text)s)")
        values |= {"text": text, "part": f"%{_literal(text)}%"}
    if search.place:
        conditions.append("address_state = %(place)s")
        values["place"] = search.place
    if search.voted in (VOTED, NOT_YET):
        conditions.append(f"votes.voter_id IS {'NOT ' if search.voted == VOTED else ''}NULL")
    query = f"""
        SELECT registration_number, voter_name, registered_age, gender, address_city, address_state,
               votes.voter_id IS NOT NULL AS voted
        FROM voters LEFT JOIN votes USING (voter_id)
        WHERE {" AND ".join(conditions)}
        ORDER BY registration_number
        LIMIT %(limit)s"""
    return query, values


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search_roll(settings: Settings, search: Search, after: str = "") -> tuple[list[Mapping[str, Any]], bool]:
    """A page of the roll after the registration number `after`, and whether more follows.

    Raises Unavailable.
    """
    if "\0" in search.text:
        return [], False
    query, values = roll_query(search, after)
    connection = connect(settings)
    try:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(query, values)
            found = [dict(row) for row in cursor]
    except psycopg2.Error as error:
        raise Unavailable(first_line(error)) from None
    finally:
        connection.close()
    return list(found[:PAGE_SIZE]), len(found) > PAGE_SIZE


def read_election(connection: Connection) -> dict[str, Any] | None:
    """The election that the database holds, or None while main.py hasn't prepared it."""
    if not rows(connection, "SELECT to_regclass('election') IS NOT NULL AS made")[0]["made"]:
        return None
    found = rows(connection, "SELECT name, title, registered, votes_expected FROM election")
    return found[0] if found else None


def read_candidates(connection: Connection) -> list[dict[str, Any]]:
    return rows(
        connection, "SELECT candidate_id, candidate_name, party_affiliation, photo_url FROM candidates ORDER BY 1"
    )


def count_roll(connection: Connection) -> int:
    """How many voters are registered so far."""
    return int(rows(connection, "SELECT count(*) AS voters FROM voters")[0]["voters"])


def read_record(connection: Connection) -> dict[str, int]:
    """Recorded votes of each candidate."""
    return {
        row["candidate_id"]: row["votes"] for row in rows(connection, "SELECT candidate_id, votes FROM recorded_votes")
    }
