"""`run.py doctor`: what this machine has and lacks for a run, one line each with what to do, in about a second."""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from election import PROJECT
from election.model.errors import CannotRun, ElectionError
from election.platform.jars import JARS, LOCK, locked, proxy_options
from election.platform.java import find_java_home
from local.environment import PROXIES, build_environment, utf8_locale
from local.folder import check_folder, lock_folder, nearest
from local.pipeline import PORTS
from local.postgres import jar_set
from local.processes import port_answers
from local.run import add_folder

DISK_GB, MEMORY_GB, DOCKER_SECONDS = 3, 4, 2
OK, NOTE, BAD = "ok", "note", "BAD"
TELLING = "JAVA", "JDK", "_JAVA", "SPARK", "PYSPARK", "HADOOP", "KAFKA", "PG", "PYTHON", "STREAMLIT", "CLASSPATH", "LD_"

add_arguments = add_folder


def run(options: argparse.Namespace) -> int:
    """The exit code is 1 when something is there that a run can't do with."""
    states = set()
    for name, state, line in examine(Path(os.path.abspath(options.folder))):
        print(f"{state:<5}{name:<12}{line}", flush=True)
        states.add(state)
    return 1 if BAD in states else 0


def examine(folder: Path) -> Iterator[tuple[str, str, str]]:
    """What is looked at, how it is, and what to say of it."""
    yield "Python", OK, f"{platform.python_version()}, {sys.executable}"
    yield "Java", *tried(find_java_home)
    yield "PostgreSQL", *tried(jar_set)
    yield "paths", *tried(lambda: usable(folder))
    yield "proxy", *tried(proxies)
    missing = [jar for name in ("kafka", "spark") for jar in locked(name) if not (JARS / name / jar).is_file()]
    first = f"{len(missing)} of {LOCK.name} are not in {JARS} yet: the first start downloads them"
    yield "jars", *judged(missing, NOTE, first, str(JARS))
    taken = ", ".join(f"{port} ({name})" for name, port in PORTS.items() if port_answers(port))
    free = f"{', '.join(map(str, PORTS.values()))} are free"
    yield "ports", *judged(taken, NOTE, f"taken: {taken}; the next free ones are used", free)
    disk = shutil.disk_usage(nearest(folder)).free / 1e9
    little = f"{disk:.1f} GB free, {DISK_GB} are needed: make room, or choose another disk with --folder"
    yield "disk", *judged(disk < DISK_GB, BAD, little, f"{disk:.0f} GB free")
    memory = psutil.virtual_memory().available / 1e9
    little = f"{memory:.1f} GB available, {MEMORY_GB} are better: end other programs, or SPARK_DRIVER_MEMORY=1g"
    yield "memory", *judged(memory < MEMORY_GB, NOTE, little, f"{memory:.0f} GB available, {os.cpu_count()} cores")
    language = utf8_locale()
    none = "no UTF-8 locale: folders need names in ASCII; on Debian and Ubuntu, apt install locales"
    yield "language", *judged(not language, NOTE, none, f"{language} for everything that is started")
    yield "Docker", *docker()
    # For who looks for the reason of a difference.
    ours = {*build_environment(), "PYTHONPATH"}
    left_out = sorted(name for name in os.environ if name.startswith(TELLING) and name not in ours)
    yield "variables", OK, f"left out: {', '.join(left_out)}" if left_out else "none of other programs"


def docker() -> tuple[str, str]:
    """Only `docker compose up` needs it."""
    if not shutil.which("docker"):
        return OK, "not there, not needed"
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=DOCKER_SECONDS)
    except subprocess.TimeoutExpired:
        return NOTE, f"no answer within {DOCKER_SECONDS} s (only docker compose needs it)"
    reason = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
    problem = f"{reason} (only docker compose needs it)"
    return judged(asked.returncode, NOTE, problem, f"{asked.stdout.strip()}, for docker compose")


def judged(bad: object, state: str, problem: str, fine: str) -> tuple[str, str]:
    return (state, problem) if bad else (OK, fine)


def tried(look: Callable[[], object]) -> tuple[str, str]:
    try:
        return OK, str(look())
    except ElectionError as error:
        return BAD, str(error)


def usable(folder: Path) -> str:
    check_folder(folder)
    if not os.access(above := nearest(folder), os.W_OK):
        raise CannotRun(f"{above} can't be written: choose another with --folder, or run this as its owner")
    running = ""
    if folder.exists():
        try:
            lock_folder(folder).close()
        except CannotRun:
            running = ", where an election is running"
    return f"project {PROJECT}, data {folder}{running}"


def proxies() -> str:
    proxy_options()
    named = [name for name in PROXIES if os.environ.get(name)]
    return f"{', '.join(named)}: for pip and the jars" if named else "none"
