"""`run.py lab N`: eight short lessons. Each asks for a prediction, does the thing for real, and checks the outcome.

A lab runs in a temporary folder, with servers of its own, on settings of its own or on a copy of the code: the working
tree and `var` stay as they are. A lab is its page in docs/labs, which asks, and a module with ANSWER, HINT and
show(bench).
"""

import argparse
import importlib
import re
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass

from election import PROJECT
from election.model.errors import UsageError
from local.labs.workbench import open_workbench

LABS = {
    1: "the_same_vote_twice",
    2: "keys_and_partitions",
    3: "a_poison_message",
    4: "kill_the_count",
    5: "swap_publish_and_commit",
    6: "lose_kafka_whole",
    7: "micro_batches",
    8: "forge_a_vote",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=int, nargs="?", metavar="N", help="1 to 8; the list of labs without it")
    parser.add_argument("--predict", metavar="LETTER", help="your prediction; asked for on a terminal when missing")


def run(options: argparse.Namespace) -> int:
    """The exit code: 0 when everything that the lab checks is so, whatever was predicted."""
    if options.number is None:
        for number in LABS:
            print("  " + read_page(number).title)
        return 0
    if options.number not in LABS:
        raise UsageError(f"there is no lab {options.number}: choose 1 to {len(LABS)}")
    page = read_page(options.number)
    print(f"{page.title}\n\n{page.question}")
    prediction = ask(page, options.predict)
    print(flush=True)
    for ending in signal.SIGTERM, signal.SIGHUP:  # ends the lab's servers too
        signal.signal(ending, signal.default_int_handler)
    lab = importlib.import_module(f"local.labs.{LABS[options.number]}")
    with open_workbench() as bench:
        lab.show(bench)
    print(f"\n{judge(page, prediction, lab.ANSWER, lab.HINT)}\ndocs/labs/{options.number}.md explains it.")
    if bench.failed:
        print(f"error: not so: {'; '.join(bench.failed)}", file=sys.stderr)
    return 1 if bench.failed else 0


@dataclass(frozen=True)
class Page:
    """What a lab's page in docs/labs asks. `choices`: letter to text."""

    title: str
    question: str
    choices: dict[str, str]


def read_page(number: int) -> Page:
    page = (PROJECT / "docs" / "labs" / f"{number}.md").read_text(encoding="utf-8")
    question = page.partition("## Predict\n\n")[2].partition("\n\nWrite your answer down")[0]
    choices = dict(re.findall(r"^- (\w): (.+)$", question, re.MULTILINE))
    return Page(page.splitlines()[0].lstrip("# "), question, choices)


def ask(page: Page, prediction: str | None) -> str | None:
    """The prediction given, or typed on a terminal; None when there is neither. Raises UsageError."""
    if prediction is None and sys.stdin.isatty():
        with suppress(EOFError):
            prediction = input("\nYour prediction: ")
    if not prediction:
        return None
    if prediction.strip().lower() not in page.choices:
        raise UsageError(f"the prediction {prediction!r} is none of {', '.join(page.choices)}")
    return prediction.strip().lower()


def judge(page: Page, prediction: str | None, answer: str, hint: str) -> str:
    """What to say of the prediction; a wrong one gets a hint."""
    true = f"{answer}: {page.choices[answer]}"
    if prediction is None:
        return f"Nothing was predicted (without a terminal, give --predict LETTER). The answer was {true}."
    if prediction == answer:
        return f"You predicted {true}. So it is."
    return f"You predicted {prediction}; it was {true}.\nHint: {hint}"
