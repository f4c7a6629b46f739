"""`run.py doctor`: what this machine has and lacks for a run, one line each with what to do, in about a second."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from election import PROJECT
from election.model.errors import ElectionError
from election.platform.jars import JARS, LOCK, locked, proxy_options
from election.platform.java import find_java_home
from local.environment import PROXIES, build_environment, utf8_locale
from local.folder import Lock, check_folder
from local.pipeline import PORTS
from local.place import find_place
from local.processes import port_is_free
from local.run import add_folder

DISK_GB, MEMORY_GB = 3, 4
DOCKER_SECONDS = 3
OK, NOTE, BAD = "ok", "note", "BAD"

Finding = tuple[str, str]
add_arguments = add_folder


def run(options: argparse.Namespace) -> int:
    """The exit code is 1 when something is there that a run can't do with."""
    folder = Path(os.path.abspath(options.folder))
    checks: dict[str, Callable[[], Finding]] = {
        "Python": check_python,
        "Java": check_java,
        "jars": check_jars,
        "paths": lambda: check_paths(folder),
        "PostgreSQL": lambda: check_postgres(folder),
        "ports": check_ports,
        "disk": lambda: check_disk(folder),
        "memory": check_memory,
        "language": check_language,
        "variables": check_variables,
        "proxy": check_proxy,
        "Docker": check_docker,
    }
    with ThreadPoolExecutor() as pool:
        found = [(name, pool.submit(check)) for name, check in checks.items()]
        results = [(name, *answer.result()) for name, answer in found]
    for name, state, line in results:
        print(f"{state:<5}{name:<12}{line}")
    return 1 if any(state == BAD for _, state, _ in results) else 0


def check_python() -> Finding:
    return OK, f"{platform.python_version()}, {sys.executable}"


def check_java() -> Finding:
    try:
        return OK, str(find_java_home())
    except ElectionError as error:
        return BAD, str(error)


def check_jars() -> Finding:
    missing = [jar for name in ("kafka", "spark") for jar in locked(name) if not (JARS / name / jar).is_file()]
    if missing:
        return NOTE, f"{len(missing)} of {LOCK.name} are not in {JARS} yet: the first start downloads them"
    return OK, str(JARS)


def check_paths(folder: Path) -> Finding:
    try:
        check_folder(folder)
        if folder.exists():
            Lock(folder).release()
    except ElectionError as error:
        return BAD, str(error)
    above = nearest(folder)
    if not os.access(above, os.W_OK):
        return BAD, f"{above} can't be written: choose another folder with --folder, or run this as its owner"
    return OK, f"project {PROJECT}, data {folder}"


def check_postgres(folder: Path) -> Finding:
    if not folder.exists():
        return OK, "no data yet"
    try:
        place = find_place(folder / "postgres")
    except (ElectionError, OSError) as error:
        return BAD, str(error)
    return OK, f"data {place.data}" + (f", as the user {place.user}" if place.user else "")


def check_ports() -> Finding:
    taken = [f"{port} ({name})" for name, port in PORTS.items() if not port_is_free(port)]
    if taken:
        return NOTE, f"taken: {', '.join(taken)}; the next free ones are used"
    return OK, ", ".join(map(str, PORTS.values())) + " are free"


def check_disk(folder: Path) -> Finding:
    free = shutil.disk_usage(nearest(folder)).free / 1e9
    if free < DISK_GB:
        return BAD, f"{free:.1f} GB free, {DISK_GB} are needed: make room, or choose another disk with --folder"
    return OK, f"{free:.0f} GB free"


def check_memory() -> Finding:
    there = psutil.virtual_memory().available / 1e9
    if there < MEMORY_GB:
        return NOTE, f"{there:.1f} GB available, {MEMORY_GB} are better: end other programs, or SPARK_DRIVER_MEMORY=1g"
    return OK, f"{there:.0f} GB available, {os.cpu_count()} cores"


def check_language() -> Finding:
    name = utf8_locale()
    if not name:
        return NOTE, "no UTF-8 locale: folders need names in ASCII; on Debian and Ubuntu, apt install locales"
    return OK, f"{name} for everything that is started"


def check_variables() -> Finding:
    """Says which variables of other programs are left out, for who looks for the reason of a difference."""
    kept = build_environment()
    telling = "JAVA", "JDK", "_JAVA", "SPARK", "PYSPARK", "HADOOP", "KAFKA", "PG", "PYTHON", "STREAMLIT", "CLASSPATH"
    left_out = sorted(name for name in os.environ if name.startswith((*telling, "LD_")) and name not in kept)
    if os.environ.get("PYTHONPATH") == str(PROJECT):  # run.py's own
        left_out.remove("PYTHONPATH")
    return OK, f"left out: {', '.join(left_out)}" if left_out else "none of other programs"


def check_proxy() -> Finding:
    named = [name for name in PROXIES if os.environ.get(name)]
    try:
        proxy_options()
    except ElectionError as error:
        return BAD, str(error)
    return OK, f"{', '.join(named)}: for pip and the jars" if named else "none"


def check_docker() -> Finding:
    """Only for `docker compose up`; run.py needs none."""
    if not shutil.which("docker"):
        return OK, "not there, not needed"
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=DOCKER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return NOTE, f"no answer within {DOCKER_SECONDS} s (only docker compose needs it)"
    if asked.returncode != 0:
        reason = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
        return NOTE, f"{reason} (only docker compose needs it)"
    return OK, f"{asked.stdout.strip()}, for docker compose"


def nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
