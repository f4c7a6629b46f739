"""Each login on a real PostgreSQL: what its script does works, and whatever else is tried is refused."""

import dataclasses
import subprocess
import sys
import threading
from contextlib import closing, suppress
from functools import partial

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, RaiseException

from dashboard.database import Search, Unavailable, connect, read_candidates, read_election, search_roll
from dashboard.database import read_record as read_totals
from election.casting import wait_for_election
from election.config import LOGINS, SettingError, load_settings
from election.counting import wait_for_roll
from election.definition import load_election
from election.logins import ensure_logins, make_logins
from election.record import Database, rows
from election.recount import Register
from election.seal import read_record
from election.seeding import Seeding
from election.stages import CannotRun, Stop
from tests.conftest import ROOT, empty_database, wait_for
from tests.votes import recorded

VOTERS = 300
CONTACT = "address_street", "email", "phone_number", "cell_number", "date_of_birth", "picture", "address_postcode"
WRITES = (
    "UPDATE votes SET candidate_id = '1'",
    "DELETE FROM votes",
    "TRUNCATE votes",
    "ALTER TABLE votes DISABLE TRIGGER ALL",
    "UPDATE candidates SET candidate_name = 'x'",
    "DELETE FROM voters",
    "UPDATE voters SET voter_name = 'x'",
    "UPDATE election SET registered = 1",
    "CREATE TABLE mine (id int)",
    "CREATE ROLE mine",
    "DROP VIEW roll",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_put(1, 0, 'x')",
    "SELECT lo_open(1, 131072)",
    "SELECT lowrite(1, 'x')",
)
VOTE = "INSERT INTO votes (voter_id, candidate_id, voting_time) SELECT voter_id, '1', now() FROM voters LIMIT 1"
FORBIDDEN = [
    ("main", "CREATE ROLE mine"),
    *((login, statement) for login in LOGINS[1:] for statement in WRITES),
    *((login, VOTE) for login in ("spark", "dashboard", "auditor")),
    *((login, f"SELECT {column} FROM voters") for login in LOGINS[1:] for column in CONTACT),
    *((login, "CREATE TEMPORARY TABLE mine (id int)") for login in ("spark", "dashboard", "auditor")),
    ("voting", "SELECT voter_name FROM voters"),
    ("voting", "SELECT * FROM roll"),
    ("spark", "SELECT voter_name FROM voters"),
    ("spark", "SELECT voter_id FROM votes"),
    ("dashboard", "SELECT candidate_id FROM votes"),
    ("dashboard", "SELECT voting_time FROM votes"),
    ("dashboard", "SELECT ctid FROM votes"),
    ("dashboard", "SELECT * FROM roll"),
    ("auditor", "SELECT voter_name FROM voters"),
]


@pytest.fixture(scope="module")
def logins(services):
    """The settings of each login, on a database that main prepared; one vote is recorded."""
    stop = Stop()
    by_login = {
        login: load_settings(
            {**services.environment, "VOTERS": str(VOTERS), "RANDOMUSER_URL": "http://127.0.0.1:9/api/"}, login
        )
        for login in LOGINS
    }
    empty_database(by_login["main"].administrator)
    ensure_logins(by_login["main"], stop)
    database = Database(by_login["main"], stop)
    seeding = Seeding(by_login["main"], load_election("simulated", VOTERS), database, stop)
    seeding.seed_database()
    seeding.ensure_search()
    recorded(dataclasses.replace(seeding, database=Database(by_login["voting"], stop)), 100)
    return by_login


def execute(settings, statement):
    """As one who lifts the read-only mode of the own login, so that only the grants are left."""
    connection = psycopg2.connect(**settings.postgres)
    connection.set_session(readonly=False)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)


def ask(settings, query):
    with closing(psycopg2.connect(**settings.postgres)) as connection:
        return rows(connection, query)


@pytest.mark.parametrize(("login", "statement"), FORBIDDEN)
def test_what_is_not_its_work_is_refused(logins, login, statement):
    with pytest.raises(InsufficientPrivilege):
        execute(logins[login], statement)


@pytest.mark.parametrize("login", LOGINS[1:])
def test_no_login_hands_its_rights_on(logins, login):
    with suppress(InsufficientPrivilege):
        execute(logins[login], "GRANT SELECT ON votes TO dashboard")
    with pytest.raises(InsufficientPrivilege):
        execute(logins["dashboard"], "SELECT candidate_id FROM votes")


@pytest.mark.parametrize("login", ["dashboard", "auditor"])
def test_a_reader_writes_nothing_by_mistake_either(logins, login):
    assert ask(logins[login], "SHOW transaction_read_only") == [{"transaction_read_only": "on"}]


@pytest.mark.parametrize("statement", WRITES[:3])
@pytest.mark.parametrize("login", ["main", "superuser"])
def test_no_login_not_even_the_owner_or_the_superuser_changes_a_vote_past_the_trigger(logins, login, statement):
    settings = logins["main"].administrator if login == "superuser" else logins[login]
    with pytest.raises(RaiseException, match="neither changed nor removed"):
        execute(settings, statement)


@pytest.mark.parametrize("statement", WRITES[:3])
def test_the_trigger_stops_a_superuser_who_claims_to_replay_another_server_too(logins, statement):
    with pytest.raises(RaiseException, match="neither changed nor removed"):
        execute(logins["main"].administrator, f"SET session_replication_role = replica; {statement}")


def test_no_login_may_more_than_its_tables(logins):
    found = ask(logins["main"], "SELECT * FROM pg_roles WHERE rolname = ANY(ARRAY['" + "','".join(LOGINS) + "'])")
    assert {role["rolname"] for role in found} == set(LOGINS)
    powers = "rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls"
    assert [role for role in found if any(role[power] for power in powers)] == []


def test_main_owns_every_table_and_searches_fast(logins):
    query = """SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'i')"""
    owners = {found["relname"]: found["owner"] for found in ask(logins["main"], query)}
    assert set(owners.values()) == {"main"}
    assert "voters_by_name" in owners


def test_voting_finds_the_election(logins, stop):
    wait_for_election(Database(logins["voting"], stop), load_election("simulated", VOTERS), stop)


def test_spark_finds_the_whole_roll_without_personal_data(logins, stop):
    assert wait_for_roll(Database(logins["spark"], stop), stop) == load_election("simulated", VOTERS).fingerprint
    roll = ask(logins["spark"], "SELECT * FROM roll")
    assert len(roll) == VOTERS
    assert roll[0].keys() == {"voter_id", "state", "gender", "age_group"}


def test_the_dashboard_shows_the_election_the_roll_and_the_totals(logins):
    settings = logins["dashboard"]
    with closing(connect(settings)) as connection:
        assert read_election(connection)["registered"] == VOTERS
        assert len(read_candidates(connection)) == 3
        assert sum(read_totals(connection).values()) == 100
    found, more = search_roll(settings, Search(voted="Voted"))
    assert more
    assert all(voter["voted"] for voter in found)


@pytest.mark.parametrize("text", ["'; DROP TABLE votes; --", "%", "_", "\\", "' OR 'a' = 'a", "\0"])
def test_a_search_is_text_whatever_it_holds(logins, text):
    assert search_roll(logins["dashboard"], Search(text, place=text)) == ([], False)
    assert search_roll(logins["dashboard"], Search(text)) == ([], False)


def test_a_refused_dashboard_does_not_tell_its_password(logins):
    wrong = dataclasses.replace(logins["dashboard"], postgres_password="hunter2", postgres_sslmode="prefer")
    with pytest.raises(Unavailable) as said:
        connect(wrong)
    assert "hunter2" not in str(said.value)


def test_the_auditor_reads_the_whole_record(logins):
    with closing(psycopg2.connect(**logins["auditor"].postgres)) as connection:
        assert len(Register.read(connection).numbers) == VOTERS
        assert len(list(read_record(connection))) == 100


def test_making_the_logins_again_sets_their_passwords(logins, stop):
    changed = dataclasses.replace(logins["main"], postgres_spark_password="another")
    administrator = Database(logins["main"].administrator, stop)
    administrator.run(partial(make_logins, changed))
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        execute(logins["spark"], "SELECT")
    execute(dataclasses.replace(logins["spark"], postgres_password="another"), "SELECT")
    administrator.run(partial(make_logins, logins["main"]))
    execute(logins["spark"], "SELECT")


def test_a_main_that_starts_again_makes_the_missing_login_and_leaves_the_others_passwords(logins, stop):
    administrator = logins["main"].administrator
    execute(administrator, "ALTER ROLE spark RENAME TO spark_away")
    try:
        ensure_logins(dataclasses.replace(logins["main"], postgres_voting_password="another"), stop)
        execute(logins["spark"], "SELECT")
        execute(logins["voting"], "SELECT")
    finally:
        execute(administrator, "DROP ROLE IF EXISTS spark; ALTER ROLE spark_away RENAME TO spark")
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
        telling = dataclasses.replace(logins["main"], postgres_spark_password="hunter2")
        Database(administrator, stop).run(partial(make_logins, telling))
    finally:
        execute(administrator, "ALTER ROLE postgres RESET log_statement")
        Database(administrator, stop).run(partial(make_logins, logins["main"]))
    log = (services.logs / "postgres.log").read_text()
    assert 'ALTER ROLE "spark" LOGIN PASSWORD' in log
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
    test_main_owns_every_table_and_searches_fast(logins)


def test_a_login_that_main_will_make_is_waited_for(logins, stop, caplog):
    caplog.set_level("INFO")
    administrator = logins["main"].administrator
    execute(administrator, "ALTER ROLE spark RENAME TO spark_away")
    thread = threading.Thread(target=lambda: Database(logins["spark"], stop).run(lambda connection: None))
    try:
        thread.start()
        wait_for(lambda: "it refuses the login spark, which main.py makes" in caplog.text, 20, "it waits")
        with pytest.raises(Unavailable, match="refuses the login"):
            connect(dataclasses.replace(logins["dashboard"], postgres_user="nobody"))
    finally:
        execute(administrator, "ALTER ROLE spark_away RENAME TO spark")
        Database(administrator, stop).run(partial(make_logins, logins["main"]))
    thread.join(20)
    assert not thread.is_alive()


def test_logins_that_nobody_may_make_are_named(logins, stop):
    poor = dataclasses.replace(logins["spark"], postgres_admin_password="wrong")
    with pytest.raises(CannotRun, match=r"main, voting, .* can't be made .*POSTGRES_USER=postgres.*python -m election"):
        ensure_logins(poor, stop)


def test_the_command_makes_them_as_the_administrator(services):
    ran = subprocess.run(
        [sys.executable, "-m", "election.logins"],
        cwd=ROOT,
        env={**services.environment, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
