"""The folder of a run: who may use it, which names it may have, and files in it that are whole or not there."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from election.model.errors import CannotRun, NotStarted
from local.environment import utf8_locale

LOCK, TEMPORARY = "lock", "tmp"
# PostgreSQL takes 1,023 bytes, and Spark's checkpoints are 300 deep below the folder.
LONGEST_PATH = 700


def name_problem(path: str, *, utf8: bool = True) -> str | None:
    """Why nothing can run in a folder of this path, or None. `utf8`: whether the machine has a UTF-8 language."""
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "has a name that is not UTF-8, which Java can't open"
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        return "has a control character in its name, which PostgreSQL can't take"
    if length > LONGEST_PATH:
        return f"has a path of {length:,} bytes, more than the {LONGEST_PATH} that PostgreSQL and Spark can take"
    if not utf8 and not path.isascii():
        return "has letters beyond ASCII in its path, and this machine has no UTF-8 language (locale) for Java"
    return None


def check_folder(folder: Path) -> None:
    """Raises NotStarted, before anything starts, when nothing can run in the folder."""
    if problem := name_problem(str(folder), utf8=utf8_locale() is not None):
        raise NotStarted(f"the folder {str(folder)!r} {problem}: choose another with --folder")
    if folder.exists() and os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0):
        raise NotStarted(
            f"the folder {folder} is on a file system that runs no programs (noexec), and Spark puts a library of its"
            " own there: choose another with --folder"
        )


def make_folder(folder: Path) -> None:
    """Raises NotStarted when nothing can run in the folder, or it can't be made."""
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise NotStarted(f"{folder} can't be a folder ({error.strerror}): choose another with --folder") from None
    check_folder(folder)


class Lock:
    """Held by the one run that may use the folder; the kernel frees it when the run ends, however it ends.

    Raises CannotRun.
    """

    def __init__(self, folder: Path):
        self._file = (folder / LOCK).open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            raise CannotRun(
                f"an election is running already from {folder} (process {owner}): stop it, or give another --folder"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def end_orphans(program: str, folder: Path) -> None:
    """Ends servers that work in the folder: a killed one's processes live on for a moment, and two ruin the data."""
    place = os.path.realpath(folder)
    there = psutil.process_iter(["name", "cwd"])
    orphans = [process for process in there if process.info["name"] == program and process.info["cwd"] == place]
    for process in orphans:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(orphans, timeout=10)


def write_whole(path: Path, text: str) -> None:
    """Writes beside and renames, so that a kill or a full disk leaves the old file or the new one."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_table(path: Path) -> dict[str, Any]:
    """The JSON object in the file; an empty one when it is missing or can't be read."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def renew_temporary(folder: Path) -> Path:
    """An empty folder for temporary files, of the run alone: what a killed run left there is gone."""
    temporary = folder / TEMPORARY
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    return temporary


def remove(path: Path) -> None:
    """Removes a folder, or a link and the folder it leads to. Says which when it can't."""
    target = Path(os.path.realpath(path))
    if path.is_symlink():
        path.unlink()
    if target.exists():
        shutil.rmtree(target)
