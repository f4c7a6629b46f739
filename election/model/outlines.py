"""locations.geojson: the outlines of the places, matched by name, and made small enough for a page.

Polygons and MultiPolygons are taken, heights are left out, and everything else is skipped with a count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from election.model.files import read_text
from election.model.findings import Findings, fold, nearest

# A ring is an array of (longitude, latitude), closed; a polygon is its outer ring, then its holes.
Polygon = list[NDArray[np.float64]]
# What a page of a megabyte can hold, and the finest grid that a wide screen could show.
MOST_POINTS, FINEST_GRID = 60_000, 8192
REPROJECT = "ogr2ogr -t_srs EPSG:4326 locations-4326.geojson locations.geojson"


@dataclass(frozen=True)
class Outlines:
    """The polygons of each place that has any, the names of outlines that no place has, and how many were skipped."""

    shapes: Mapping[str, list[Polygon]]
    unmatched: tuple[str, ...] = ()
    skipped: int = 0

    @property
    def points(self) -> int:
        return sum(len(ring) for polygons in self.shapes.values() for polygon in polygons for ring in polygon)

    def for_page(self, most_points: int = MOST_POINTS) -> Outlines:
        """Outlines of at most about `most_points`: their points are moved to a grid, which keeps common borders common.

        The grid is made coarser until the outlines are small enough; small ones stay as they are.
        """
        outlines, cells = self, FINEST_GRID
        rings = [ring for polygons in self.shapes.values() for polygon in polygons for ring in polygon]
        size = float(np.ptp(np.concatenate(rings), axis=0).max()) if rings else 0
        while size and outlines.points > most_points and cells >= 64:
            outlines = Outlines(
                {name: _on_grid(polygons, size / cells) for name, polygons in self.shapes.items()},
                self.unmatched,
                self.skipped,
            )
            cells //= 2
        return outlines


def _on_grid(polygons: list[Polygon], cell: float) -> list[Polygon]:
    moved = [[_snap(ring, cell) for ring in polygon] for polygon in polygons]
    whole = [[ring for ring in polygon if len(ring) > 3] for polygon in moved if len(polygon[0]) > 3]
    if whole:
        return whole
    # A place smaller than a cell keeps the box around its first ring, so that it stays on the map.
    (west, south), (east, north) = polygons[0][0].min(axis=0), polygons[0][0].max(axis=0)
    return [[np.array([[west, south], [east, south], [east, north], [west, north], [west, south]])]]


def _snap(ring: NDArray[np.float64], cell: float) -> NDArray[np.float64]:
    """The ring on a grid, without points that repeat or lie on a straight line."""
    grid = np.rint(ring / cell).astype(np.int64)
    grid = grid[np.append(True, (np.diff(grid, axis=0) != 0).any(axis=1))]
    if len(grid) > 3:
        step = np.diff(grid, axis=0)
        turns = step[:-1, 0] * step[1:, 1] != step[:-1, 1] * step[1:, 0]
        grid = grid[np.concatenate([[True], turns, [True]])]
    return grid * cell


def read_outlines(path: Path, places: Sequence[str], map_name: str | None, findings: Findings) -> Outlines | None:
    """The outlines of these places; None when there are none. The findings tell what can't be used."""
    if not path.exists():
        return None
    features = _read_features(path, findings)
    if not features or not places:
        return None
    name = _choose_property(path, features, places, map_name, findings)
    if name is None:
        return None
    exact, folded = set(places), _by_fold(places)
    shapes: dict[str, list[Polygon]] = {}
    unmatched, reasons, times = [], Counter[str](), Counter[str]()
    for feature in features:
        polygons, reason = _polygons(feature.get("geometry"))
        said = _name(feature, name)
        place = said if said in exact else folded.get(fold(said))
        reasons.update([reason] if reason else [])
        if place is None:
            unmatched.append(said)
        elif polygons:
            times[place] += 1
            shapes.setdefault(place, []).extend(polygons)
    if _is_projected(path, shapes, findings):
        return None
    for reason, number in reasons.items():
        findings.warn(path, f"outlines skipped: {number:,} ({reason})")
    for place in [place for place, number in times.items() if number > 1]:
        findings.warn(path, f"{place} has {times[place]} outlines: all are taken as its parts")
    return Outlines(shapes, tuple(unmatched), sum(reasons.values()))


def _read_features(path: Path, findings: Findings) -> list[dict[str, Any]]:
    text = read_text(path, findings)
    if text is None:
        return []
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        findings.problem(path, f"this is no GeoJSON: {error}")
        return []
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        kind = found.get("type") if isinstance(found, dict) else type(found).__name__
        findings.problem(path, f"this is no GeoJSON with features but {kind!r:.40}; write a FeatureCollection")
        return []
    if not features:
        findings.problem(path, "it has no features; remove the file, or write one for each place")
    return features


def _choose_property(
    path: Path, features: list[dict[str, Any]], places: Sequence[str], map_name: str | None, findings: Findings
) -> str | None:
    """The property that holds a place's name: `map_name`, otherwise the one that names the most places."""
    known = {fold(place) for place in places}
    matched: dict[str, set[str]] = defaultdict(set)
    for feature in features:
        for name in feature.get("properties") or {}:
            matched[name] |= {fold(_name(feature, name))} & known
    if map_name is not None and map_name not in matched:
        what = f"no outline has the property map_name = {map_name!r}{nearest(map_name, matched)}"
        findings.problem(path, what)
        return None
    best = map_name if map_name is not None else max(matched, key=lambda name: len(matched[name]), default=None)
    if best is None or not matched[best]:
        examples = ", ".join(f"{name} = {_name(features[0], name)!r:.40}" for name in list(matched)[:8])
        what = f"no outline has the name of a place ({places[0]!r:.40}, ...); the properties are {examples or 'empty'}"
        findings.problem(path, f"{what}; set map_name in election.toml, or rename the places")
        return None
    return best


def _name(feature: dict[str, Any], name: str) -> str:
    value = (feature.get("properties") or {}).get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _by_fold(places: Sequence[str]) -> dict[str, str]:
    """Folded names to places, without those that two places share."""
    times = Counter(map(fold, places))
    return {fold(place): place for place in places if times[fold(place)] == 1}


def _polygons(geometry: Any) -> tuple[list[Polygon], str | None]:
    """A geometry's polygons, or why there are none."""
    if not isinstance(geometry, dict):
        return [], "no geometry"
    kind, parts = geometry.get("type"), geometry.get("coordinates") or []
    try:
        if kind == "GeometryCollection":
            inner = [one for one in geometry["geometries"] if one["type"] in ("Polygon", "MultiPolygon")]
            polygons = [polygon for one in inner for polygon in _polygons(one)[0]]
        elif kind in ("Polygon", "MultiPolygon"):
            several: list[Any] = [parts] if kind == "Polygon" else parts
            polygons = [[_ring(ring) for ring in polygon] for polygon in several]
        else:
            return [], f"{kind!s:.20}, no polygon"
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return [], "coordinates that are no polygon"
    return polygons, None if polygons and all(polygons) else "no coordinates"


def _ring(points: Any) -> NDArray[np.float64]:
    ring = np.array([(float(point[0]), float(point[1])) for point in points])
    if len(ring) < 4 or not np.isfinite(ring).all():
        raise ValueError("a ring has four points or more")
    return ring


def _is_projected(path: Path, shapes: Mapping[str, list[Polygon]], findings: Findings) -> bool:
    for name, ring in _outer_rings(shapes):
        if np.abs(ring[:, 0]).max() > 360 or np.abs(ring[:, 1]).max() > 90:
            x, y = ring[np.abs(ring).max(axis=1).argmax()]
            what = f"{name} has the point {x:.10g}, {y:.10g}, which is no longitude and latitude"
            findings.problem(path, f"{what}: reproject the file with {REPROJECT}")
            return True
    return False


def _outer_rings(shapes: Mapping[str, list[Polygon]]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name, polygons in shapes.items():
        for polygon in polygons:
            yield name, polygon[0]
