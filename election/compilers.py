"""Keeps the pause at a checkpoint short: the JVM's compilers step back, once they have little left to do.

Else they take a third of two cores in each pause, for what is called once a minute and so is never all compiled
(bench/NOTES.md). Linux only: elsewhere a thread has no niceness of its own. Those of a cluster's executors are left
alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# As Linux names the threads of the JVM's compilers, and how far they step back (nice(1)).
NAMES = ("C1 Compiler", "C2 Compiler")
NICENESS = 10
# A count that is not compiled yet would stay so for long: none of them may have wanted this much of a processor.
LOOK_SECONDS, BUSY = 10, 0.5


class Compilers:
    """Those of the JVM with this process id. They step back once and for all: only an administrator could undo it."""

    def __init__(self, process: int, clock: Callable[[], float] = time.monotonic, proc: Path = Path("/proc")):
        self._tasks, self._clock = proc / str(process) / "task", clock
        self._since: float | None = None
        self._wanted: dict[int, float] = {}
        self.stepped_back = False

    def look(self) -> None:
        """Makes them step back if they had little to do in the ten seconds before. To be called often."""
        now = self._clock()
        if self.stepped_back or (self._since is not None and now < self._since + LOOK_SECONDS):
            return
        wanted = self._processor_wanted()
        if self._since is not None and wanted:
            most = max(seconds - self._wanted.get(thread, 0.0) for thread, seconds in wanted.items())
            if most < BUSY * (now - self._since):
                self._step_back(wanted)
        self._since, self._wanted = now, wanted

    def _processor_wanted(self) -> dict[int, float]:
        """The seconds that each has run or waited for a processor (proc(5), schedstat)."""
        wanted = {}
        for task in self._tasks.glob("*"):
            with suppress(OSError):
                if (task / "comm").read_text().startswith(NAMES):
                    run, waited, _ = map(int, (task / "schedstat").read_text().split())
                    wanted[int(task.name)] = (run + waited) / 1e9
        return wanted

    def _step_back(self, threads: dict[int, float]) -> None:
        for thread in threads:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
        self.stepped_back = True
