"""Makes the logins of PostgreSQL: one for each script and one for the audit, each with the password of its setting.

What each may do, `schema.sql` says. main.py makes the logins that are missing. It may also be done once by hand, as
POSTGRES_ADMIN_USER, who must be allowed to create roles; by hand again sets the passwords anew.

    python -m election.access.logins
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from election.model.errors import CannotRun
from election.platform.postgres import PREPARE_LOCK, Database, rows
from election.platform.runtime import Stop, run_script
from election.platform.settings import LOGINS, Settings, require_password

log = logging.getLogger(__name__)

OWNER = "main"
# Nobody but main makes anything, a schema for an extension among them; voting needs a temporary table for a batch. What
# was allowed before, and what main passed on, ends first.
RIGHTS = (
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {owner}",
    "REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM {others}",
    "GRANT CREATE ON DATABASE {database} TO {owner}",
    "GRANT TEMPORARY ON DATABASE {database} TO voting",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON SCHEMA public FROM {owner}, {others} CASCADE",
    "GRANT CREATE, USAGE ON SCHEMA public TO {owner}",
    "GRANT USAGE ON SCHEMA public TO {others}",
    'ALTER ROLE "streamlit-app" SET default_transaction_read_only = on',
    "ALTER ROLE auditor SET default_transaction_read_only = on",
)
# A role of that name that is not ours: whoever has its password had more than a login may.
MIGHTY = """
    SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)
    AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"""
# What writes large objects, which any login may make in any database otherwise.
LARGE_OBJECTS = """
    REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_open(oid, integer),
        lo_put(oid, bigint, bytea), lowrite(integer, bytea) FROM PUBLIC"""
# A database from before the logins: what the election has there becomes main's, and nothing else.
OTHERS_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relowner <> 'main'::regrole
    AND relname IN ('election', 'candidates', 'voters', 'votes', 'roll', 'recorded_votes')"""
OTHERS_FUNCTIONS = """
    SELECT proname FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname = 'keep_votes' AND proowner <> 'main'::regrole"""


def ensure_logins(settings: Settings, stop: Stop) -> None:
    """Makes the logins that are missing, by its own rights or as the administrator; the others keep their passwords.

    Raises CannotRun when neither may, and SettingError when a password is missing.
    """
    refused = []
    with suppress(CannotRun):
        if Database(settings, stop).run(_are_made):
            return
    for login in (settings.administrator, settings):
        try:
            Database(login, stop).run(partial(make_logins, settings, only_missing=True))
        except CannotRun as error:
            refused.append(str(error))
        else:
            return
    raise CannotRun(
        f"the logins {', '.join(LOGINS)} of PostgreSQL are not all there, and can't be made ({'; '.join(refused)}):"
        " set POSTGRES_ADMIN_USER and POSTGRES_ADMIN_PASSWORD, or let somebody who may run"
        " python -m election.access.logins"
    )


def _are_made(connection: Connection) -> bool:
    query = """SELECT (SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)) = %s
                      AND has_schema_privilege('public', 'CREATE') AS made"""
    return bool(rows(connection, query, (list(LOGINS), len(LOGINS)))[0]["made"])


def make_logins(settings: Settings, connection: Connection, *, only_missing: bool = False) -> None:
    """Creates what is missing and sets the passwords; the server is sent a SCRAM verifier, never the password.

    Raises SettingError when a password is missing, and CannotRun when a role of that name is not the election's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PREPARE_LOCK,))
        there = {found["rolname"] for found in rows(connection, "SELECT rolname FROM pg_roles")}
        if mighty := rows(connection, MIGHTY, (list(LOGINS),)):
            name = mighty[0]["rolname"]
            raise CannotRun(
                f"PostgreSQL has a role {name} that may more than a login of the election: give that role another name,"
                f" or take it away: ALTER ROLE {name} NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
            )
        for login in LOGINS:
            if only_missing and login in there:
                continue
            text = settings.postgres_password_of(login)
            require_password(settings, login, text)
            verb = sql.SQL("ALTER" if login in there else "CREATE")
            password = encrypt_password(text, login, connection, "scram-sha-256")
            cursor.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD %s").format(verb, sql.Identifier(login)), (password,))
        names = {
            "database": sql.Identifier(settings.postgres_db),
            "owner": sql.Identifier(OWNER),
            "others": sql.SQL(", ").join(sql.Identifier(login) for login in LOGINS if login != OWNER),
        }
        for right in RIGHTS:
            cursor.execute(sql.SQL(right).format(**names))
        if rows(connection, "SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper"):
            cursor.execute(LARGE_OBJECTS)
        else:
            log.warning(
                "every login can still write large objects into %s, which only a superuser may end: %s",
                settings.postgres_db,
                " ".join(LARGE_OBJECTS.split()),
            )
        for query, kind in ((OTHERS_TABLES, "TABLE"), (OTHERS_FUNCTIONS, "FUNCTION")):
            for found in rows(connection, query):
                name = sql.Identifier(*found.values())
                cursor.execute(sql.SQL("ALTER {} {} OWNER TO {owner}").format(sql.SQL(kind), name, **names))


def main(settings: Settings, stop: Stop) -> None:
    Database(settings.administrator, stop).run(partial(make_logins, settings))


if __name__ == "__main__":
    run_script("logins", main)
