"""The record in a real PostgreSQL: one voter, one vote, whatever is tried."""

from datetime import UTC, datetime
from functools import partial

import psycopg2
import pytest

from election.casting.record import record_votes
from election.model.messages import Vote
from election.model.rows import CANDIDATE_COLUMNS, VOTER_COLUMNS
from election.platform.postgres import Database, copy_rows, ensure_schema, row

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 13, tzinfo=UTC)


@pytest.fixture
def database(settings, stop):
    database = Database(settings, stop)
    database.run(ensure_schema)

    def people(connection):
        for number in range(5):
            own = {"voter_id": f"v{number}", "registration_number": number, "registered_age": 40}
            voter = dict.fromkeys(VOTER_COLUMNS, "x") | {"date_of_birth": "1980-01-01"} | own
            copy_rows(connection, "voters", VOTER_COLUMNS, [list(voter.values())])
        candidates = [(name, name, name, "", "", "", "candidate") for name in "ab"]
        copy_rows(connection, "candidates", CANDIDATE_COLUMNS, candidates)

    database.run(people)
    yield database
    database.close()


def cast(voter_id, candidate_id, time=NOW, registration=None):
    """A ballot, under the number that the roll has, or another."""
    return registration or voter_id.removeprefix("v"), Vote(voter_id, candidate_id, time)


def test_the_first_vote_of_a_voter_stays(database):
    first, second = cast("v1", "a"), cast("v1", "b", LATER)
    assert database.run(partial(record_votes, [first])) == [first]
    assert database.run(partial(record_votes, [second])) == [first]
    assert database.run(partial(record_votes, [first, second, first])) == [first]


def test_who_is_not_registered_or_comes_under_the_number_of_another_voter_has_no_vote(database):
    forged = [cast("v1", "a", registration="2"), cast("nobody", "a")]
    assert database.run(partial(record_votes, forged)) == []
    assert database.run(partial(record_votes, [*forged, cast("v1", "b")])) == [cast("v1", "b")]
    assert database.run(partial(record_votes, forged)) == []


@pytest.mark.parametrize("text", ["tab\there", "line\nbreak", "back\\slash", "\\N", "'; DROP TABLE votes; --"])
def test_any_text_is_stored_as_it_is(database, text):
    candidate = "c", *[text] * 5, "candidate"
    database.run(lambda connection: copy_rows(connection, "candidates", CANDIDATE_COLUMNS, [candidate]))
    query = "SELECT biography FROM candidates WHERE candidate_id = 'c'"
    assert database.run(lambda connection: row(connection, query)) == {"biography": text}


@pytest.mark.parametrize(
    "statement", ["UPDATE votes SET candidate_id = 'b'", "DELETE FROM votes", "TRUNCATE votes", "DELETE FROM voters"]
)
def test_a_recorded_vote_can_be_neither_changed_nor_removed(database, statement):
    database.run(partial(record_votes, [cast("v1", "a")]))
    with pytest.raises(psycopg2.Error), database._connected() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    assert database.run(lambda connection: row(connection, "SELECT candidate_id FROM votes")) == {"candidate_id": "a"}


def test_a_vote_counts_one(database):
    with pytest.raises(psycopg2.errors.CheckViolation), database._connected() as connection:
        connection.cursor().execute("INSERT INTO votes VALUES ('v1', 'a', now(), 2)")
