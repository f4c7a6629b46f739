"""README and docs say what is so: commands parse, names exist, links lead somewhere, figures were measured."""

import argparse
import importlib.util
import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from election import PROJECT
from election.model import topics
from local.cli import COMMANDS, parse_arguments

SCRIPTS = "main.py", "voting.py", "spark-streaming.py", "streamlit-app.py"
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), PROJECT / "bench" / "NOTES.md"])
# The notes tell what was tried with earlier code: only their links must hold.
LIVING = [page for page in PAGES if page.name not in {"NOTES.md", "CHANGELOG.md"}]
TEXT = {page: page.read_text() for page in PAGES}
# What is named in capitals like a setting, and is one of another program.
OTHER_NAMES = {"JAVA_HOME", "HTTPS_PROXY", "STATE_VERSION", "SPARK_LOCAL_IP", "SPARK_LOCAL_HOSTNAME"}


class Parsed(Exception):
    """A program has read its arguments and found them right."""


def code_lines(text):
    """Every line of every code block that is a command, its continuation lines joined, without comments."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language in ("", "sh"):
            yield from block.replace("\\\n", " ").splitlines()


def inline_commands(text):
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`\n]+)`", without_blocks):
        if re.match(r"(python3? |\.venv/bin/python |docker |streamlit run )", code):
            yield code


def commands():
    for page in LIVING:
        for line in (*code_lines(TEXT[page]), *inline_commands(TEXT[page])):
            words = (
                shlex.split(re.sub(r"(\s#.*|\s{2,}.*| > .*)$", "", line.strip()).split(" | ")[0])
                if is_command(line)
                else []
            )
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words and not any("…" in word or "..." in word for word in words):
                yield pytest.param(words, id=f"{page.relative_to(PROJECT)}: {' '.join(words)}")


def is_command(line):
    return bool(re.match(r"\s*([A-Z_]+=\S* )*(python3?|\.venv/bin/python|docker|streamlit) ", line))


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_is_one(words, monkeypatch):
    program, *arguments = words
    if program == "docker":
        check_docker(arguments)
    elif program == "streamlit":
        assert arguments[0] == "run"
        assert (PROJECT / arguments[1]).exists()
    elif arguments[0] == "run.py":
        check_run(arguments[1:], monkeypatch)
    elif arguments[0] == "-m":
        check_module(arguments[1], arguments[2:], monkeypatch)
    elif arguments[0].endswith(".py"):
        assert (PROJECT / arguments[0]).exists()
        assert arguments[1:] == []


def check_run(arguments, monkeypatch):
    if "--help" in arguments or arguments in ([name] for name in COMMANDS):
        return
    if arguments[:1] == ["bench"]:
        check_module("bench", arguments[1:], monkeypatch)
    else:
        parse_arguments(arguments, argparse.Namespace())


def check_module(name, arguments, monkeypatch):
    """The module is there, and takes the arguments if it reads any."""
    module = importlib.util.find_spec(name)
    assert module, name
    if not arguments:
        return
    source = importlib.util.find_spec(f"{name}.__main__") if module.submodule_search_locations else module
    assert source, f"{name} can't be run"
    if not name.startswith(("election", "bench", "tests", "local")) or "argparse" not in reachable(Path(source.origin)):
        return
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, *given, **named):
        parse(self, *given, **named)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    with pytest.raises(Parsed):
        runpy.run_module(name, run_name="__main__", alter_sys=True)


def reachable(path):
    """The source of a program and of the modules beside it."""
    return (
        "".join(file.read_text() for file in path.parent.glob("*.py"))
        if path.name == "__main__.py"
        else path.read_text()
    )


def check_docker(arguments):
    """Compose's commands name services that are there."""
    if arguments[0] != "compose":
        return
    files = [word for at, word in enumerate(arguments) if arguments[at - 1] == "-f" and word.endswith("yml")]
    services = set().union(*(services_of(PROJECT / name) for name in files or ["docker-compose.yml"]))
    for verb in ("up", "exec", "logs", "stop", "restart", "kill"):
        after = arguments[arguments.index(verb) + 1 :] if verb in arguments else []
        named = [word for word in after if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
        assert not named or named[0] in services, f"{named[0]} is no service of {services}"


def services_of(path):
    """The services of a Compose file, by their indentation."""
    [part] = re.findall(r"^services:\n(.*?)(?=^\w|\Z)", path.read_text(), re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^  ([\w-]+):", part, re.MULTILINE))


def slug(heading):
    """The anchor that a Markdown heading gets."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower().replace("`", "")
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page):
    without_blocks = re.sub(r"^```.*?^```", "", TEXT[page], flags=re.MULTILINE | re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        headings = (
            re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE) if path.suffix == ".md" and path.exists() else []
        )
        if not path.exists() or (anchor and anchor not in map(slug, headings)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", LIVING, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_file_that_is_named_is_there(page):
    rooms = "election|dashboard|local|bench|deploy|docs|elections|tests"
    named = set(re.findall(rf"`((?:{rooms})/[\w./*-]*)`", TEXT[page])) | set(re.findall(r"`([\w-]+\.py)`", TEXT[page]))
    gone = [name for name in named if not any(PROJECT.glob(name.rstrip("/"))) and not found(name)]
    assert not gone


def found(name):
    """A file named without its folder, such as `board.py`, in one of the rooms."""
    return "/" not in name and any(
        path
        for room in ("election", "dashboard", "local", "bench", "deploy", "tests")
        for path in (PROJECT / room).rglob(name)
    )


@pytest.mark.parametrize("page", LIVING, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_setting_that_is_named_exists(page):
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    compose = "".join(
        path.read_text() for path in (PROJECT / "docker-compose.yml", *(PROJECT / "deploy").rglob("*.yml"))
    )
    known |= set(re.findall(r"\$\{([A-Z0-9_]+)", compose)) | OTHER_NAMES
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", TEXT[page]))
    assert named - known == set()


def test_every_topic_table_script_and_room_is_mentioned():
    everything = "".join(TEXT[page] for page in LIVING)
    tables = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", (PROJECT / "election/platform/schema.sql").read_text())
    rooms = [f"election/{path.parent.name}/" for path in (PROJECT / "election").glob("*/__init__.py")]
    assert tables
    assert rooms
    names = [*(topic.name for topic in topics.ALL), *tables, *SCRIPTS, *rooms]
    assert [name for name in names if f"`{name}" not in everything] == []


def test_the_readme_can_be_read_in_ten_minutes():
    assert len(TEXT[PROJECT / "README.md"].split()) < 1200


MEASURED = [
    pytest.param(names.split("; "), table, id=f"{page.name}: {names}")
    for page in LIVING
    for names, table in re.findall(r"<!-- from bench/results\.json: (.*?) -->\n+((?:\|.*\n)+)", TEXT[page])
]


@pytest.mark.parametrize(("names", "table"), MEASURED)
def test_every_figure_of_a_table_is_in_the_results(names, table):
    results = json.loads((PROJECT / "bench" / "results.json").read_text())
    measured = {number for name in names for row in results[name]["rows"].values() for number in numbers(row)}
    _, _, *rows = table.splitlines()
    told = {number for row in rows for cell in row.strip("|").split("|")[1:] for number in numbers(cell)}
    assert told
    assert told - measured == set()


def numbers(text):
    return re.findall(r"\d[\d,]*(?:\.\d+)?(?<!,)", text)


def test_the_figures_of_the_readme_are_measured_ones():
    assert any(page.id.startswith("README") for page in MEASURED)
