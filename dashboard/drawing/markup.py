"""Pieces of HTML, from templates.html: every text from outside is escaped there, and isolated.

`parts` has a function for each piece: parts.heading("Candidates").
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from dashboard.figures import words
from dashboard.figures.figures import Standing
from dashboard.figures.palette import DRAWN, OTHER, Mark

# Characters that turn the writing direction or hide: a name can't rearrange the words around it.
UNSEEN = re.compile("[\\u0000-\\u001f\\u007f-\\u009f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]")
ISOLATE, END = "\u2068", "\u2069"


def plain(raw: object) -> str:
    """Anything without characters that move the words around it."""
    return UNSEEN.sub("", str(raw))


def isolated(raw: object) -> str:
    """Anything as it stands among other words where there is no HTML: its own direction stays its own."""
    return f"{ISOLATE}{plain(raw)}{END}"


def initials(name: str) -> str:
    """Up to two letters that stand for a person: 'RB'."""
    letters = [word[0] for word in plain(name).split() if word[0].isalnum()]
    return "".join((letters[0], letters[-1]) if len(letters) > 1 else letters).upper()


def width(part: float, whole: float) -> str:
    return f"{min(100 * part / whole, 100):.2f}" if whole else "0"


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    finalize=lambda value: value if isinstance(value, Markup) else plain(value),
)
_environment.filters |= {
    "initials": initials,
    "number": words.number,
    "percent": words.percent,
    "votes": words.votes,
    "width": width,
}
parts: Any = _environment.get_template("templates.html").module


@dataclass(frozen=True)
class Bar:
    """A labelled bar that is as long as the part's share of the whole."""

    label: str
    part: float
    whole: float
    figure: str
    mark: Mark | None = None


def scoreboard(ranked: Sequence[Standing], beside: Sequence[Standing], status: str = "", size: int = 56) -> Markup:
    """The first eight with photo, party, votes, share and bar; all others as one, then blank and invalid votes."""
    rows = []
    if others := ranked[DRAWN:]:
        votes, total = sum(one.votes for one in others), ranked[0].total
        figure = f"{words.votes(votes)} · {words.percent(votes, total)}"
        rows.append(Bar(f"and {words.number(len(others), 'other')}", votes, total, figure, OTHER))
    for one in beside:
        figure = f"{words.votes(one.votes)} · {words.percent(one.votes, one.total)} of all votes"
        rows.append(Bar(one.candidate.name, one.votes, one.total, figure))
    return parts.scoreboard(ranked[:DRAWN], rows, status, size)
