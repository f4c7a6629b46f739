"""Pieces of HTML. Every text from outside goes through `text`, so it is shown as text whatever it holds."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape

from dashboard.data.photos import Photos
from dashboard.figures import words
from dashboard.figures.figures import Standing
from dashboard.figures.palette import NOTHING, Mark
from dashboard.figures.view import Candidate

# Characters that turn the writing direction or hide: a name can't rearrange the words around it.
UNSEEN = re.compile("[\\u0000-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]")


def plain(raw: object) -> str:
    """Anything without characters that move the words around it."""
    return UNSEEN.sub("", str(raw))


def text(raw: object) -> str:
    """Anything as harmless HTML text."""
    return escape(plain(raw))


def symbol(mark: Mark) -> str:
    """The candidate's symbol in the candidate's colour; the name always stands next to it."""
    return f'<span class="e-symbol" style="color:{mark.colour}" aria-hidden="true">{mark.symbol}</span>'


def initials(name: str) -> str:
    """Up to two letters that stand for a person: 'RB'."""
    letters = [word[0] for word in plain(name).split() if word[0].isalnum()]
    return "".join((letters[0], letters[-1]) if len(letters) > 1 else letters).upper()


def photo(candidate: Candidate, photos: Photos, size: int = 56) -> str:
    """The candidate's photo, or a drawing with the initials while there is none."""
    picture = photos.get(candidate.photo_url)
    return (
        f'<img class="e-photo" style="--c:{candidate.mark.colour}" width="{size}" height="{size}"'
        f' src="{escape(picture or portrait(candidate))}"'
        f' alt="{text(candidate.name)}{"" if picture else ", no photo: a drawing with initials"}">'
    )


def portrait(candidate: Candidate) -> str:
    """A drawing with the candidate's colour and initials, as a data: address. Streamlit keeps no SVG inside HTML."""
    mark = candidate.mark
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 56 56">'
        f'<rect width="56" height="56" fill="{mark.colour}"/>'
        f'<text x="28" y="29" fill="{mark.ink}" text-anchor="middle" dominant-baseline="central" font-size="21"'
        f' font-weight="600" font-family="sans-serif">{text(initials(candidate.name))}</text></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"


def bar(part: float, whole: float, colour: str = NOTHING) -> str:
    """A bar as long as the share; the figure stands next to it, so a screen reader passes over it."""
    width = 100 * part / whole if whole else 0
    return (
        f'<div class="e-bar" aria-hidden="true"><i style="width:{min(width, 100):.2f}%;background:{colour}"></i></div>'
    )


def heading(title: str, note: str = "", level: int = 2) -> str:
    """A section's heading that says what the section shows."""
    return f'<h{level} class="e-heading">{text(title)}</h{level}>' + (
        f'<p class="e-note">{text(note)}</p>' if note else ""
    )


def scoreboard(standings: Iterable[Standing], photos: Photos, status: str = "", size: int = 56) -> str:
    """Candidates with photo, party, votes, share and bar, in the order given."""
    lines = []
    for standing in standings:
        one = standing.candidate
        share = words.percent(standing.votes, standing.total)
        lines.append(
            f'<li class="e-row">{photo(one, photos, size)}'
            f'<div class="e-who"><b>{symbol(one.mark)} {text(one.name)}</b><span>{text(one.party)}</span></div>'
            f'<div class="e-share">{share}</div><div class="e-votes">{words.votes(standing.votes)}</div>'
            f"{bar(standing.votes, standing.total, one.mark.colour)}</li>"
        )
    caption = f'<p class="e-note">{text(status)}</p>' if status else ""
    return f'{caption}<ol class="e-score">{"".join(lines)}</ol>'


def bars(rows: Iterable[tuple[str, float, float, str, Mark | None]]) -> str:
    """Labelled bars: (label, part, whole, figure, mark)."""
    lines = "".join(
        f'<li><span class="e-label">{f"{symbol(mark)} " if mark else ""}{text(label)}</span>'
        f'<span class="e-figure">{text(figure)}</span>'
        f"{bar(part, whole, mark.colour if mark else 'var(--e-accent)')}</li>"
        for label, part, whole, figure, mark in rows
    )
    return f'<ul class="e-bars">{lines}</ul>'


def stacked(groups: Iterable[tuple[str, Sequence[Standing]]]) -> str:
    """One bar a group, split between the candidates; each part has its symbol, and its share where there is room."""
    lines = []
    for group, standings in groups:
        segments = []
        for standing in standings:
            one, share = standing.candidate, 100 * standing.votes / standing.total if standing.total else 0
            label = f"{one.mark.symbol} {share:.0f}%" if share >= 14 else one.mark.symbol if share >= 6 else ""
            segments.append(
                f'<i style="width:{share:.2f}%;background:{one.mark.colour};color:{one.mark.ink}">{label}</i>'
            )
        figure = words.votes(standings[0].total if standings else 0)
        lines.append(
            f'<li><span class="e-label">{text(group)}</span><span class="e-figure">{figure}</span>'
            f'<div class="e-stack" aria-hidden="true">{"".join(segments)}</div></li>'
        )
    return f'<ul class="e-bars">{"".join(lines)}</ul>'


def legend(candidates: Iterable[Candidate]) -> str:
    """Which symbol and colour is whose."""
    names = "".join(f"<li>{symbol(one.mark)} {text(one.name)}</li>" for one in candidates)
    return f'<ul class="e-legend">{names}</ul>'


def swatch(colour: str, strength: float) -> str:
    """A patch of a colour as strong as on the map."""
    return f'<i class="e-swatch" style="background:{colour};opacity:{strength}" aria-hidden="true"></i>'


def map_legend(candidates: Iterable[Candidate], shades: Sequence[tuple[float, str]]) -> str:
    """Every candidate's colours on the map, palest first, and which lead each means."""
    patches = [
        (symbol(one.mark), text(one.name), "".join(swatch(one.mark.colour, strength) for strength, _ in shades))
        for one in candidates
    ]
    names = "".join(f"<li>{patch} {sign} {name}</li>" for sign, name, patch in patches)
    lead = ", ".join(said for _, said in shades)
    return f'<ul class="e-legend">{names}</ul><p class="e-note">Pale to strong, the lead: {text(lead)}. = a tie</p>'


def scale(least: float, most: float) -> str:
    """How strong the map is where nothing is counted, and where everything is."""
    steps = "".join(swatch("currentColor", least + (most - least) * step / 4) for step in range(5))
    return f'<p class="e-legend e-note">nothing counted {steps} everything counted</p>'


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose first column names its rows. Columns that start with '#' hold numbers."""
    numeric = [name.startswith("#") for name in columns]
    kinds = [' class="e-number"' if number else "" for number in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{text(name.removeprefix("#"))}</th>' for name, kind in zip(columns, kinds, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>'
        + "".join(f"<td{kind}>{text(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="e-table" tabindex="0" role="region" aria-label="{text(caption)}"><table><caption>{text(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """Figures side by side: (label, figure, note)."""
    boxes = "".join(
        f"<div><dt>{text(label)}</dt><dd><b>{text(figure)}</b><span>{text(note)}</span></dd></div>"
        for label, figure, note in figures
    )
    return f'<dl class="e-tiles">{boxes}</dl>'


def pill(kind: str, sign: str, said: str) -> str:
    """A state in words with a sign; `kind` is one of good, busy, bad, quiet."""
    return f'<span class="e-pill e-{kind}"><span aria-hidden="true">{sign}</span> {text(said)}</span>'


def notice(sentences: Sequence[str]) -> str:
    """What is wrong, where it can't be missed."""
    return '<div class="e-notice" role="status">' + "".join(f"<p>{text(said)}</p>" for said in sentences) + "</div>"


def empty(said: str) -> str:
    """What stands where there is nothing to show yet."""
    return f'<p class="e-empty">{text(said)}</p>'
