"""Finds a Java that can run Kafka 4 and Spark 4.3."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from election.model.errors import CannotRun

MINIMUM_VERSION = 17
REQUIRED_MODULE = "jdk.incubator.vector"
INSTALL_HINT = (
    f"Install Java {MINIMUM_VERSION} or later (Debian/Ubuntu: apt install openjdk-17-jre-headless; "
    "macOS: brew install openjdk@17), or point JAVA_HOME at one."
)
HOMEBREW = "/opt/homebrew/opt/openjdk@17/bin/java"
# Options that other programs set for every Java.
FOREIGN = "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"


def run_java(java: Path | str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return subprocess.run(
        [java, *arguments], capture_output=True, text=True, errors="replace", env=environment, cwd=folder
    )


def programs() -> list[str]:
    """Where a Java may be, best first: JAVA_HOME, the PATH, and Homebrew, which leaves it out of both."""
    home, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    found = [f"{home}/bin/java"] if home else []
    found += [on_path] if on_path else []
    return [*found, HOMEBREW] if sys.platform == "darwin" else found


def home_of(java: str) -> Path:
    """The home of a Java that can be used, as it says itself: on the PATH it may be a link or a script.

    Raises CannotRun with the reason why another can't.
    """
    try:
        said = run_java(java, "-XshowSettings:properties", "-version").stderr
    except OSError as error:
        raise CannotRun(f"{java} does not run ({error.strerror})") from None
    home = re.search(r"^ *java\.home = (.+)$", said, re.MULTILINE)
    version = re.search(r"^ *java\.specification\.version = (?:1\.)?(\d+)$", said, re.MULTILINE)
    if not home or not version:
        raise CannotRun(f"{java} is no Java")
    if int(version[1]) < MINIMUM_VERSION:
        raise CannotRun(f"{java} is Java {version[1]}, too old")
    if REQUIRED_MODULE not in run_java(java, "--list-modules").stdout:
        raise CannotRun(
            f"{java} lacks the module {REQUIRED_MODULE} that Spark needs: it is a trimmed runtime, not a full one"
        )
    return Path(home[1])


def find_java_home() -> Path:
    """The home of a usable Java. Raises CannotRun with what was found instead, and how to get one."""
    problems = []
    for java in programs():
        try:
            return home_of(java)
        except CannotRun as error:
            problems.append(str(error))
    raise CannotRun(f"{'; '.join(problems) or 'No Java was found'}. {INSTALL_HINT}")
