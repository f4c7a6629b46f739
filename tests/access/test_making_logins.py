"""Making the logins on a real PostgreSQL: what is missing comes, what is there stays, and old rights end."""

import dataclasses
import subprocess
import sys
import threading
from contextlib import closing, suppress
from functools import partial

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, UndefinedObject

from dashboard.data.database import Unavailable, connect
from election import PROJECT
from election.access.logins import ensure_logins, make_logins
from election.model.errors import CannotRun, SettingError
from election.platform.postgres import Database, ensure_schema
from election.platform.settings import LOGINS
from tests.conftest import wait_for
from tests.support.logins import execute, owners, prepared_logins


@pytest.fixture(scope="module")
def logins(services):
    return prepared_logins(services)


def test_making_the_logins_again_sets_their_passwords(logins, stop):
    changed = dataclasses.replace(logins["main"], postgres_spark_streaming_password="another")
    administrator = Database(logins["main"].administrator, stop)
    administrator.run(partial(make_logins, changed))
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        execute(logins["spark-streaming"], "SELECT")
    execute(dataclasses.replace(logins["spark-streaming"], postgres_password="another"), "SELECT")
    administrator.run(partial(make_logins, logins["main"]))
    execute(logins["spark-streaming"], "SELECT")


def test_a_main_that_starts_again_makes_the_missing_login_and_leaves_the_others_passwords(logins, stop):
    administrator = logins["main"].administrator
    execute(administrator, "ALTER ROLE spark RENAME TO spark_away")
    try:
        ensure_logins(dataclasses.replace(logins["main"], postgres_voting_password="another"), stop)
        execute(logins["spark-streaming"], "SELECT")
        execute(logins["voting"], "SELECT")
    finally:
        with suppress(UndefinedObject):
            execute(administrator, "DROP OWNED BY spark; DROP ROLE spark")
        execute(administrator, "ALTER ROLE spark_away RENAME TO spark")
        Database(administrator, stop).run(partial(make_logins, logins["main"]))


def test_no_login_is_made_on_a_network_with_a_password_that_can_be_guessed(logins, stop):
    abroad = dataclasses.replace(logins["main"], postgres_host="db", postgres_main_password="hunter2")
    with pytest.raises(SettingError, match="POSTGRES_VOTING_PASSWORD is missing"):
        Database(logins["main"].administrator, stop).run(partial(make_logins, abroad))
    execute(logins["main"], "SELECT")


def test_the_server_is_never_sent_a_password(logins, stop, services):
    administrator = logins["main"].administrator
    execute(administrator, "ALTER ROLE postgres SET log_statement = 'all'")
    try:
        telling = dataclasses.replace(logins["main"], postgres_spark_streaming_password="hunter2")
        Database(administrator, stop).run(partial(make_logins, telling))
    finally:
        execute(administrator, "ALTER ROLE postgres RESET log_statement")
        Database(administrator, stop).run(partial(make_logins, logins["main"]))
    log = (services.logs / "postgres.log").read_text()
    assert 'ALTER ROLE "spark-streaming" LOGIN PASSWORD' in log
    assert "hunter2" not in log


def test_an_administrator_who_is_no_superuser_makes_the_logins_and_says_what_they_keep(logins, stop, caplog):
    """As on a managed server: the database is the administrator's, and the logins are not there yet."""
    superuser = logins["main"].administrator
    connection = psycopg2.connect(**superuser.postgres)
    connection.autocommit = True
    managed = {"postgres_admin_user": "managed", "postgres_admin_password": "managed", "postgres_db": "managed"}
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE managed LOGIN CREATEROLE PASSWORD 'managed'")
        cursor.execute("CREATE DATABASE managed OWNER managed")
        for login in LOGINS:
            cursor.execute(f"ALTER ROLE {login} RENAME TO {login}_away")
        try:
            ensure_logins(dataclasses.replace(logins["main"], **managed), stop)
            assert "every login can still write large objects into managed" in caplog.text
            execute(dataclasses.replace(logins["main"], **managed), "CREATE TABLE candidates (id int)")
        finally:
            cursor.execute("DROP DATABASE managed WITH (FORCE)")
            for login in LOGINS:
                cursor.execute(f"DROP ROLE IF EXISTS {login}")
                cursor.execute(f"ALTER ROLE {login}_away RENAME TO {login}")
            cursor.execute("DROP ROLE managed")


def test_what_was_made_before_the_logins_becomes_mains(logins, stop):
    execute(logins["main"].administrator, "ALTER TABLE votes OWNER TO postgres; ALTER VIEW roll OWNER TO postgres")
    Database(logins["main"].administrator, stop).run(partial(make_logins, logins["main"]))
    assert set(owners(logins["main"]).values()) == {"main"}


def test_what_others_keep_in_the_database_stays_theirs(logins, stop):
    administrator = logins["main"].administrator
    execute(administrator, "CREATE TABLE another (id int)")
    try:
        Database(administrator, stop).run(partial(make_logins, logins["main"]))
        Database(logins["main"], stop).run(ensure_schema)
        with pytest.raises(InsufficientPrivilege):
            execute(logins["main"], "SELECT * FROM another")
    finally:
        execute(administrator, "DROP TABLE another")


def test_a_login_that_main_will_make_is_waited_for(logins, stop, caplog):
    caplog.set_level("INFO")
    administrator = logins["main"].administrator
    execute(administrator, "ALTER ROLE spark RENAME TO spark_away")
    thread = threading.Thread(target=lambda: Database(logins["spark-streaming"], stop).run(lambda connection: None))
    try:
        thread.start()
        wait_for(lambda: "it refuses the login spark, which main.py makes" in caplog.text, 20, "it waits")
        with pytest.raises(Unavailable, match="refuses the login"):
            connect(dataclasses.replace(logins["streamlit-app"], postgres_user="nobody"))
    finally:
        execute(administrator, "ALTER ROLE spark_away RENAME TO spark")
        Database(administrator, stop).run(partial(make_logins, logins["main"]))
    thread.join(20)
    assert not thread.is_alive()


def test_logins_that_nobody_may_make_are_named(logins, stop):
    poor = dataclasses.replace(logins["spark-streaming"], postgres_admin_password="wrong")
    with pytest.raises(CannotRun, match=r"main, voting, .* can't be made .*POSTGRES_USER=postgres.*python -m election"):
        ensure_logins(poor, stop)


def test_the_command_makes_them_as_the_administrator(services):
    ran = subprocess.run(
        [sys.executable, "-m", "election.access.logins"],
        cwd=PROJECT,
        env={**services.environment, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr


EXTRA = {
    "GRANT UPDATE ON votes TO dashboard": "UPDATE votes SET vote = 1",
    "GRANT SELECT (email) ON voters TO dashboard": "SELECT email FROM voters",
    "GRANT SELECT ON votes TO PUBLIC": "SELECT candidate_id FROM votes",
    "GRANT CREATE ON SCHEMA public TO dashboard": "CREATE TABLE mine (id int)",
    "GRANT CREATE ON DATABASE voting TO dashboard": "CREATE SCHEMA mine",
}


@pytest.mark.parametrize(("grant", "statement"), EXTRA.items())
def test_a_right_that_the_schema_no_longer_names_ends(logins, stop, grant, statement):
    execute(logins["main"].administrator, grant)
    Database(logins["main"].administrator, stop).run(partial(make_logins, logins["main"]))
    Database(logins["main"], stop).run(ensure_schema)
    with pytest.raises(InsufficientPrivilege):
        execute(logins["streamlit-app"], statement)


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "BYPASSRLS"])
def test_a_role_of_that_name_with_other_powers_is_not_taken_over(logins, stop, power):
    administrator = logins["main"].administrator
    execute(administrator, f"ALTER ROLE auditor {power}")
    try:
        with pytest.raises(CannotRun, match=r"a role auditor that may more than .*: ALTER ROLE auditor NOSUPERUSER"):
            Database(administrator, stop).run(partial(make_logins, logins["main"]))
    finally:
        execute(administrator, f"ALTER ROLE auditor NO{power}")
