"""The long form: python -m tests.chaos --rounds 30 --seed 1"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos.plan import draw_plan
from tests.chaos.rounds import Round


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the others count on")
    parser.add_argument("--quick", action="store_true", help="the rounds that `run.py test` runs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s   %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("election").setLevel(logging.ERROR)
    struck: Counter[str] = Counter()
    failed: list[int] = []
    votes = planned = 0
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        plan = draw_plan(seed, quick=arguments.quick)
        say(f"round {seed - arguments.seed + 1} of {arguments.rounds}, {plan}")
        started = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
        folder.chmod(0o755)
        chaos = Round(plan, folder)
        problems = chaos.run()
        recorded = chaos.report.recorded if chaos.report else 0
        votes += recorded
        planned += len(plan.events)
        struck.update(chaos.struck)
        say(f"    {recorded} votes, {chaos.restarts} restarts, {time.monotonic() - started:.0f} s")
        for problem in problems:
            say(f"    FAILED: {problem}")
        if problems:
            failed.append(seed)
            say(f"    again: {replay(seed, quick=arguments.quick)}; its logs are in {folder / 'logs'}")
        else:
            shutil.rmtree(folder)
    faults = f"{struck.total()} of {planned} faults struck: {dict(struck.most_common())}"
    say(f"{arguments.rounds} rounds, {votes:,} votes, {faults}")
    say(f"differences: {len(failed)}" + (f", seeds {failed}" if failed else ""))
    return 1 if failed else 0


def replay(seed: int, *, quick: bool) -> str:
    """The command that draws the same round again."""
    return f"python -m tests.chaos --rounds 1 --seed {seed}{' --quick' if quick else ''}"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
