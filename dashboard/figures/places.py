"""The count place by place, and the map of the places. Pure functions."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.figures import Lead, lead, standings
from dashboard.figures.view import View, once
from election.model import topics

# A closed ring of (longitude, latitude); a polygon is its outer ring, then its holes.
Ring = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A place's count: the votes of each candidate, its registered voters (None: not known), and the lead there."""

    name: str
    votes: Mapping[str, int]
    registered: int | None
    lead: Lead | None = None

    @property
    def counted(self) -> int:
        return sum(self.votes.values())

    @property
    def turned_out(self) -> bool:
        """Whether its turnout can be told: more votes than registered voters are no turnout."""
        return bool(self.registered and self.counted <= self.registered)


@once
def places(view: View) -> list[Place]:
    """Every place of the election, also without a vote, by name, in natural order."""
    votes: dict[str, dict[str, int]] = {name: {} for name in view.locations}
    for tally in view.board.rows(topics.VOTES_BY_LOCATION):
        votes.setdefault(tally.state, {})[tally.candidate_id] = tally.total_votes
    registered = {tally.state: tally.registered for tally in view.board.rows(topics.TURNOUT_BY_LOCATION)}
    if not view.one_voter_per_ballot:  # else the roll of a place that has no number here is as long as its votes
        registered |= view.locations
    found = []
    for name in sorted(votes, key=natural):
        here = [one for one in view.candidates if one.candidate_id in votes[name]]
        found.append(Place(name, votes[name], registered.get(name), lead(standings(here, votes[name]))))
    return found


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts names with numbers as people do: '11-…' before '101-…'."""
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in re.split(r"(\d+)", name) if part]


@dataclass(frozen=True, eq=False)
class Map:
    """The places' outlines as flat GeoJSON that needs no projection, and where each place's symbol goes."""

    outlines: dict[str, Any]
    middles: dict[str, tuple[float, float]]


def make_map(shapes: Mapping[str, list[list[Ring]]]) -> Map:
    """The map of the places' polygons. Longitudes are shrunk as far as they are at this latitude."""
    latitudes = np.concatenate([polygon[0][:, 1] for polygons in shapes.values() for polygon in polygons])
    flat = math.cos(math.radians((latitudes.min() + latitudes.max()) / 2)), 1
    features, middles = [], {}
    for name, polygons in shapes.items():
        shrunk = [[(ring * flat).round(4) for ring in polygon] for polygon in polygons]
        middles[name] = max((_centre(polygon[0]) for polygon in shrunk), key=lambda centre: centre[2])[:2]
        coordinates = [[ring.tolist() for ring in polygon] for polygon in shrunk]
        features.append(
            {
                "type": "Feature",
                "properties": {"location": name},
                "geometry": {"type": "MultiPolygon", "coordinates": coordinates},
            }
        )
    return Map({"type": "FeatureCollection", "features": features}, middles)


def _centre(ring: Ring) -> tuple[float, float, float]:
    """Centre of gravity and area of a closed ring."""
    start, end = ring[:-1] - ring[0], ring[1:] - ring[0]
    cross = start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]
    area = cross.sum() / 2
    x, y = ring[0] + ((start + end) * cross[:, np.newaxis]).sum(axis=0) / (6 * area) if area else ring[0]
    return float(x), float(y), float(abs(area))
