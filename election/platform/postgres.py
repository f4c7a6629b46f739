"""PostgreSQL: connections that wait for it, and queries. What is committed there is the truth."""

import csv
import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg2
from psycopg2.errors import InsufficientPrivilege, UndefinedTable
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from election.model.errors import CannotRun, StartAgain, first_line
from election.platform.runtime import Backoff, Stop, Waiting, wait_until
from election.platform.settings import Settings, password_setting

Result = TypeVar("Result")
log = logging.getLogger(__name__)

SCHEMA = Path(__file__).with_name("schema.sql")
FETCH_ROWS = 5000
# A server whose machine or network is gone is given up after half a minute, not after the system's quarter of an hour.
CONNECTION: dict[str, Any] = {
    "application_name": "election",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# Any constant will do: it stands for "preparing the election" among PostgreSQL's advisory locks.
PREPARE_LOCK = 20131103


def refuses_login(error: psycopg2.Error) -> bool:
    """Whether the server knows the password otherwise, or the login not at all, where it asks for no password."""
    return bool(re.search('authentication failed|role ".*" does not exist', str(error)))


def connect(settings: Settings, **options: Any) -> Connection:
    """A new connection; `options` of libpq replace those of CONNECTION."""
    return psycopg2.connect(**{**settings.postgres, **CONNECTION, **options})


@contextmanager
def transaction(settings: Settings, **options: Any) -> Iterator[Connection]:
    """A connection for one transaction, committed at the end of the block."""
    with closing(connect(settings, **options)) as connection, connection:
        yield connection


class Database:
    """A connection that is made again, with waiting, whenever it is lost. `makes_tables` is for main.py."""

    def __init__(self, settings: Settings, stop: Stop, *, makes_tables: bool = False):
        self.settings, self.stop, self.makes_tables = settings, stop, makes_tables
        self._waiting = Waiting(f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port}")
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Commits what `work` does as one transaction and returns its result.

        When PostgreSQL goes away, waits and does `work` again from its start: it must be safe to repeat.
        Raises Stopped, CannotRun when a retry can't help, and StartAgain when who makes the tables finds none.
        """
        backoff = Backoff()
        while True:
            self.stop.check()
            try:
                connection = self._connected()
                with connection:
                    result = work(connection)
                self._waiting.done()
                return result
            except UndefinedTable as error:
                if self.makes_tables:
                    raise StartAgain(f"the tables are gone ({first_line(error)})") from None
                self._waiting.note(f"main.py creates the tables ({first_line(error)})")
            except InsufficientPrivilege as error:
                raise CannotRun(f"PostgreSQL user {self.settings.postgres_user}: {first_line(error)}") from None
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                self.stop.check()
                self._waiting.note(self._refusal() if refuses_login(error) else first_line(error))
                self.close()
            backoff.wait(self.stop)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.settings)
        return self._connection

    def _refusal(self) -> str:
        """Why to wait after the server refused the login: main.py may be about to make it.

        Raises CannotRun when main.py would make it otherwise, or not at all.
        """
        login, setting = self.settings.postgres_user, password_setting(self.settings.postgres_user)
        own = self.settings.postgres_password == getattr(self.settings, setting.lower(), None)
        if own and login != "main":
            return f"it refuses the login {login}, which main.py makes, or it has another password than {setting} here"
        raise CannotRun(
            f"PostgreSQL refused POSTGRES_USER={login} with POSTGRES_PASSWORD: set them to the server's"
        ) from None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def wait_for_row(database: Database, query: str, what: str, stop: Stop, reason: str) -> dict[str, Any]:
    """Returns the query's first row once there is one; until then says the reason to wait."""
    found: list[dict[str, Any]] = []

    def lacking() -> str | None:
        found[:] = database.run(lambda connection: rows(connection, query))
        return None if found else reason

    wait_until(lacking, what, stop)
    return found[0]


def ensure_schema(connection: Connection) -> None:
    """Creates what schema.sql names and isn't there yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PREPARE_LOCK,))
        cursor.execute(SCHEMA.read_text())


def rows(connection: Connection, query: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor]


def row(connection: Connection, query: str, values: Sequence[Any] | dict[str, Any] = ()) -> dict[str, Any] | None:
    found = rows(connection, query, values)
    return found[0] if found else None


def streamed(connection: Connection, query: str) -> Iterator[Any]:
    """The rows of a query of any size, as tuples, fetched a few thousand at a time."""
    with connection.cursor(name="streamed") as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(query)
        yield from cursor


def copy_rows(connection: Connection, table: str, columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """COPYs rows, which have no NULL, into a table."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(values)
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)", text)
