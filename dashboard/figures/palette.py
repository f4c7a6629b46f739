"""A colour and a symbol for each candidate who is drawn. The name always stands next to them.

The colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart
(https://jfly.uni-koeln.de/color/), with violet in place of black, which a dark page would swallow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """How a candidate is told apart everywhere on the page; `ink` is what reads best on the colour."""

    colour: str
    symbol: str
    ink: str = "#000000"


MARKS = (
    Mark("#0072B2", "●", ink="#ffffff"),
    Mark("#D55E00", "▲"),
    Mark("#009E73", "■"),
    Mark("#CC79A7", "◆"),
    Mark("#E69F00", "▼"),
    Mark("#56B4E9", "★"),
    Mark("#F0E442", "◗"),
    Mark("#8F7EE5", "✚"),
)
DRAWN = len(MARKS)
NOTHING = "#8C8C8C"
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
