"""What run.py shows: the status, in place on a terminal, and the result. Wide letters and long names keep columns."""

import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from election.model.definition import Election

PLAIN_SECONDS = 5.0
# Nothing is broken into lines where it goes to a file or to another program.
UNBROKEN = 1000
# Of a server or a script: its name, whether it is up, and what it says.
Row = tuple[str, str, str]


class Screen:
    """Draws the status in place on a terminal; elsewhere prints the figures every few seconds."""

    def __init__(self, title: str, footer: str) -> None:
        self.title, self.footer = title, footer
        self._live = Live(console=make_console(), auto_refresh=False) if sys.stdout.isatty() else None
        self._printed_at = 0.0
        if self._live:
            self._live.start()

    def close(self) -> None:
        if self._live:
            self._live.stop()

    def show(self, rows: Sequence[Row], says: Sequence[str]) -> None:
        """`says`: the figures, and what does not get on."""
        if self._live:
            self._live.update(draw(self.title, rows, [*says, self.footer]), refresh=True)
        elif time.monotonic() - self._printed_at >= PLAIN_SECONDS:
            print("\n".join(says), flush=True)
            self._printed_at = time.monotonic()


def make_console() -> Console:
    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else UNBROKEN)


def draw(title: str, rows: Sequence[Row], says: Sequence[str]) -> Group:
    width = max(cell_len(name) for name, _, _ in rows)
    lines = [f"  {set_cell_size(name, width)}  {state:<4}  {line}" for name, state, line in rows]
    cut = [Text(line, no_wrap=True, overflow="ellipsis") for line in lines]
    return Group(Text(title), *cut, *(Text("  " + line) for line in says))


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
