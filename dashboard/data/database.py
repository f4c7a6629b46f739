"""What the dashboard asks PostgreSQL: with a limit on every wait, and never for whom somebody voted."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.errors import UndefinedTable
from psycopg2.extensions import connection as Connection

from dashboard.figures.view import NO_LOGIN
from election.model.errors import CannotLook, first_line
from election.platform import postgres
from election.platform.postgres import refuses_login, row, rows
from election.platform.settings import Settings
from election.results.look import NO_ELECTION, read_held

PAGE_SIZE = 25
LIMITS: dict[str, Any] = {
    "application_name": "streamlit-app",
    "connect_timeout": 2,
    "tcp_user_timeout": 5000,
    "options": "-c statement_timeout=5s -c default_transaction_read_only=on",
}


@contextmanager
def connect(settings: Settings) -> Iterator[Connection]:
    """A read-only connection on which nothing waits long.

    Raises CannotLook, also for what fails inside the block.
    """
    try:
        with closing(postgres.connect(settings, **LIMITS)) as connection:
            yield connection
    except UndefinedTable:
        raise CannotLook(NO_ELECTION) from None
    except psycopg2.Error as error:
        raise CannotLook(NO_LOGIN if refuses_login(error) else first_line(error)) from None


@dataclass(frozen=True)
class Search:
    """What is looked for on the roll: part of a name or a whole registration number, a place, voted or not yet."""

    text: str = ""
    place: str | None = None
    voted: bool | None = None


# Pages go by registration number, so that the thousandth costs no more than the first. It tells whether somebody has
# voted, but neither for whom nor when: the time would lead to the vote in the log.
ROLL_QUERY = """
    SELECT registration_number, voter_name, registered_age, gender, address_city, address_state,
           votes.voter_id IS NOT NULL AS voted
    FROM voters LEFT JOIN votes USING (voter_id)
    WHERE registration_number > %(after)s
      AND (registration_number = %(text)s OR strpos(lower(voter_name), lower(%(text)s)) > 0)
      AND (%(place)s::text IS NULL OR address_state = %(place)s)
      AND (%(voted)s::boolean IS NULL OR (votes.voter_id IS NOT NULL) = %(voted)s)
    ORDER BY registration_number
    LIMIT %(limit)s"""


def search_roll(settings: Settings, search: Search, after: str = "") -> tuple[list[dict[str, Any]], bool]:
    """A page of the roll after the registration number `after`, and whether more follows.

    Raises CannotLook.
    """
    if "\0" in search.text:
        return [], False
    values = {"after": after, "text": search.text.strip(), "place": search.place, "voted": search.voted}
    with connect(settings) as connection:
        found = rows(connection, ROLL_QUERY, {**values, "limit": PAGE_SIZE + 1})
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def read_database(settings: Settings) -> dict[str, Any]:
    """The election, its candidates, the recorded votes of each; how many are registered, until a vote is recorded.

    Raises CannotLook, also while main.py hasn't prepared the election.
    """
    with connect(settings) as connection:
        election = read_held(connection)._asdict()
        recorded = rows(connection, "SELECT candidate_id, votes FROM recorded_votes")
        roll = None if recorded else row(connection, "SELECT count(*) AS voters FROM voters")
        return {
            "election": election,
            "candidates": rows(
                connection, "SELECT candidate_id, candidate_name, party_affiliation, photo_url FROM candidates"
            ),
            "record": {line["candidate_id"]: line["votes"] for line in recorded},
            "roll": roll and roll["voters"],
        }
