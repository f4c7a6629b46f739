"""`.env.example` documents every setting of the scripts and of the compose files, with the default that they have."""

import re
import shlex
from pathlib import Path

import pytest

from election import PROJECT
from election.platform.settings import Settings, load_settings

EXAMPLE = PROJECT / ".env.example"
COMPOSE_FILES = [PROJECT / "docker-compose.yml", *sorted((PROJECT / "deploy").glob("*/compose.yml"))]
# What the containers' own values replace, or what only scripts on the host use.
IN_CONTAINERS_FIXED = {
    *("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_HOST", "SPARK_MASTER"),
    *("SPARK_CHECKPOINT_DIR", "SPARK_JARS_DIR", "HEALTH_FILE"),
    *("POSTGRES_ADMIN_USER", "POSTGRES_ADMIN_PASSWORD"),  # PostgreSQL makes the logins itself
}


def documented() -> dict[str, str]:
    """Variable to value of each line of the example, commented out or not."""
    lines = re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    return {name: " ".join(shlex.split(value)) for name, value in lines}


def settings() -> set[str]:
    return {name.upper() for name in Settings.__dataclass_fields__}


def interpolated(path: Path) -> dict[str, str]:
    """Variable to default of each ${VARIABLE:-default} in a compose file."""
    return dict(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+):-([^}]*)\}", path.read_text()))


def test_what_is_documented_is_every_setting_and_what_compose_uses() -> None:
    assert settings() - documented().keys() == set()
    assert documented().keys() - settings().union(*map(interpolated, COMPOSE_FILES)) == set()


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_every_variable_of_a_compose_file_is_documented(path: Path) -> None:
    assert interpolated(path).keys() - documented().keys() == set()


def test_every_setting_reaches_the_containers_or_is_theirs_to_know() -> None:
    base = (PROJECT / "docker-compose.yml").read_text()
    passed = set(re.findall(r'\b([A-Z0-9_]+): "?\$\{\1:-', base)) | {"POSTGRES_PORT"}
    assert settings() - passed == IN_CONTAINERS_FIXED


def test_the_documented_values_are_the_defaults_and_none_is_set() -> None:
    own = {name: value for name, value in documented().items() if name in settings()}
    assert load_settings(own) == Settings()
    assert [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")] == []


def test_ports_are_published_on_this_machine_only() -> None:
    for path in COMPOSE_FILES:
        for ports in re.findall(r"ports: (?:!override )?\[(.*)\]", path.read_text()):
            assert ports.startswith('"127.0.0.1:${'), f"{path.name}: {ports}"
