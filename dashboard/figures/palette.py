"""A colour and a symbol for each candidate: what the colour says, the symbol says too.

The colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart
(https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#8C8C8C"
SYMBOLS = "●", "▲", "■", "◆", "▼", "★", "◗", "✚"
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


def mark(position: int) -> Mark:
    """The mark of the candidate at this place of the election's list. The first 64 differ from each other."""
    around, place = divmod(position, len(COLOURS))
    return Mark(COLOURS[place], SYMBOLS[(place + around) % len(SYMBOLS)])


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, of '#rrggbb'."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
