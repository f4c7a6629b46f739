"""Seals of the record: what a change of it looks like later."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election.audit.seal import Sealing, compare_with_seal, read_seal
from election.model.errors import SealUnreadable

VOTES = [(f"v{number}", "ab"[number % 2], 1000 + number // 3) for number in range(20)]
seals = st.booleans()


def sealed(votes, with_leaves=True):
    sealing = Sealing("a test")
    leaves = {vote[0]: sealing.add(vote) for vote in votes}
    return sealing.seal, leaves if with_leaves else {}


def in_order(votes):
    return sorted(votes, key=lambda vote: (vote[2], vote[0].encode()))


RECORD = in_order(VOTES)


@given(st.integers(0, 20), seals)
def test_a_record_that_only_grew_keeps_its_seal(size, with_leaves):
    assert not compare_with_seal(iter(RECORD), *sealed(RECORD[:size], with_leaves))


@given(st.integers(0, 19), st.sampled_from([("z", 0), ("a", 5), ("b", -5), ("a", 10**9)]), seals)
def test_a_changed_vote_breaks_the_seal_and_is_named(at, change, with_leaves):
    voter_id, candidate_id, time = RECORD[at]
    changed = (voter_id, "z" if candidate_id == change[0] else change[0], time + change[1])
    record = in_order([*RECORD[:at], changed, *RECORD[at + 1 :]])
    broken = compare_with_seal(iter(record), *sealed(RECORD, with_leaves))
    assert broken
    assert broken.changed == ([voter_id] if with_leaves else [])
    assert broken.unnamed is not with_leaves


@given(st.integers(0, 19), seals)
def test_a_removed_vote_breaks_the_seal_and_is_named(at, with_leaves):
    broken = compare_with_seal(iter([*RECORD[:at], *RECORD[at + 1 :]]), *sealed(RECORD, with_leaves))
    assert broken
    assert broken.removed == ([RECORD[at][0]] if with_leaves else [])


@given(st.integers(1000, 1005), seals)
def test_a_vote_inserted_among_the_sealed_ones_breaks_the_seal_and_is_named(time, with_leaves):
    broken = compare_with_seal(iter(in_order([*RECORD, ("forged", "a", time)])), *sealed(RECORD, with_leaves))
    assert broken
    assert broken.inserted == (["forged"] if with_leaves else [])


def test_a_vote_that_changed_hands_is_found_though_the_totals_are_right():
    first, second, *rest = RECORD
    swapped = [(first[0], second[1], first[2]), (second[0], first[1], second[2]), *rest]
    assert compare_with_seal(iter(swapped), *sealed(RECORD)).changed == [first[0], second[0]]


def test_an_empty_record_can_be_sealed():
    assert not compare_with_seal(iter(RECORD), *sealed([]))


def written(tmp_path, votes, edit=lambda text: text):
    sealing = Sealing("a test")
    lines = [f"{sealing.add(vote).hex()} {json.dumps(vote[0])}\n" for vote in votes]
    file = tmp_path / "record.seal"
    file.write_text(edit(json.dumps(asdict(sealing.seal)) + "\n" + "".join(lines)))
    return file


def test_a_seal_is_read_as_it_was_written(tmp_path):
    assert read_seal(written(tmp_path, RECORD)) == sealed(RECORD)


def test_the_first_line_alone_is_a_seal(tmp_path):
    assert read_seal(written(tmp_path, RECORD, lambda text: text.splitlines()[0])) == sealed(RECORD, with_leaves=False)


def test_a_seal_whose_leaves_were_changed_is_refused(tmp_path):
    file = written(tmp_path, RECORD, lambda text: text[:-70] + ("0" if text[-70] != "0" else "1") + text[-69:])
    with pytest.raises(SealUnreadable, match="was changed"):
        read_seal(file)


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[]", '{"size": 1}\n', "\x00"])
def test_a_file_that_is_no_seal_is_refused(tmp_path, text):
    file = tmp_path / "no.seal"
    file.write_text(text)
    with pytest.raises(SealUnreadable, match="is no seal"):
        read_seal(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SealUnreadable, match="No such file"):
        read_seal(tmp_path / "missing.seal")
