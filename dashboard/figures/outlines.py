"""The places' outlines as a map wants them: flat, and with a middle for each place's symbol. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

# For each place its polygons, each a list of rings (the outer one, then holes), each a list of (longitude, latitude).
Rings = Mapping[str, list[list[list[tuple[float, float]]]]]


def prepare_outlines(rings: Rings) -> dict[str, Any] | None:
    """The places' polygons as flat shapes that need no projection; None when there are none.

    Longitudes are shrunk as far as they are at this latitude.
    """
    latitudes = [y for polygons in rings.values() for polygon in polygons for _, y in polygon[0]]
    if not latitudes:
        return None
    shrink = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))

    def flat(polygon: list[list[tuple[float, float]]]) -> list[list[list[float]]]:
        return [[[round(x * shrink, 4), round(y, 4)] for x, y in ring] for ring in polygon]

    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"location": name},
                "geometry": {"type": "MultiPolygon", "coordinates": [flat(polygon) for polygon in polygons]},
            }
            for name, polygons in rings.items()
        ],
    }


def middles(outlines: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """For each place, the centre of gravity of its largest part."""
    found = {}
    for feature in outlines["features"]:
        outer = [polygon[0] for polygon in feature["geometry"]["coordinates"]]
        found[feature["properties"]["location"]] = max((_centre(ring) for ring in outer), key=lambda one: one[2])[:2]
    return found


def _centre(ring: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Centre of gravity and area of a closed ring."""
    origin_x, origin_y = ring[0]
    area = x = y = 0.0
    for (x1, y1), (x2, y2) in pairwise(ring):
        x1, y1, x2, y2 = x1 - origin_x, y1 - origin_y, x2 - origin_x, y2 - origin_y
        cross = x1 * y2 - x2 * y1
        area, x, y = area + cross / 2, x + (x1 + x2) * cross / 6, y + (y1 + y2) * cross / 6
    return (origin_x + x / area, origin_y + y / area, abs(area)) if area else (origin_x, origin_y, 0.0)
