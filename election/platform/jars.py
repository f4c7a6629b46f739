"""The jars that pip can't bring, resolved from Maven Central by the Ivy inside pyspark.

`jars.lock` holds the SHA-256 of each, and every use checks the files against it. After the first time all runs offline.

    python -m election.platform.jars spark FOLDER     bring Spark's jars into FOLDER (what the Dockerfile does)
    python -m election.platform.jars lock             resolve everything again and rewrite jars.lock
"""

import fcntl
import hashlib
import logging
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from election import PROJECT
from election.model.errors import CannotRun
from election.platform.java import find_java_home, run_java

log = logging.getLogger(__name__)

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


def proxy_options() -> list[str]:
    """What makes Java use the proxies of the environment: each is a line of a file that `java @FILE` reads."""
    proxies, options = getproxies_environment(), dict[str, str]()
    for scheme in ("https", "http"):
        address = proxies.get(scheme) or proxies.get("all", "")
        proxy = urlsplit(address if "//" in address else f"//{address}")
        if not proxy.hostname:
            continue
        try:
            port = proxy.port or 80
        except ValueError:
            raise CannotRun(f"{scheme.upper()}_PROXY={address!r} has no number for its port") from None
        options |= {f"{scheme}.proxyHost": proxy.hostname, f"{scheme}.proxyPort": str(port)}
        if proxy.username:
            # Ivy takes the name and the password of every proxy from here.
            options |= {"http.proxyUser": unquote(proxy.username), "http.proxyPassword": unquote(proxy.password or "")}
            options["jdk.http.auth.tunneling.disabledSchemes"] = ""
    return [f'"-D{key}={value}"'.replace("\\", "\\\\") for key, value in options.items()]


def ivy_reason(output: str) -> str:
    """The line of Ivy's output that says why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [
        line for line in lines if re.search("exception|error|timed out|refused|requires authentication", line, re.I)
    ]
    return next(iter(telling or lines[-1:]), "no answer")[:300].rstrip(".")


def resolve(name: str, folder: Path) -> None:
    """Brings the set `name`, and what it depends on, from Maven Central into `folder`. Raises CannotRun."""
    import pyspark

    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    with TemporaryDirectory(dir=folder.parent) as temporary:
        work = Path(temporary)
        (work / "ivy.xml").write_text(ivy_xml(SETS[name]))
        # Only here: a proxy's password is not for the list of processes.
        (work / "java.options").write_text("\n".join(proxy_options()))
        arguments = ["-cache", "ivy", "-ivy", "ivy.xml", "-retrieve", "jars/[artifact]-[revision].[ext]"]
        ran = run_java(find_java_home() / "bin" / "java", "@java.options", "-jar", str(ivy), *arguments, folder=work)
        if ran.returncode != 0 or "UNRESOLVED" in ran.stdout:
            raise CannotRun(
                f"{', '.join(SETS[name])} could not be downloaded from Maven Central:"
                f" {ivy_reason(ran.stdout + ran.stderr)}."
                " Check the network, and HTTPS_PROXY where a proxy is needed (only the first start downloads),"
                " and run the same command again."
            )
        folder.mkdir(exist_ok=True)
        for jar in (work / "jars").iterdir():
            if name != "spark" or jar.name.startswith(SPARK_JARS):
                shutil.move(jar, folder / jar.name)


def ensure_jars(name: str, folder: Path | None = None) -> list[Path]:
    """The jars of a set, resolved first if they aren't there. Raises CannotRun when they differ from jars.lock."""
    folder = folder or JARS / name
    if difference(name, folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if difference(name, folder):  # still, and not just brought by another run
                log.info("bringing the jars of %s from Maven Central, as the first start does", name)
                resolve(name, folder)
        if problem := difference(name, folder):
            raise CannotRun(f"{folder}: {problem}. Delete the folder and try again.")
    return sorted(folder / jar for jar in locked(name))


def write_lock() -> None:
    JARS.mkdir(parents=True, exist_ok=True)
    lines = ["# SHA-256 of every jar, written by: python -m election.platform.jars lock"]
    for name in SETS:
        shutil.rmtree(JARS / name, ignore_errors=True)
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
    except CannotRun as error:
        sys.exit(f"error: {error}")
