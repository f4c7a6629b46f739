"""Finds a Java that can run Kafka 4 and Spark 4.3."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from election.model.errors import JavaNotUsable

MINIMUM_VERSION = 17
REQUIRED_MODULE = "jdk.incubator.vector"
INSTALL_HINT = (
    f"Install Java {MINIMUM_VERSION} or later (Debian/Ubuntu: apt install openjdk-17-jre-headless; "
    "macOS: brew install openjdk@17), or point JAVA_HOME at one."
)


def candidates() -> list[Path]:
    """Where a Java may be, best first: JAVA_HOME, the PATH, and on macOS what `java_home` reports."""
    found = []
    if home := os.environ.get("JAVA_HOME"):
        found.append(Path(home))
    if on_path := shutil.which("java"):
        linked = Path(on_path).resolve().parent.parent
        # On the PATH it may be a script or a copy of another program: it knows where its home is.
        found.append(linked if (linked / "lib" / "modules").exists() else asked_home(on_path) or linked)
    if sys.platform == "darwin":
        asked = subprocess.run(["/usr/libexec/java_home"], capture_output=True, text=True)
        if asked.returncode == 0:
            found.append(Path(asked.stdout.strip()))
        found.append(Path("/opt/homebrew/opt/openjdk@17"))
    return found


def asked_home(java: str) -> Path | None:
    """Where this `java` says that its home is."""
    try:
        said = _run(java, "-XshowSettings:properties", "-version").stderr
    except OSError:
        return None
    match = re.search(r"^ *java\.home = (.+)$", said, re.MULTILINE)
    return Path(match.group(1)) if match else None


def _run(java: str | Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Without the options that other programs set for every Java."""
    foreign = "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    return subprocess.run([java, *options], capture_output=True, text=True, errors="replace", env=environment)


def parse_version(text: str) -> int | None:
    """The feature release in what `java -version` prints: 17 for '17.0.15', 8 for '1.8.0_412', or None."""
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match.group(1)) if match else None


def check(home: Path) -> str | None:
    """Why the Java in `home` can't be used, or None if it can."""
    java = home / "bin" / "java"
    try:
        version = parse_version(_run(java, "-version").stderr)
    except OSError as error:
        return f"{java} does not run ({error.strerror})"
    if version is None:
        return f"{java} is no Java"
    if version < MINIMUM_VERSION:
        return f"{java} is Java {version}, too old"
    modules = _run(java, "--list-modules").stdout
    if REQUIRED_MODULE not in modules:
        return f"{java} lacks the module {REQUIRED_MODULE} that Spark needs: it is a trimmed runtime, not a full one"
    return None


def find_java_home() -> Path:
    """The home of a usable Java.

    Raises JavaNotUsable with what was found instead, and how to get one.
    """
    problems = []
    for home in candidates():
        problem = check(home)
        if problem is None:
            return home
        problems.append(problem)
    raise JavaNotUsable(f"{'; '.join(problems) or 'No Java was found'}. {INSTALL_HINT}")
