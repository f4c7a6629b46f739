"""One real PostgreSQL server on a TCP port of 127.0.0.1, from the programs that jars.lock names for this platform."""

from __future__ import annotations

import shutil
import signal
from contextlib import closing
from pathlib import Path

import psycopg2

from election.model.errors import NotStarted
from election.platform.runtime import Stop
from local.folder import end_orphans
from local.place import Place, find_place
from local.processes import Process, run_tool

USER, PASSWORD, DATABASE = "postgres", "postgres", "voting"
START_TIMEOUT_SECONDS = 60
# PostgreSQL's own rules for letters, the same on every machine, whatever languages that has.
LANGUAGE = "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"


class PostgresServer:
    """A server whose data stay in `folder`, so that it can be killed and started again."""

    def __init__(self, folder: Path, port: int, log: Path):
        self.folder, self.port, self.log = folder, port, log
        self.place: Place | None = None
        self.process: Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point the four scripts at this server, each with its own login."""
        return {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_DB": DATABASE,
            "POSTGRES_SSLMODE": "disable",
            "POSTGRES_ADMIN_USER": USER,
            "POSTGRES_ADMIN_PASSWORD": PASSWORD,
            "POSTGRES_USER": "",
            "POSTGRES_PASSWORD": "",
        }

    def start(self, stop: Stop | None = None) -> None:
        """Makes the data and the database that are missing and returns when the server answers.

        Raises NotStarted, with the reason, or Stopped.
        """
        self.place = place = find_place(self.folder)
        end_orphans("postgres", place.data)
        if not (place.data / "PG_VERSION").exists():
            self._initialise(place)
        self._check_version(place)
        (place.data / "postmaster.pid").unlink(missing_ok=True)
        command: list[str | Path] = [
            *(place.binaries / "postgres", "-D", place.data, "-h", "127.0.0.1", "-p", str(self.port)),
            # Nobody uses its socket, whose path may have 107 bytes at most.
            *(
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_wal_size=2GB",
                "-c",
                "timezone=UTC",
                "-c",
                "log_timezone=UTC",
            ),
        ]
        self.process = Process("PostgreSQL", command, self.log, user=place.user, folder=Path("/"))
        self.process.wait_until(lambda: self._ready(place.data), START_TIMEOUT_SECONDS, stop)
        self._ensure_database()

    def _initialise(self, place: Place) -> None:
        """Makes the data beside and renames them: a kill leaves nothing half-made."""
        new, secret = (place.data.with_name(place.data.name + end) for end in (".part", ".password"))
        for left in (new, place.data):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True, mode=0o700)
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD)
        if place.user:
            for path in (new, secret):
                shutil.chown(path, place.user)
        try:
            login = "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256"
            self._run(place, "initdb", "-D", str(new), *login, *LANGUAGE)
            new.rename(place.data)
        finally:
            secret.unlink()

    def _check_version(self, place: Place) -> None:
        held = (place.data / "PG_VERSION").read_text().strip()
        ours = self._run(place, "postgres", "--version").split()[-1].split(".")[0]
        if held != ours:
            raise NotStarted(
                f"{place.data} has the data of PostgreSQL {held}, which PostgreSQL {ours} does not read:"
                " start over with --fresh, or keep them and give another --folder"
            )

    def _run(self, place: Place, tool: str, *arguments: str) -> str:
        ran = run_tool([str(place.binaries / tool), *arguments], Path("/"), place.user)
        if ran.returncode != 0:
            raise NotStarted(f"{tool} failed: {ran.stderr.strip()}")
        return ran.stdout.strip()

    def _ready(self, data: Path) -> bool:
        """Whether this server, and no other that took its port, is ready: its pid file says so in the last line."""
        noted = data / "postmaster.pid"
        lines = noted.read_text().splitlines() if noted.exists() else []
        ours = self.process is not None and lines[:1] == [str(self.process.pid)]
        return ours and lines[-1].strip() == "ready"

    def _ensure_database(self) -> None:
        where = f"host=127.0.0.1 hostaddr=127.0.0.1 port={self.port} sslmode=disable"
        with closing(psycopg2.connect(f"{where} dbname=postgres user={USER} password={PASSWORD}")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
                if not cursor.rowcount:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")

    def stop(self) -> None:
        """Ends it in PostgreSQL's fast way: open transactions are rolled back, clients are disconnected."""
        if self.process:
            self.process.stop(with_signal=signal.SIGINT)
