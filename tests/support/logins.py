"""A database with the election's logins, for the tests that act as each of them."""

import dataclasses
from contextlib import closing

import psycopg2

from election.access.logins import ensure_logins
from election.model.definition import load_election
from election.platform.postgres import Database
from election.platform.runtime import Stop
from election.platform.settings import LOGINS, Settings, load_settings
from election.seeding.seed import Seeding
from local.pipeline import Pipeline
from tests.conftest import VOTERS
from tests.support.votes import recorded


def prepared_logins(services: Pipeline) -> dict[str, Settings]:
    """The settings of each login, on a database that main prepared; a hundred votes are recorded."""
    stop = Stop()
    by_login = {login: load_settings(services.environment, login) for login in LOGINS}
    execute(by_login["main"].administrator, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    ensure_logins(by_login["main"], stop)
    database = Database(by_login["main"], stop)
    seeding = Seeding(by_login["main"], load_election("simulated", VOTERS), database, stop)
    seeding.seed_database()
    recorded(dataclasses.replace(seeding, database=Database(by_login["voting"], stop)), 100)
    return by_login


def execute(settings: Settings, statement: str) -> None:
    """As one who lifts the read-only mode of the own login, so that only the grants are left."""
    connection = psycopg2.connect(**settings.postgres)
    connection.set_session(readonly=False)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
