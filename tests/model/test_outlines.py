"""Outlines made small for a page: common borders stay common, and no place is lost."""

import numpy as np

from election.model.outlines import MOST_POINTS, Outlines


def test_large_outlines_are_simplified_and_neighbours_keep_their_border():
    down = np.linspace(46, 45, 40_001)
    border = np.column_stack([1 + 0.0001 * np.random.default_rng(1).random(len(down)), down])
    west = np.concatenate([[[0, 45], [0, 46]], border, [[0, 45]]])
    east = np.concatenate([border[::-1], [[2, 46], [2, 45]], border[-1:]])
    tiny = np.array([[1.5, 45.5], [1.5001, 45.5], [1.5, 45.5001], [1.5, 45.5]])
    outlines = Outlines({"West": [[west]], "East": [[east]], "Tiny": [[tiny]]})
    small = outlines.for_page()
    assert outlines.points > MOST_POINTS >= small.points
    points = {
        name: {tuple(point) for point in polygons[0][0].round(6).tolist()} for name, polygons in small.shapes.items()
    }
    assert len(points["West"] & points["East"]) > 1000
    assert np.ptp(small.shapes["Tiny"][0][0], axis=0).max() < 0.001
    assert small.for_page() is small
