"""Pieces of HTML, from templates.html: every text from outside is escaped there, and isolated.

`parts` has a function for each piece: parts.heading("Candidates").
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from dashboard.data.photos import Photos
from dashboard.figures import words
from dashboard.figures.figures import Standing
from dashboard.figures.palette import DRAWN, OTHER, Mark
from dashboard.figures.view import Candidate

# Characters that turn the writing direction or hide: a name can't rearrange the words around it.
UNSEEN = re.compile("[\\u0000-\\u001f\\u007f-\\u009f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]")
ISOLATE, END = "\u2068", "\u2069"


def plain(raw: object) -> str:
    """Anything without characters that move the words around it."""
    return UNSEEN.sub("", str(raw))


def isolated(raw: object) -> str:
    """Anything as it stands among other words where there is no HTML: its own direction stays its own."""
    return f"{ISOLATE}{plain(raw)}{END}"


class Parts(Protocol):
    """The functions of the template, by their names."""

    def __getattr__(self, name: str) -> Callable[..., Markup]: ...


def _width(part: float, whole: float) -> str:
    return f"{min(100 * part / whole, 100):.2f}" if whole else "0"


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    finalize=lambda value: value if isinstance(value, Markup) else plain(value),
)
_environment.filters |= {
    "width": _width,
    "percent": words.percent,
    "votes": words.votes,
    "number": words.number,
}
parts: Parts = _environment.get_template("templates.html").module  # type: ignore[assignment]


@dataclass(frozen=True)
class Bar:
    """A labelled bar that is as long as the part's share of the whole."""

    label: str
    part: float
    whole: float
    figure: str
    mark: Mark | None = None


def initials(name: str) -> str:
    """Up to two letters that stand for a person: 'RB'."""
    letters = [word[0] for word in plain(name).split() if word[0].isalnum()]
    return "".join((letters[0], letters[-1]) if len(letters) > 1 else letters).upper()


def portrait(candidate: Candidate) -> str:
    """A drawing with the candidate's colour and initials, as a data: address. Streamlit keeps no SVG inside HTML."""
    mark = candidate.mark
    drawing = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 56 56"><rect width="56" height="56" fill="{}"/>'
        '<text x="28" y="29" fill="{}" text-anchor="middle" dominant-baseline="central" font-size="21"'
        ' font-weight="600" font-family="sans-serif">{}</text></svg>'
    ).format(mark.colour, mark.ink, initials(candidate.name))
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"


def photo(photos: Photos, candidate: Candidate, size: int) -> Markup:
    """The candidate's photo, or a drawing with the initials while there is none."""
    return parts.photo(candidate, photos.get(candidate.photo_url), portrait(candidate), size)


def take_photos(photos: Photos) -> Callable[[Candidate, int], Markup]:
    """What draws a candidate's photo in a size."""
    return partial(photo, photos)


def scoreboard(
    ranked: Sequence[Standing], beside: Sequence[Standing], photos: Photos, status: str = "", size: int = 56
) -> Markup:
    """The first eight with photo, party, votes, share and bar; all others as one, then blank and invalid votes."""
    others = ranked[DRAWN:]
    rows = [
        Bar(one.candidate.name, one.votes, one.total, f"{words.votes(one.votes)} · {share} of all votes")
        for one in beside
        for share in (words.percent(one.votes, one.total),)
    ]
    if others:
        votes, total = sum(one.votes for one in others), ranked[0].total
        figure = f"{words.votes(votes)} · {words.percent(votes, total)}"
        rows.insert(0, Bar(f"and {words.number(len(others), 'other')}", votes, total, figure, OTHER))
    return parts.scoreboard(ranked[:DRAWN], rows, take_photos(photos), status, size)
