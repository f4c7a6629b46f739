"""Makes the logins of PostgreSQL, one for each script and one for the audit, with the password of its setting.

`logins.sql` says how, and `schema.sql` what each may do. main.py makes the logins that are missing. The command, run as
POSTGRES_ADMIN_USER, who must be allowed to create roles, also sets the passwords anew.

    python -m election.access.logins
"""

import json
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path

from psycopg2.errors import RaiseException
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from election.model.errors import CannotRun, first_line
from election.platform.postgres import PREPARE_LOCK, Database, rows
from election.platform.runtime import Stop, run_script
from election.platform.settings import LOGINS, Settings, password_of

log = logging.getLogger(__name__)

SQL = Path(__file__).with_name("logins.sql")


def ensure_logins(settings: Settings, stop: Stop) -> None:
    """Makes the logins that are missing, as the administrator; the others keep their passwords.

    Raises CannotRun when the administrator may not, and SettingError when a password is missing.
    """
    with suppress(CannotRun):
        if Database(settings, stop).run(_all_are_made):
            return
    try:
        Database(settings.administrator, stop).run(partial(make_logins, settings, only_missing=True))
    except CannotRun as error:
        raise CannotRun(
            f"not all logins of PostgreSQL are there ({', '.join(LOGINS)}), and they can't be made ({error}): set"
            " POSTGRES_ADMIN_USER and POSTGRES_ADMIN_PASSWORD, or let an administrator run"
            " python -m election.access.logins"
        ) from None


def _all_are_made(connection: Connection) -> bool:
    [made] = rows(connection, "SELECT has_schema_privilege('public', 'CREATE') AS may_create")
    return made["may_create"] and not _missing(connection)


def _missing(connection: Connection) -> list[str]:
    there = {found["rolname"] for found in rows(connection, "SELECT rolname FROM pg_roles")}
    return [login for login in LOGINS if login not in there]


def make_logins(settings: Settings, connection: Connection, *, only_missing: bool = False) -> None:
    """Creates what is missing and sets the passwords; the server is sent a SCRAM verifier, never the password.

    Raises SettingError when a password is missing, and CannotRun when a role of that name is not the election's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PREPARE_LOCK,))
        passwords = {
            login: encrypt_password(password_of(settings, login), login, connection, "scram-sha-256")
            for login in (_missing(connection) if only_missing else LOGINS)
        }
        cursor.execute("SELECT set_config('election.passwords', %s, true)", (json.dumps(passwords),))
        try:
            cursor.execute(SQL.read_text())
        except RaiseException as error:
            raise CannotRun(first_line(error)) from None
    for notice in connection.notices:
        if notice.startswith("WARNING"):
            log.warning(notice.splitlines()[0])


def main(settings: Settings, stop: Stop) -> None:
    Database(settings.administrator, stop).run(partial(make_logins, settings))


if __name__ == "__main__":
    run_script("logins", main)
