"""Each login on a real PostgreSQL: what its script does works, and whatever else is tried is refused."""

import dataclasses
from contextlib import closing, suppress

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, RaiseException

from dashboard.data.database import Search, Unavailable, connect, read_candidates, read_election, search_roll
from dashboard.data.database import read_record as read_totals
from election.audit.recount import Register
from election.audit.seal import read_record
from election.casting.casting import wait_for_election
from election.counting.lookups import wait_for_roll
from election.model.definition import load_election
from election.platform.postgres import Database
from election.platform.settings import LOGINS
from tests.support.logins import VOTERS, ask, execute, owners, prepared_logins

CONTACT = "address_street", "email", "phone_number", "cell_number", "date_of_birth", "picture", "address_postcode"
WRITES = (
    "UPDATE votes SET candidate_id = '1'",
    "DELETE FROM votes",
    "TRUNCATE votes",
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
    ("main", "CREATE TEMPORARY TABLE mine (id int)"),
    *((login, statement) for login in LOGINS[1:] for statement in WRITES),
    *((login, VOTE) for login in ("spark-streaming", "streamlit-app", "auditor")),
    *((login, f"SELECT {column} FROM voters") for login in LOGINS[1:] for column in CONTACT),
    *((login, "CREATE TEMPORARY TABLE mine (id int)") for login in ("spark-streaming", "streamlit-app", "auditor")),
    ("voting", "SELECT voter_name FROM voters"),
    ("voting", "SELECT * FROM roll"),
    ("spark-streaming", "SELECT voter_name FROM voters"),
    ("spark-streaming", "SELECT voter_id FROM votes"),
    ("streamlit-app", "SELECT candidate_id FROM votes"),
    ("streamlit-app", "SELECT voting_time FROM votes"),
    ("streamlit-app", "SELECT ctid FROM votes"),
    ("streamlit-app", "SELECT * FROM roll"),
    ("auditor", "SELECT voter_name FROM voters"),
]


@pytest.fixture(scope="module")
def logins(services):
    return prepared_logins(services)


@pytest.mark.parametrize(("login", "statement"), FORBIDDEN)
def test_what_is_not_its_work_is_refused(logins, login, statement):
    with pytest.raises(InsufficientPrivilege):
        execute(logins[login], statement)


@pytest.mark.parametrize("login", LOGINS[1:])
def test_no_login_hands_its_rights_on(logins, login):
    with suppress(InsufficientPrivilege):
        execute(logins[login], "GRANT SELECT ON votes TO dashboard")
    with pytest.raises(InsufficientPrivilege):
        execute(logins["streamlit-app"], "SELECT candidate_id FROM votes")


def test_main_lets_nobody_else_make_tables(logins):
    execute(logins["main"], "GRANT CREATE ON SCHEMA public TO voting")
    with pytest.raises(InsufficientPrivilege):
        execute(logins["voting"], "CREATE TABLE mine (id int)")


@pytest.mark.parametrize("login", ["streamlit-app", "auditor"])
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
    owned = owners(logins["main"])
    assert set(owned.values()) == {"main"}
    assert "voters_by_name" in owned


def test_voting_finds_the_election(logins, stop):
    wait_for_election(Database(logins["voting"], stop), load_election("simulated", VOTERS), stop)


def test_spark_finds_the_whole_roll_without_personal_data(logins, stop):
    assert (
        wait_for_roll(Database(logins["spark-streaming"], stop), stop) == load_election("simulated", VOTERS).fingerprint
    )
    roll = ask(logins["spark-streaming"], "SELECT * FROM roll")
    assert len(roll) == VOTERS
    assert roll[0].keys() == {"voter_id", "state", "gender", "age_group"}


def test_the_dashboard_shows_the_election_the_roll_and_the_totals(logins):
    settings = logins["streamlit-app"]
    with closing(connect(settings)) as connection:
        assert read_election(connection)["registered"] == VOTERS
        assert len(read_candidates(connection)) == 3
        assert sum(read_totals(connection).values()) == 100
    found, more = search_roll(settings, Search(voted="Voted"))
    assert more
    assert all(voter["voted"] for voter in found)


@pytest.mark.parametrize("text", ["'; DROP TABLE votes; --", "%", "_", "\\", "' OR 'a' = 'a", "\0"])
def test_a_search_is_text_whatever_it_holds(logins, text):
    assert search_roll(logins["streamlit-app"], Search(text, place=text)) == ([], False)
    assert search_roll(logins["streamlit-app"], Search(text)) == ([], False)


def test_a_refused_dashboard_does_not_tell_its_password(logins):
    wrong = dataclasses.replace(logins["streamlit-app"], postgres_password="hunter2", postgres_sslmode="prefer")
    with pytest.raises(Unavailable) as said:
        connect(wrong)
    assert "hunter2" not in str(said.value)


def test_the_auditor_reads_the_whole_record(logins):
    with closing(psycopg2.connect(**logins["auditor"].postgres)) as connection:
        assert len(Register.read(connection).numbers) == VOTERS
        assert len(list(read_record(connection))) == 100
