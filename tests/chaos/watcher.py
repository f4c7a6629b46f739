"""Reads the tallies beside everything else, as a dashboard does."""

from __future__ import annotations

import threading

from election.config import Settings
from election.results import LiveBoard


class Watcher:
    """A reader that starts at some moment and demands that no total goes down."""

    def __init__(self, settings: Settings):
        self.live = LiveBoard(settings)
        self.problems: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self.live.start()
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread.ident:
            self._thread.join()
            self.live.close()

    def _watch(self) -> None:
        board, seen = self.live.board, dict[tuple[str, str], int]()
        while not self._stop.wait(0.1):
            if self.live.board is not board:
                board, seen = self.live.board, {}
            with self.live.lock:
                now = {
                    (topic, key): row["total_votes"]
                    for topic, rows in board.totals.items()
                    for key, row in rows.items()
                }
            fallen = [key for key, votes in seen.items() if now.get(key, 0) < votes]
            self.problems += [f"a reader saw the total of {key} go down" for key in fallen]
            seen = now
