"""One real PostgreSQL server on a TCP port of 127.0.0.1, from the programs that jars.lock names for this platform.

PostgreSQL refuses to be root. When root starts it, it runs as nobody, who may not enter every folder of root's: its
programs, and its data where need be, are then in STORE.
"""

import hashlib
import logging
import os
import platform
import pwd
import shutil
import signal
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import psycopg2

from election.model.errors import CannotRun
from election.platform.jars import POSTGRES, SETS, ensure_jars
from election.platform.runtime import Stop
from local.folder import end_orphans
from local.processes import Process

log = logging.getLogger(__name__)

USER, PASSWORD, DATABASE = "postgres", "postgres", "voting"
MAJOR_VERSION = POSTGRES.split(":")[-1].split(".")[0]
MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}
START_TIMEOUT_SECONDS = 60
# PostgreSQL's own rules for letters, the same on every machine, whatever languages that has.
LANGUAGE = "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"
UNPRIVILEGED_USER, STORE = "nobody", Path("/var/lib/realtime-election")


class PostgresServer:
    """A server whose data stay in `folder`, so that it can be killed and started again."""

    def __init__(self, folder: Path, port: int, log: Path):
        self.folder, self.port, self.log = folder, port, log
        self.user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
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

        Raises CannotRun, with the reason, or Stopped.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if self.user:
            self._make_room()
        programs, data = unpack(STORE if self.user else None), Path(os.path.realpath(self.folder))
        end_orphans("postgres", data)
        if not (data / "PG_VERSION").exists():
            self._initialise(programs, data)
        held = (data / "PG_VERSION").read_text().strip()
        if held != MAJOR_VERSION:
            raise CannotRun(
                f"{data} has the data of PostgreSQL {held}, which PostgreSQL {MAJOR_VERSION} does not read:"
                " start over with --fresh, or keep them and give another --folder"
            )
        (data / "postmaster.pid").unlink(missing_ok=True)
        command: list[str | Path] = [
            *(programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(self.port)),
            # Nobody uses its socket, whose path may have 107 bytes at most.
            *("--unix_socket_directories=", "--max_wal_size=2GB", "--timezone=UTC", "--log_timezone=UTC"),
        ]
        self.process = Process("PostgreSQL", command, self.log, user=self.user, folder=Path("/"))
        self.process.wait_until(lambda: self._ready(data), START_TIMEOUT_SECONDS, stop)
        self._ensure_database()

    def _make_room(self) -> None:
        """Gives the data to PostgreSQL's user; where that one may not enter, `folder` becomes a link into STORE."""
        STORE.mkdir(parents=True, exist_ok=True)
        STORE.chmod(0o755)
        above = self.folder.parent
        asked = subprocess.run(["/bin/sh", "-c", 'test -x "$0"', above], user=self.user, extra_groups=[], cwd="/")
        if asked.returncode != 0 and not self.folder.is_symlink():
            data = STORE / hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
            if self.folder.exists():
                shutil.rmtree(data, ignore_errors=True)
                shutil.move(self.folder, data)
            self.folder.symlink_to(data)
            log.warning("PostgreSQL runs as nobody, who may not enter %s: its data are in %s", above, data)
        if self.folder.exists() and self.folder.stat().st_uid != pwd.getpwnam(UNPRIVILEGED_USER).pw_uid:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, UNPRIVILEGED_USER)

    def _initialise(self, programs: Path, data: Path) -> None:
        """Makes the data beside and renames them: a kill leaves nothing half-made."""
        new, secret = (data.with_name(data.name + end) for end in (".part", ".password"))
        for left in (new, data):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True, mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD)
        if self.user:
            for path in (new, secret):
                shutil.chown(path, self.user)
        login = "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256"
        command = programs / "initdb", "-D", new, *login, *LANGUAGE
        Process("initdb", command, self.log, user=self.user, folder=Path("/")).finish()
        secret.unlink()
        new.rename(data)

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


def unpack(store: Path | None) -> Path:
    """The folder of PostgreSQL's programs, unpacked in the store, or beside their jar, the first time.

    Raises CannotRun.
    """
    [jar] = ensure_jars(jar_set())
    home = (store or jar.parent) / jar.stem
    if not home.exists():
        part = home.with_name(home.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        with ZipFile(jar) as package:
            [archive] = [inner for inner in package.namelist() if inner.endswith(".txz")]
            with package.open(archive) as packed, tarfile.open(fileobj=packed, mode="r|xz") as programs:
                programs.extractall(part)  # noqa: S202 - its SHA-256 was checked
        part.rename(home)
    return home / "bin"


def jar_set() -> str:
    """The set of jars.SETS that has the programs. Raises CannotRun where there are none for this machine."""
    machine = MACHINES.get(platform.machine(), platform.machine())
    name = f"postgres-{platform.system().lower()}-{machine}"
    if name not in SETS:
        raise CannotRun(f"run.py has no PostgreSQL for {platform.system()} on {machine}: use docker compose up")
    return name
