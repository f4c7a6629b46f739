"""The rejected positions: like a dictionary, in a fraction of its memory."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election.model.messages import Reason
from election.results.rejections import REASON_BITS, Rejections, name_places

positions = st.tuples(st.integers(0, 2), st.integers(0, 30) | st.just(2**44 - 1))
rejected = st.lists(st.tuples(positions, st.sampled_from(list(Reason))), max_size=60)


def both(items):
    """The same as a dictionary that keeps the first of a key, and as Rejections that are sorted often."""
    plain, compact = {}, Rejections(waiting_min=3)
    for place, reason in items:
        assert compact.add(*place, reason) == (place not in plain)
        plain.setdefault(place, reason)
    return plain, compact


def names(places):
    return tuple(f"{partition}/{offset}" for partition, offset in sorted(places))


@given(rejected, rejected)
def test_they_are_what_a_dictionary_is(first, second):
    plain, compact = both(first)
    other, compact_other = both(second)
    assert len(compact) == len(plain)
    assert compact.by_reason.total() == len(plain)
    assert all(compact.by_reason[reason] == list(plain.values()).count(reason) for reason in Reason)
    assert name_places(compact.places_not_in(compact_other)) == names(plain.keys() - other.keys())
    unlike = [place for place, reason in plain.items() if other.get(place) != reason]
    assert name_places(compact.places_unlike(compact_other)) == names(unlike)


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (2**15, 0), (0, 2**44)])
def test_what_is_no_position_is_refused(place):
    with pytest.raises(ValueError, match="is no position"):
        Rejections().add(*place, Reason.EMPTY)


def test_there_is_room_for_every_reason():
    assert len(Reason) <= 1 << REASON_BITS


@pytest.mark.parametrize("step", [1, 1_000_003], ids=["dense", "sparse"])
def test_a_flood_takes_few_bytes_each_however_it_lies(step):
    flood = 50_000
    tracemalloc.start()
    try:
        compact = Rejections()
        for number in range(flood):
            compact.add(number % 4, number * step, Reason.NOT_JSON)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(compact) == flood
    assert size < 40 * flood
