"""Each login on a real PostgreSQL: what its script does works, what else is tried is refused, and how they are made."""

import dataclasses
import threading
from contextlib import contextmanager, suppress
from functools import partial

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, RaiseException

from dashboard.data.database import Search, connect, read_database, search_roll
from election.access.logins import ensure_logins, make_logins
from election.model.errors import CannotLook, CannotRun, SettingError
from election.platform.postgres import Database, ensure_schema
from election.platform.settings import LOGINS
from tests.conftest import execute as execute_alone
from tests.conftest import wait_for
from tests.support.logins import execute, prepared_logins

CONTACT = ["address_street", "email", "phone_number", "cell_number", "date_of_birth", "picture", "address_postcode"]
CHANGES_VOTES = "UPDATE votes SET candidate_id = '1'", "DELETE FROM votes", "TRUNCATE votes"
WRITES = (
    *CHANGES_VOTES,
    "ALTER TABLE votes DISABLE TRIGGER ALL",
    "DROP TRIGGER votes_are_final ON votes",
    "ALTER TABLE votes ALTER COLUMN candidate_id TYPE text USING '1'",
    "DROP TABLE votes",
    "UPDATE candidates SET candidate_name = 'x'",
    "DELETE FROM voters",
    "UPDATE voters SET voter_name = 'x'",
    "UPDATE election SET registered = 1",
    "CREATE TABLE mine (id int)",
    "CREATE ROLE mine",
    "DROP VIEW roll",
    *(f"SELECT {call}" for call in ("lo_create(0)", "lo_creat(-1)", "lo_from_bytea(0, 'x')", "lo_put(1, 0, 'x')")),
    *(f"SELECT {call}" for call in ("lo_open(1, 131072)", "lowrite(1, 'x')")),
)
VOTE = "INSERT INTO votes (voter_id, candidate_id, voting_time) SELECT voter_id, '1', now() FROM voters LIMIT 1"
TEMPORARY = "CREATE TEMPORARY TABLE mine (id int)"
READERS = "spark-streaming", "streamlit-app", "auditor"
FORBIDDEN = [
    *(("main", statement) for statement in ("CREATE ROLE mine", "CREATE EXTENSION pg_trgm", TEMPORARY)),
    *((login, statement) for login in LOGINS[1:] for statement in WRITES),
    *((login, f"SELECT {column} FROM voters") for login in LOGINS[1:] for column in CONTACT),
    *((login, statement) for login in READERS for statement in (VOTE, TEMPORARY)),
    *((login, "SELECT voter_name FROM voters") for login in ("voting", "spark-streaming", "auditor")),
    *((login, "SELECT * FROM roll") for login in ("voting", "streamlit-app")),
    ("spark-streaming", "SELECT voter_id FROM votes"),
    *(("streamlit-app", f"SELECT {column} FROM votes") for column in ("candidate_id", "voting_time", "ctid")),
]


@pytest.fixture(scope="module")
def logins(services):
    return prepared_logins(services)


@contextmanager
def renamed(administrator, *names):
    """As if these roles had never been made."""
    for name in names:
        execute(administrator, f'ALTER ROLE "{name}" RENAME TO "{name}-away"')
    try:
        yield
    finally:
        for name in names:
            with suppress(psycopg2.errors.UndefinedObject):
                execute(administrator, f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')
            execute(administrator, f'ALTER ROLE "{name}-away" RENAME TO "{name}"')


@pytest.fixture
def administrator(logins):
    return logins["main"].administrator


@pytest.fixture
def make(logins, administrator, stop):
    """Makes the logins as the administrator, with other settings if they are given; as they were afterwards."""
    database = Database(administrator, stop)

    def make(**changes):
        database.run(partial(make_logins, dataclasses.replace(logins["main"], **changes)))

    yield make
    make()


@pytest.mark.parametrize(("login", "statement"), FORBIDDEN)
def test_what_is_not_its_work_is_refused(logins, login, statement):
    with pytest.raises(InsufficientPrivilege):
        execute(logins[login], statement)


@pytest.mark.parametrize("login", LOGINS[1:])
def test_no_login_hands_its_rights_on(logins, login):
    with suppress(InsufficientPrivilege):
        execute(logins[login], 'GRANT SELECT ON votes TO "streamlit-app"')
    with pytest.raises(InsufficientPrivilege):
        execute(logins["streamlit-app"], "SELECT candidate_id FROM votes")


@pytest.mark.parametrize("statement", CHANGES_VOTES)
def test_nobody_changes_a_vote_past_the_trigger(logins, administrator, statement):
    """Not even the owner, the superuser, or a superuser who claims to replay another server."""
    replaying = administrator, "SET session_replication_role = replica;"
    for settings, first in ((logins["main"], ""), (administrator, ""), replaying):
        with pytest.raises(RaiseException, match="neither changed nor removed"):
            execute(settings, first + statement)


@pytest.mark.parametrize("text", ["'; DROP TABLE votes; --", "%", "_", "\\", "' OR 'a' = 'a", "\0"])
def test_a_search_is_text_whatever_it_holds(logins, text):
    assert search_roll(logins["streamlit-app"], Search(text, place=text)) == ([], False)
    assert search_roll(logins["streamlit-app"], Search(text)) == ([], False)


def test_a_refused_dashboard_does_not_tell_its_password(logins):
    wrong = dataclasses.replace(logins["streamlit-app"], postgres_password="hunter2", postgres_sslmode="prefer")
    with pytest.raises(CannotLook) as said, connect(wrong):
        pass
    assert "hunter2" not in str(said.value)


def test_making_the_logins_again_sets_their_passwords(logins, make):
    make(postgres_spark_streaming_password="another")
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        execute(logins["spark-streaming"], "SELECT")
    execute(dataclasses.replace(logins["spark-streaming"], postgres_password="another"), "SELECT")


def test_a_main_that_starts_again_makes_the_missing_login_and_leaves_the_others_passwords(
    logins, administrator, stop, make
):
    with renamed(administrator, "spark-streaming"):
        ensure_logins(dataclasses.replace(logins["main"], postgres_voting_password="another"), stop)
        execute(logins["spark-streaming"], "SELECT")
        execute(logins["voting"], "SELECT")


def test_no_login_is_made_without_a_password(logins, make):
    with pytest.raises(SettingError, match="POSTGRES_VOTING_PASSWORD is missing"):
        make(postgres_voting_password="", postgres_main_password="hunter2")
    execute(logins["main"], "SELECT")


def test_the_server_is_never_sent_a_password(administrator, services, make):
    execute(administrator, "ALTER ROLE postgres SET log_statement = 'all'")
    try:
        make(postgres_spark_streaming_password="hunter2")
    finally:
        execute(administrator, "ALTER ROLE postgres RESET log_statement")
    log = (services.logs / "postgres.log").read_text()
    assert "SCRAM-SHA-256$" in log
    assert "hunter2" not in log


def test_an_administrator_who_is_no_superuser_makes_the_logins_and_says_what_they_keep(
    logins, administrator, stop, caplog
):
    """As on a managed server: the database is the administrator's, and the logins are not there yet."""
    managed = {"postgres_admin_user": "managed", "postgres_admin_password": "managed", "postgres_db": "managed"}
    main = dataclasses.replace(logins["main"], **managed)
    execute_alone(administrator, "CREATE ROLE managed LOGIN CREATEROLE PASSWORD 'managed'")
    execute_alone(administrator, "CREATE DATABASE managed OWNER managed")
    with renamed(administrator, *LOGINS):
        try:
            ensure_logins(main, stop)
            assert "every login can still write large objects into managed" in caplog.text
            execute(main, "CREATE TABLE candidates (id int)")
        finally:
            execute_alone(administrator, "DROP DATABASE managed WITH (FORCE)")
    execute(administrator, "DROP ROLE managed")


def test_what_others_keep_in_the_database_stays_theirs(logins, administrator, stop, make):
    execute(administrator, "CREATE TABLE another (id int)")
    try:
        make()
        Database(logins["main"], stop).run(ensure_schema)
        with pytest.raises(InsufficientPrivilege):
            execute(logins["main"], "SELECT * FROM another")
    finally:
        execute(administrator, "DROP TABLE another")


def test_a_login_that_main_will_make_is_waited_for(logins, administrator, stop, caplog, make):
    caplog.set_level("INFO")
    thread = threading.Thread(target=lambda: Database(logins["spark-streaming"], stop).run(lambda connection: None))
    with renamed(administrator, "spark-streaming"):
        thread.start()
        wait_for(lambda: "it refuses the login spark-streaming, which main.py makes" in caplog.text, 20, "it waits")
        with pytest.raises(CannotLook, match="refuses the dashboard's login"):
            read_database(dataclasses.replace(logins["streamlit-app"], postgres_user="nobody"))
    thread.join(20)
    assert not thread.is_alive()


def test_logins_that_nobody_may_make_are_named(logins, stop):
    poor = dataclasses.replace(logins["spark-streaming"], postgres_admin_password="wrong")
    with pytest.raises(CannotRun, match=r"main, voting, .* can't be made .*POSTGRES_USER=postgres.*python -m election"):
        ensure_logins(poor, stop)


EXTRA = {
    'GRANT UPDATE ON votes TO "streamlit-app"': "UPDATE votes SET vote = 1",
    'GRANT SELECT (email) ON voters TO "streamlit-app"': "SELECT email FROM voters",
    "GRANT SELECT ON votes TO PUBLIC": "SELECT candidate_id FROM votes",
    'GRANT CREATE ON SCHEMA public TO "streamlit-app"': "CREATE TABLE mine (id int)",
    'GRANT CREATE ON DATABASE voting TO "streamlit-app"': "CREATE SCHEMA mine",
}


@pytest.mark.parametrize(("grant", "statement"), EXTRA.items())
def test_a_right_that_the_schema_does_not_name_ends(logins, administrator, stop, make, grant, statement):
    execute(administrator, grant)
    make()
    Database(logins["main"], stop).run(ensure_schema)
    with pytest.raises(InsufficientPrivilege):
        execute(logins["streamlit-app"], statement)


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "BYPASSRLS"])
def test_a_role_of_that_name_with_other_powers_is_not_taken_over(administrator, make, power):
    execute(administrator, f'ALTER ROLE "streamlit-app" {power}')
    try:
        with pytest.raises(CannotRun, match=r'a role streamlit-app that may more.* ALTER ROLE "streamlit-app" NOS'):
            make()
    finally:
        execute(administrator, f'ALTER ROLE "streamlit-app" NO{power}')
