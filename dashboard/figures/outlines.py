"""The places' outlines as a map wants them: flat, and with a middle for each place's symbol. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any


def prepare_outlines(outlines: Mapping[str, Any], places: Collection[str]) -> dict[str, Any] | None:
    """The outlines of these places as flat shapes that need no projection; None when there is none of them.

    Longitudes are shrunk as far as they are at this latitude.
    """
    features = [
        feature
        for feature in outlines.get("features", [])
        if feature.get("geometry") and str(feature["properties"]["location"]) in places
    ]
    if not features:
        return None
    latitudes = [y for feature in features for ring in _rings(feature) for _, y in ring]
    shrink = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))

    def flat(coordinates: Any) -> Any:
        if isinstance(coordinates[0], (int, float)):
            return [round(coordinates[0] * shrink, 4), round(coordinates[1], 4)]
        return [flat(part) for part in coordinates]

    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"location": str(feature["properties"]["location"])},
                "geometry": {
                    "type": feature["geometry"]["type"],
                    "coordinates": flat(feature["geometry"]["coordinates"]),
                },
            }
            for feature in features
        ],
    }


def _rings(feature: Mapping[str, Any]) -> list[list[list[float]]]:
    """The outer rings of a Polygon or MultiPolygon."""
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [polygon[0] for polygon in polygons]


def middles(outlines: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """For each place, the centre of gravity of its largest part."""
    found = {}
    for feature in outlines["features"]:
        largest = max((_centre(ring) for ring in _rings(feature)), key=lambda centre: centre[2])
        found[feature["properties"]["location"]] = largest[:2]
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
