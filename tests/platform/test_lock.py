"""The locks hold the version and the hashes of every package that requirements*.txt name, and pip is told to check."""

import re

import pytest

from election import PROJECT


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


def test_the_tests_use_what_the_scripts_use() -> None:
    run, test = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {package: test[package] for package in run} == run


@pytest.mark.parametrize("name", ["run.py", "Dockerfile"])
def test_what_installs_packages_takes_them_from_a_lock_and_checks_their_hashes(name: str) -> None:
    installing = re.findall(r"^.*\bpip\b.*\binstall\b.*$", (PROJECT / name).read_text(), re.MULTILINE)
    assert installing
    assert [line for line in installing if not re.search(r'--require-hashes"?,? "?-r"?,? (\S+\.)?lock', line)] == []
