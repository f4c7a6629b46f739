"""locations.geojson: the outlines of the places, matched by name, and made small enough for a page.

Polygons and MultiPolygons are taken, heights are left out, and everything else is skipped with a count.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from election.model.files import read_text
from election.model.findings import Findings, fold, nearest

# A ring is an array of (longitude, latitude), closed; a polygon is its outer ring, then its holes.
Polygon = list[NDArray[np.float64]]
# What a page of a megabyte can hold; and grids of a metre to a hundred kilometres, in degrees.
MOST_POINTS = 60_000
FINEST_CELL, COARSEST_CELL = 1e-5, 1
REPROJECT = "ogr2ogr -t_srs EPSG:4326 locations-4326.geojson locations.geojson"


@dataclass(frozen=True)
class Outlines:
    """The polygons of each place that has any, and the names of outlines that no place has."""

    shapes: Mapping[str, list[Polygon]]
    unmatched: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return sum(len(ring) for polygons in self.shapes.values() for polygon in polygons for ring in polygon)

    def for_page(self) -> "Outlines":
        """Outlines of about MOST_POINTS at most: all points are moved to a grid, so that common borders stay common."""
        outlines, cell = self, FINEST_CELL
        while outlines.points > MOST_POINTS and cell < COARSEST_CELL:
            moved = {
                name: [[_on_grid(ring, cell) for ring in polygon] for polygon in polygons]
                for name, polygons in self.shapes.items()
            }
            outlines, cell = replace(self, shapes=moved), 2 * cell
        return outlines


def _on_grid(ring: NDArray[np.float64], cell: float) -> NDArray[np.float64]:
    """The ring without points that repeat on the grid; one smaller than a cell stays on the map as a triangle."""
    moved = np.rint(ring / cell) * cell
    moved = moved[np.append(True, (np.diff(moved, axis=0) != 0).any(axis=1))]
    return moved if len(moved) > 3 else ring[np.linspace(0, len(ring) - 1, 4).astype(int)]


class Feature(msgspec.Struct):
    """An outline as GeoJSON has it."""

    geometry: Any = None
    properties: dict[str, Any] | None = None


class FeatureCollection(msgspec.Struct):
    features: list[Feature]


def read_outlines(path: Path, places: Sequence[str], map_name: str, findings: Findings) -> Outlines | None:
    """The outlines of these places; None when there are none. The findings tell what can't be used.

    `map_name` is the property that holds a place's name; '' is the one that names the most places.
    """
    if not path.exists():
        return None
    features = _read_features(path, findings)
    if not features or not places:
        return None
    name = _choose_property(path, features, places, map_name, findings)
    if name is None:
        return None
    alike = Counter(map(fold, places))
    called = {fold(place): place for place in places if alike[fold(place)] == 1} | {place: place for place in places}
    shapes, unmatched = defaultdict[str, list[Polygon]](list), list[str]()
    reasons, times = Counter[str](), Counter[str]()
    for feature in features:
        said = _name(feature, name)
        place = called.get(said) or called.get(fold(said))
        polygons = _polygons(feature.geometry)
        if isinstance(polygons, str):
            reasons[polygons] += 1
        if place is None:
            unmatched.append(said)
        elif isinstance(polygons, list):
            times[place] += 1
            shapes[place] += polygons
    if _is_projected(path, shapes, findings):
        return None
    for why, number in reasons.items():
        findings.warn(path, f"outlines skipped: {number:,} ({why})")
    for place, number in times.items():
        if number > 1:
            findings.warn(path, f"{place} has {number} outlines: all are taken as its parts")
    return Outlines(dict(shapes), tuple(unmatched))


def _read_features(path: Path, findings: Findings) -> list[Feature]:
    text = read_text(path, findings)
    if text is None:
        return []
    try:
        features = msgspec.json.decode(text, type=FeatureCollection).features
    except (msgspec.DecodeError, RecursionError) as error:
        findings.problem(path, f"this is no GeoJSON FeatureCollection: {error}")
        return []
    if not features:
        findings.problem(path, "it has no features; remove the file, or write one for each place")
    return features


def _choose_property(
    path: Path, features: list[Feature], places: Sequence[str], map_name: str, findings: Findings
) -> str | None:
    """The property that holds a place's name: `map_name`, otherwise the one that names the most places."""
    known = {fold(place) for place in places}
    matched: dict[str, set[str]] = defaultdict(set)
    for feature in features:
        for name in feature.properties or {}:
            matched[name] |= {fold(_name(feature, name))} & known
    if map_name and map_name not in matched:
        findings.problem(path, f"no outline has the property map_name = {map_name!r}{nearest(map_name, matched)}")
        return None
    best = map_name or max(matched, key=lambda name: len(matched[name]), default=None)
    if best is None or not matched[best]:
        examples = ", ".join(f"{name} = {_name(features[0], name)!r:.40}" for name in list(matched)[:8])
        what = f"no outline has the name of a place ({places[0]!r:.40}, ...); the properties are {examples or 'empty'}"
        findings.problem(path, f"{what}; set map_name in election.toml, or rename the places")
        return None
    return best


def _name(feature: Feature, name: str) -> str:
    value = (feature.properties or {}).get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _polygons(geometry: Any) -> list[Polygon] | str:
    """A geometry's polygons, or why there are none."""
    if not isinstance(geometry, dict):
        return "no geometry"
    kind, parts = geometry.get("type"), geometry.get("coordinates") or []
    if kind not in ("Polygon", "MultiPolygon"):
        return f"{kind!s:.20}, no polygon"
    try:
        polygons = [[_ring(ring) for ring in polygon] for polygon in ([parts] if kind == "Polygon" else parts)]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return "coordinates that are no polygon"
    return polygons if polygons and all(polygons) else "no coordinates"


def _ring(points: Any) -> NDArray[np.float64]:
    ring = np.array([(float(point[0]), float(point[1])) for point in points])
    if len(ring) < 4 or not np.isfinite(ring).all():
        raise ValueError("a ring has four points or more")
    return ring


def _is_projected(path: Path, shapes: Mapping[str, list[Polygon]], findings: Findings) -> bool:
    for name, polygons in shapes.items():
        for ring, *_ in polygons:
            if np.abs(ring[:, 0]).max() > 360 or np.abs(ring[:, 1]).max() > 90:
                x, y = ring[np.abs(ring).max(axis=1).argmax()]
                what = f"{name} has the point {x:.10g}, {y:.10g}, which is no longitude and latitude"
                findings.problem(path, f"{what}: reproject the file with {REPROJECT}")
                return True
    return False
