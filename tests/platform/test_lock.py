"""The locks hold versions and hashes of all packages and jars, and the servers are the same with and without Docker."""

import json
import re

import pytest

from election import PROJECT
from election.platform import jars, java


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Package to version and number of hashes."""
    blocks = re.split(r"\n(?=\S)", (PROJECT / name).read_text())
    found = [(re.match(r"([A-Za-z0-9._-]+)==(\S+)", block), block.count("--hash=sha256:")) for block in blocks]
    return {package[1].lower(): (package[2], hashes) for package, hashes in found if package}


def required(name: str) -> dict[str, str]:
    text = (PROJECT / name).read_text()
    included = [required(other) for other in re.findall(r"^-r (\S+)$", text, re.MULTILINE)]
    own = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", text, re.MULTILINE))
    return {package.lower(): version for found in (*included, own) for package, version in found.items()}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_package_is_locked_at_its_version_with_its_hashes(name: str) -> None:
    lock, wanted = locked(f"{name}.lock"), required(f"{name}.txt")
    assert {package: lock[package][0] for package in wanted} == wanted
    assert len(lock) > len(wanted)
    assert [package for package, (_, hashes) in lock.items() if not hashes] == []
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


@pytest.mark.parametrize("name", ["run.py", "Dockerfile"])
def test_what_installs_packages_takes_them_from_a_lock_and_checks_their_hashes(name: str) -> None:
    installing = re.findall(r"^.*\bpip\b.*\binstall\b.*$", (PROJECT / name).read_text(), re.MULTILINE)
    assert installing
    assert [line for line in installing if not re.search(r'--require-hashes"?,? "?-r"?,? (\S+\.)?lock', line)] == []


def test_kafka_postgresql_and_java_have_the_same_version_with_and_without_containers() -> None:
    compose, dockerfile = ((PROJECT / name).read_text() for name in ("docker-compose.yml", "Dockerfile"))
    [kafka] = set(re.findall(r"image: apache/kafka:(\S+)", compose))
    [postgres] = set(re.findall(r"image: postgres:(\d+)$", compose, re.MULTILINE))
    [container_java] = re.findall(r"openjdk-(\d+)-jre", dockerfile)
    assert jars.SETS["kafka"][0] == f"org.apache.kafka:kafka_2.13:{kafka}"
    assert jars.POSTGRES.rsplit(":", 1)[1].startswith(f"{postgres}.")
    assert f"kafka_2.13-{kafka}.jar" in jars.locked("kafka")
    assert all(jars.locked(f"postgres-{platform}") for platform in jars.POSTGRES_PLATFORMS)
    assert int(container_java) >= java.MINIMUM_VERSION
    features = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text())["features"]
    assert features["ghcr.io/devcontainers/features/java:1"]["version"] == container_java
    assert f'java-version: "{container_java}"' in (PROJECT / ".github" / "workflows" / "test.yml").read_text()
