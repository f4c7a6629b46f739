"""The folder of a run: who may use it, which names it may have, and how it is emptied."""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import psutil

from election.model.errors import CannotRun
from local.environment import utf8_locale

# PostgreSQL takes 1,023 bytes, and Spark's checkpoints are 300 deep below the folder.
LONGEST_PATH = 700


def check_folder(folder: Path) -> None:
    """Raises CannotRun, before anything starts, when nothing can run in the folder."""
    path, problem = str(folder), ""
    if any("\ud800" <= character <= "\udfff" for character in path):
        problem = "has a name that is not UTF-8, which Java can't open"
    elif any(ord(character) < 32 or ord(character) == 127 for character in path):
        problem = "has a control character in its name, which PostgreSQL can't take"
    elif (length := len(path.encode())) > LONGEST_PATH:
        problem = f"has a path of {length:,} bytes, more than the {LONGEST_PATH} that PostgreSQL and Spark can take"
    elif not path.isascii() and not utf8_locale():
        problem = "has letters beyond ASCII in its path, and this machine has no UTF-8 language (locale) for Java"
    if problem:
        raise CannotRun(f"the folder {path!r} {problem}: choose another with --folder")
    if os.statvfs(nearest(folder)).f_flag & getattr(os, "ST_NOEXEC", 0):
        raise CannotRun(
            f"the folder {folder} is on a file system that runs no programs (noexec), and Spark puts a library of its"
            " own there: choose another with --folder"
        )


def nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def make_folder(folder: Path) -> None:
    """Raises CannotRun when nothing can run in the folder, or it can't be made."""
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise CannotRun(f"{folder} can't be a folder ({error.strerror}): choose another with --folder") from None


def lock_folder(folder: Path) -> TextIO:
    """An open file of the one run that may use the folder; the kernel frees it when the run ends, however it ends.

    Raises CannotRun.
    """
    file = (folder / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        raise CannotRun(
            f"an election is running already from {folder} (process {owner}): stop it, or give another --folder"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def end_orphans(program: str, folder: Path) -> None:
    """Ends servers that work in the folder: a killed one's processes live on for a moment, and two ruin the data."""
    place = os.path.realpath(folder)
    there = psutil.process_iter(["name", "cwd"])
    orphans = [process for process in there if process.info["name"] == program and process.info["cwd"] == place]
    for process in orphans:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(orphans, timeout=10)


def wipe(folder: Path) -> None:
    """Removes the election's data, also where a link leads to them; not the jars."""
    for name in ("kafka", "postgres", "checkpoints", "logs"):
        target = Path(os.path.realpath(folder / name))
        if (folder / name).is_symlink():
            (folder / name).unlink()
        if target.exists():
            shutil.rmtree(target)
