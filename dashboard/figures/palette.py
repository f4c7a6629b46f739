"""A colour and a symbol for each candidate who is drawn. The name always stands next to them.

Who can't tell two colours apart has the symbols: what the colour says, the symbol says too.

The colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart
(https://jfly.uni-koeln.de/color/), with violet in place of black, which a dark page would swallow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

COLOURS = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#8F7EE5"
SYMBOLS = "●", "▲", "■", "◆", "▼", "★", "◗", "✚"
DRAWN = len(COLOURS)
BLACK, WHITE = "#000000", "#ffffff"
NOTHING = "#8C8C8C"


@dataclass(frozen=True)
class Mark:
    """How a candidate is told apart everywhere on the page."""

    colour: str
    symbol: str

    @property
    def ink(self) -> str:
        """Black or white, whichever reads better on the colour."""
        return max((BLACK, WHITE), key=lambda ink: contrast(ink, self.colour))


MARKS = tuple(map(Mark, COLOURS, SYMBOLS))
# Of all candidates who have no mark of their own.
OTHER = Mark(NOTHING, "○")


def give_marks(order: Sequence[str], votes: Mapping[str, int], before: Mapping[str, Mark]) -> dict[str, Mark]:
    """A mark for each candidate, or for the eight with most votes when there are more.

    Who had a mark before keeps it, so that a candidate's colour stays the same while votes come in.
    """
    places = {candidate_id: place for place, candidate_id in enumerate(order)}
    ranked = sorted(order, key=lambda one: (-votes.get(one, 0), one not in before, places[one]))
    drawn = sorted(ranked[:DRAWN], key=places.__getitem__)
    kept = {one: before[one] for one in drawn if one in before}
    free = iter([mark for mark in MARKS if mark not in kept.values()])
    return {one: kept.get(one) or next(free) for one in drawn}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, of '#rrggbb'."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
