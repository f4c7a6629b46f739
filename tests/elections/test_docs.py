"""docs/elections.md: its example is run, and prints what the page says."""

import re
from pathlib import Path

import pytest

from election import PROJECT
from local import cli

BLOCKS = re.findall(r"```\w*\n(.*?)```", (PROJECT / "docs" / "elections.md").read_text(), re.DOTALL)
COMMANDS = [block.split("\n", 1) for block in BLOCKS if block.startswith("$ python3 run.py ")]


def test_the_worked_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("county.csv").write_text(BLOCKS[0])
    printed = []
    for command, _ in COMMANDS:
        if "check" in command:
            results = Path("clerk/results.csv")
            results.write_text(results.read_text().replace("bob-kay", "bob-key").replace("402", "4o2"))
        cli.main(command.removeprefix("$ python3 run.py ").split())
        printed.append(capsys.readouterr().out)
    assert printed == [output for _, output in COMMANDS]
    assert len(printed) == 2
