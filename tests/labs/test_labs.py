"""The labs: each has its page, which asks, changes nothing but a copy, and finds what the page says."""

import importlib
import subprocess
from argparse import Namespace

import pytest

from election import PROJECT
from election.model.errors import UsageError
from local.labs import LABS, ask, forge_a_vote, judge, lose_kafka_whole, read_page, run, swap_publish_and_commit


@pytest.mark.parametrize("number", LABS)
def test_a_page_asks_and_its_lab_has_the_answer(number):
    text = (PROJECT / "docs" / "labs" / f"{number}.md").read_text()
    headings = [heading for heading in text.splitlines() if heading.startswith("## ")]
    assert headings == ["## Predict", "## Do", "## See", "## Explain", "## Go on"]
    page = read_page(number)
    assert page.title.startswith(f"Lab {number}: ")
    assert page.question.endswith(page.choices["c"])
    assert importlib.import_module(f"local.labs.{LABS[number]}").ANSWER in page.choices


def test_a_wrong_prediction_gets_a_hint_and_a_right_one_none():
    page = read_page(1)
    assert "the hint" in judge(page, "a", "b", "the hint")
    assert "the hint" not in judge(page, "b", "b", "the hint")
    assert "1 vote, for candidate 1" in judge(page, None, "b", "the hint")


def test_what_is_no_prediction_and_no_lab_is_refused_by_name():
    with pytest.raises(UsageError, match="'x' is none of a, b, c"):
        ask(read_page(1), "x")
    with pytest.raises(UsageError, match="no lab 9"):
        run(Namespace(number=9))


@pytest.mark.parametrize("number", [2, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 3, 4, 7))])
def test_a_lab_runs_in_a_folder_and_on_servers_of_its_own(java, number, capsys):
    before = status()
    assert run(Namespace(number=number, predict="a")) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert "  yes  " in said
    assert "You predicted a" in said
    assert status() == before


@pytest.mark.parametrize("lab", [swap_publish_and_commit, lose_kafka_whole, forge_a_vote])
def test_a_lab_finds_what_its_page_says(bench, lab):
    before = status()
    lab.show(bench)
    assert bench.failed == []
    assert status() == before


def status():
    return subprocess.run(["git", "status", "--porcelain"], cwd=PROJECT, capture_output=True, text=True).stdout
