"""The long forms, each round an election of its own:

python -m tests.chaos --rounds 30 --seed 1             faults that each round's seed draws
python -m tests.chaos --kill-at 1 30 61 --rates 1500   the count killed at these seconds; without any, at each of 120
"""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos.plan import KILL_RATES, KILL_SECONDS, draw_plan, plan_kill
from tests.chaos.rounds import Round

log = logging.getLogger("chaos")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the others count on")
    parser.add_argument("--kill-at", type=int, nargs="*", metavar="SECOND", help="after the polls opened")
    parser.add_argument("--rates", type=int, nargs="+", default=KILL_RATES, help="votes a second")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    logging.getLogger("election").setLevel(logging.ERROR)
    if arguments.kill_at is None:
        seeds = range(arguments.seed, arguments.seed + arguments.rounds)
        plans = {f"--rounds 1 --seed {seed}": draw_plan(seed) for seed in seeds}
    else:
        kills = [(second, rate) for rate in arguments.rates for second in arguments.kill_at or KILL_SECONDS]
        plans = {f"--kill-at {second} --rates {rate}": plan_kill(second, rate) for second, rate in kills}
    struck: Counter[str] = Counter()
    failed: list[str] = []
    for number, (again, plan) in enumerate(plans.items(), 1):
        started = time.monotonic()
        log.info("round %d of %d, %s", number, len(plans), plan)
        folder = Path(tempfile.mkdtemp(prefix=f"chaos-{plan.seed}-"))
        folder.chmod(0o755)
        chaos = Round(plan, folder)
        problems = chaos.run()
        struck.update(chaos.struck)
        recorded = chaos.report.recorded if chaos.report else 0
        log.info("    %d votes, %d restarts, %.0f s", recorded, chaos.restarts, time.monotonic() - started)
        for problem in problems:
            log.info("    FAILED: %s", problem)
        if problems:
            failed.append(again)
            log.info("    again: python -m tests.chaos %s; its logs are in %s", again, folder / "logs")
        else:
            shutil.rmtree(folder)
    log.info("%d faults struck: %s", struck.total(), dict(struck.most_common()))
    log.info("%d rounds, %d failed%s", len(plans), len(failed), f": {', '.join(failed)}" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
