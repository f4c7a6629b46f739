"""The labs: each has its page and its question, changes nothing but a copy, and finds what it says."""

import subprocess

import pytest

from election import PROJECT
from election.model.errors import UsageError
from local.labs import LABS, ask, forge_a_vote, judge, load_lab, lose_kafka_whole, run, swap_publish_and_commit
from local.labs.swap_publish_and_commit import CASTING, COMMIT, CRASH, RECORDED, swap


class Options:
    def __init__(self, number, predict=None):
        self.number, self.predict = number, predict


@pytest.mark.parametrize("number", LABS)
def test_a_lab_has_a_page_with_its_title_and_a_question_with_an_answer(number):
    lab = load_lab(number)
    page = (PROJECT / "docs" / "labs" / f"{number}.md").read_text()
    assert page.splitlines()[0].lower() == f"# lab {number}: {lab.TITLE}".lower()
    assert [heading for heading in page.splitlines() if heading.startswith("## ")] == [
        *("## Predict", "## Do", "## See", "## Explain", "## Go on")
    ]
    assert lab.ANSWER in lab.CHOICES


def test_a_wrong_prediction_gets_a_hint_and_a_right_one_none():
    lab = load_lab(1)
    assert lab.HINT in judge(lab, "a")
    assert lab.HINT not in judge(lab, lab.ANSWER)
    assert lab.CHOICES[lab.ANSWER] in judge(lab, None)


def test_what_is_no_prediction_and_no_lab_is_refused_by_name():
    with pytest.raises(UsageError, match="'x' is none of a, b, c"):
        ask(load_lab(1), "x")
    with pytest.raises(UsageError, match="no lab 9"):
        run(Options(9))


def test_the_swap_moves_the_commit_before_the_publishing_of_todays_code():
    swapped = swap((PROJECT / CASTING).read_text())
    assert RECORDED + COMMIT + CRASH in swapped
    assert swapped.count(COMMIT) == 1
    compile(swapped, str(CASTING), "exec")
    with pytest.raises(UsageError, match="not the code that this lab knows"):
        swap("nothing of it")


@pytest.mark.parametrize("number", [2, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 3, 4, 7))])
def test_a_lab_runs_in_a_folder_and_on_servers_of_its_own(java, number, capsys):
    before = status()
    assert run(Options(number, "a")) == 0, capsys.readouterr().out
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
