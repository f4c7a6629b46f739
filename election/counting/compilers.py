"""Keeps the pause at a checkpoint short: the JVM's compilers step back, once they have little left to do.

Else they take a third of two cores in each pause, for what is called once a minute and so is never all compiled
(bench/NOTES.md). Linux only: elsewhere a thread has no niceness of its own. Those of a cluster's executors are left
alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

# How the names of these threads begin in Linux, those of idle tasks too, and how far the compilers step back (nice(1)).
COMPILERS, TASKS = ("C1 Compiler", "C2 Compiler"), "Executor task"
NICENESS = 10
# A count that is not compiled yet would stay so for long: none of them may have wanted this much of a processor. That
# says something only while there are votes to count: at 200 a second the tasks take 0.15 of one, at 1 a second 0.03.
LOOK_SECONDS, BUSY, AT_WORK = 10, 0.3, 0.1


class Compilers:
    """Those of the JVM with this process id. They step back once and for all: only an administrator could undo it."""

    def __init__(self, process: int, clock: Callable[[], float] = time.monotonic, proc: Path = Path("/proc")):
        self._tasks, self._clock = proc / str(process) / "task", clock
        self._since: float | None = None
        self._seen: dict[int, float] = {}
        self.stepped_back = False

    def look(self) -> None:
        """Makes them step back if they had little to do in the ten seconds before, and the tasks enough.

        To be called often.
        """
        now = self._clock()
        if self.stepped_back or (self._since is not None and now < self._since + LOOK_SECONDS):
            return
        compilers, tasks = self._processor_seconds(COMPILERS, waiting=True), self._processor_seconds(TASKS)
        if self._since is not None and compilers:
            looked = now - self._since
            had_little = max(self._more(compilers)) < BUSY * looked
            if had_little and sum(self._more(tasks)) > AT_WORK * looked:
                self._step_back(compilers)
        self._since, self._seen = now, compilers | tasks

    def _more(self, seconds: dict[int, float]) -> list[float]:
        """By how much each of them has grown since the look before."""
        return [more - self._seen.get(thread, 0.0) for thread, more in seconds.items()]

    def _processor_seconds(self, names: str | tuple[str, ...], *, waiting: bool = False) -> dict[int, float]:
        """How long each thread of such a name has run, and waited for a processor if asked (proc(5), schedstat)."""
        seconds = {}
        for task in self._tasks.glob("*"):
            with suppress(OSError):
                if (task / "comm").read_text().startswith(names):
                    run, waited, _ = map(int, (task / "schedstat").read_text().split())
                    seconds[int(task.name)] = (run + waited * waiting) / 1e9
        return seconds

    def _step_back(self, threads: Iterable[int]) -> None:
        for thread in threads:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
        self.stepped_back = True
