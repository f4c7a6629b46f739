"""What run.py shows: the status, in place on a terminal, and the result. Wide letters and long names keep columns."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from election.model.definition import Election

PLAIN_SECONDS = 5.0
# Nothing is broken into lines where it goes to a file or to another program.
UNBROKEN = 1000


@dataclass(frozen=True)
class Status:
    """`rows`: name, state and what it says, of each server and script; `troubles` are sentences."""

    title: str
    rows: Sequence[tuple[str, str, str]]
    figures: str
    troubles: Sequence[str]
    footer: str


class Screen:
    """Draws the status in place on a terminal; elsewhere prints the figures every few seconds, and each new trouble."""

    def __init__(self) -> None:
        self.console = make_console()
        self._live = Live(console=self.console, auto_refresh=False) if self.console.is_terminal else None
        self._printed_at = 0.0

    def __enter__(self) -> Screen:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, status: Status, last: bool = False) -> None:
        if self._live:
            self._live.update(draw(status), refresh=True)
        elif last or time.monotonic() - self._printed_at >= PLAIN_SECONDS:
            for line in (status.figures, *status.troubles):
                print(line, flush=True)
            self._printed_at = time.monotonic()


def make_console() -> Console:
    terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=False, width=None if terminal else UNBROKEN)


def draw(status: Status) -> Group:
    width = max(cell_len(name) for name, _, _ in status.rows)
    lines = [f"{set_cell_size(name, width)}  {state:<4}  {says}" for name, state, says in status.rows]
    cut = [Text(f"  {line}", no_wrap=True, overflow="ellipsis") for line in lines]
    troubles = [Text(f"  {trouble}", style="bold") for trouble in status.troubles]
    return Group(Text(status.title), *cut, Text("  " + status.figures), *troubles, Text("  " + status.footer))


def draw_result(election: Election, counted: Mapping[str, int], names: Mapping[str, tuple[str, str]]) -> Table:
    """Everybody who stands, with the most votes first: those without any too."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2), pad_edge=False)
    for justify in ("left", "left", "right", "right"):
        table.add_column(justify=justify, overflow="fold")
    total = sum(counted.values())
    everybody = {**dict.fromkeys(election.votes_per_candidate, 0), **counted}
    for candidate_id, votes in sorted(everybody.items(), key=lambda item: -item[1]):
        name, party = names.get(candidate_id, (candidate_id, ""))
        share = votes / total if total else 0
        table.add_row(*map(Text, ("  " + isolate(name), isolate(party), f"{votes:,}", f"{share:.1%}")))
    return table


def isolate(text: str) -> str:
    """A name that is written from right to left, marked as one piece: it leaves the order of the columns alone."""
    leftwards = any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
    return f"\u2068{text}\u2069" if leftwards else text
