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

log = logging.getLogger("chaos")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the others count on")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    logging.getLogger("election").setLevel(logging.ERROR)
    struck: Counter[str] = Counter()
    failed: list[int] = []
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        plan, started = draw_plan(seed), time.monotonic()
        log.info("round %d of %d, %s", seed - arguments.seed + 1, arguments.rounds, plan)
        folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
        folder.chmod(0o755)
        chaos = Round(plan, folder)
        problems = chaos.run()
        struck.update(chaos.struck)
        recorded = chaos.report.recorded if chaos.report else 0
        log.info("    %d votes, %d restarts, %.0f s", recorded, chaos.restarts, time.monotonic() - started)
        for problem in problems:
            log.info("    FAILED: %s", problem)
        if problems:
            failed.append(seed)
            log.info("    again: python -m tests.chaos --rounds 1 --seed %d; its logs are in %s", seed, folder / "logs")
        else:
            shutil.rmtree(folder)
    log.info("%d faults struck: %s", struck.total(), dict(struck.most_common()))
    log.info("%d rounds, %d failed%s", arguments.rounds, len(failed), f", seeds {failed}" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
