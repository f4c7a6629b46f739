"""`run.py lab N`: eight short lessons. Each asks for a prediction, does the thing for real, and checks the outcome.

A lab runs in a temporary folder, with servers of its own, on settings of its own or on a copy of the code: the working
tree and `var` stay as they are. docs/labs has a page for each.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from types import ModuleType

from election.model.errors import UsageError
from local.labs.workbench import Workbench

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
            print(f"  {number}  {load_lab(number).TITLE}")
        return 0
    lab = load_lab(options.number)
    print(f"Lab {options.number}: {lab.TITLE}\n\n{lab.QUESTION}\n")
    for letter, choice in lab.CHOICES.items():
        print(f"  {letter}  {choice}")
    prediction = ask(lab, options.predict)
    print(flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the lab's servers too
    with Workbench() as bench:
        lab.show(bench)
    print(f"\n{judge(lab, prediction)}\ndocs/labs/{options.number}.md explains it.")
    if bench.failed:
        print(f"error: not so: {'; '.join(bench.failed)}", file=sys.stderr)
    return 1 if bench.failed else 0


def load_lab(number: int) -> ModuleType:
    """The module of a lab: TITLE, QUESTION, CHOICES, ANSWER, HINT and show(bench). Raises UsageError."""
    if number not in LABS:
        raise UsageError(f"there is no lab {number}: choose 1 to {len(LABS)}")
    return importlib.import_module(f"local.labs.{LABS[number]}")


def ask(lab: ModuleType, prediction: str | None) -> str | None:
    """The prediction given, or typed on a terminal; None when there is neither. Raises UsageError."""
    if prediction is None and sys.stdin.isatty():
        prediction = input("\nYour prediction: ")
    if not prediction:
        return None
    if prediction.strip().lower() not in lab.CHOICES:
        raise UsageError(f"the prediction {prediction!r} is none of {', '.join(lab.CHOICES)}")
    return prediction.strip().lower()


def judge(lab: ModuleType, prediction: str | None) -> str:
    """What to say of the prediction; a wrong one gets a hint."""
    answer = f"{lab.ANSWER}: {lab.CHOICES[lab.ANSWER]}"
    if prediction is None:
        return f"Nothing was predicted (without a terminal, give --predict LETTER). The answer was {answer}."
    if prediction == lab.ANSWER:
        return f"You predicted {answer}. So it is."
    return f"You predicted {prediction}; it was {answer}.\nHint: {lab.HINT}"
