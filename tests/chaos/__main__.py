"""The long forms:

python -m tests.chaos --rounds 30 --seed 1       elections with faults that each round's seed draws
python -m tests.chaos --kill-at 1 30 61          the count killed at these seconds; without any, at each of 120
"""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.chaos.kills import KILL_RATES, KILL_SECONDS, run_kills
from tests.chaos.plan import draw_plan
from tests.chaos.rounds import Round

log = logging.getLogger("chaos")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the others count on")
    parser.add_argument("--kill-at", type=int, nargs="*", metavar="SECOND", help="after the first vote")
    parser.add_argument("--rates", type=int, nargs="+", default=KILL_RATES, help="votes a second")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    logging.getLogger("election").setLevel(logging.ERROR)
    if arguments.kill_at is None:
        rounds = {
            f"--rounds 1 --seed {seed}": partial(run_round, seed)
            for seed in range(arguments.seed, arguments.seed + arguments.rounds)
        }
    else:
        seconds = arguments.kill_at or KILL_SECONDS
        rounds = {f"--kill-at --rates {rate}": partial(run_kills, rate, seconds) for rate in arguments.rates}
    failed = []
    for number, (again, run) in enumerate(rounds.items(), 1):
        log.info("%d of %d: %s", number, len(rounds), again)
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        folder.chmod(0o755)
        problems = run(folder)
        for problem in problems:
            log.info("    FAILED: %s", problem)
        if problems:
            failed.append(again)
            log.info("    its logs are in %s", folder / "logs")
        else:
            shutil.rmtree(folder)
    log.info("%d rounds, %d failed%s", len(rounds), len(failed), f": {', '.join(failed)}" if failed else "")
    return 1 if failed else 0


def run_round(seed: int, folder: Path) -> list[str]:
    started, chaos = time.monotonic(), Round(draw_plan(seed), folder)
    log.info("%s", chaos.plan)
    problems = chaos.run()
    recorded = chaos.report.recorded if chaos.report else 0
    took = time.monotonic() - started
    log.info("    %d votes, %d restarts, %.0f s; %s struck", recorded, chaos.restarts, took, ", ".join(chaos.struck))
    return problems


if __name__ == "__main__":
    sys.exit(main())
