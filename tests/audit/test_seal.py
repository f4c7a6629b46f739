"""Seals of the record: what a change of it looks like later, and the proof that one vote is sealed."""

import hashlib
import json
from dataclasses import asdict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from election.audit.__main__ import main
from election.audit.proof import encode_proof, holds, make_proof, parse_proof
from election.audit.seal import RecordedVote, Sealing, compare_with_seal, read_seal
from election.model.errors import CannotLook, UsageError

RECORD = [RecordedVote(f"v{number}", "ab"[number % 2], 1000 + number // 3) for number in range(9)]
FORGED = RecordedVote("forged", "a", 1001)
seals = st.booleans()


def sealed(votes, with_leaves=True):
    sealing = Sealing("a test")
    leaves = {vote.voter_id: sealing.add(vote) for vote in votes}
    return sealing.seal, leaves if with_leaves else {}


def in_order(votes):
    return iter(sorted(votes, key=lambda vote: vote.place))


@given(st.integers(0, len(RECORD)), seals)
def test_a_record_that_only_grew_keeps_its_seal(size, with_leaves):
    assert not compare_with_seal(iter(RECORD), *sealed(RECORD[:size], with_leaves))


@pytest.mark.parametrize("with_leaves", [True, False])
@pytest.mark.parametrize("at", range(len(RECORD)))
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("changed", lambda vote: [vote._replace(candidate_id="z")]),
        *(("changed", lambda vote, by=by: [vote._replace(time=vote.time + by)]) for by in (5, -5, 10**9)),
        ("removed", lambda vote: []),
        ("inserted", lambda vote: [vote, FORGED]),
    ],
)
def test_a_tampered_record_breaks_the_seal_whose_leaves_name_the_voter(kind, change, at, with_leaves):
    vote = RECORD[at]
    record = in_order([*RECORD[:at], *change(vote), *RECORD[at + 1 :]])
    broken = compare_with_seal(record, *sealed(RECORD, with_leaves))
    named = {"changed": [], "removed": [], "inserted": []}
    if with_leaves:
        named[kind] = ["forged" if kind == "inserted" else vote.voter_id]
    assert broken
    assert {kind: getattr(broken, kind) for kind in named} == named
    assert broken.unnamed is not with_leaves


def test_a_vote_that_changed_hands_is_found_though_the_totals_are_right():
    first, second, *rest = RECORD
    swapped = [
        first._replace(candidate_id=second.candidate_id),
        second._replace(candidate_id=first.candidate_id),
        *rest,
    ]
    assert compare_with_seal(iter(swapped), *sealed(RECORD)).changed == [first.voter_id, second.voter_id]


def written(tmp_path, edit=lambda text: text):
    sealing = Sealing("a test")
    lines = [f"{sealing.add(vote).hex()} {json.dumps(vote.voter_id)}\n" for vote in RECORD]
    file = tmp_path / "record.seal"
    file.write_text(edit(json.dumps(asdict(sealing.seal)) + "\n" + "".join(lines)))
    return file


def test_a_seal_is_read_as_it_was_written_and_its_first_line_alone_is_one(tmp_path):
    assert read_seal(written(tmp_path)) == sealed(RECORD)
    assert read_seal(written(tmp_path, lambda text: text.splitlines()[0])) == sealed(RECORD, with_leaves=False)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda text: text[:-70] + ("0" if text[-70] != "0" else "1") + text[-69:], "was changed"),
        *((lambda _, text=text: text, "is no seal") for text in ("", "nonsense", "{}", "[]", '{"size": 1}\n', "\x00")),
    ],
)
def test_a_file_that_is_no_seal_or_was_changed_is_refused(tmp_path, edit, reason):
    with pytest.raises(CannotLook, match=reason):
        read_seal(written(tmp_path, edit))


def test_a_missing_seal_is_refused(tmp_path):
    with pytest.raises(CannotLook, match="No such file"):
        read_seal(tmp_path / "missing.seal")


def test_a_leaf_can_be_computed_again_from_the_documentation():
    text = b'["v\xc3\xa9","1",1783504800000000]'
    assert RecordedVote("vé", "1", 1783504800000000).leaf == hashlib.sha256(b"\x00" + text).digest()


def test_a_proof_of_one_vote_holds_for_the_first_line_of_its_seal_and_no_other(tmp_path, capsys):
    seal, leaves = sealed(RECORD)
    file, first_line = tmp_path / "proof.json", written(tmp_path, lambda text: text.splitlines()[0])
    for index, vote in enumerate(RECORD):
        proof = make_proof(vote, seal, leaves)
        assert parse_proof(encode_proof(proof).encode()) == proof
        assert not holds(proof, sealed([*RECORD, FORGED])[0])
        file.write_text(encode_proof(proof))
        assert main(["--check-proof", str(file), "--seal", str(first_line)]) == 0
        assert f"voter v{index} chose candidate {vote.candidate_id}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        {"index": 3},
        {"index": -1},
        {"vote": RECORD[4]._replace(candidate_id="z")},
        {"vote": FORGED},
        {"path": []},
        {"path": ["00" * 32] * 4},
        {"path": ["no hash"]},
    ],
)
def test_a_tampered_proof_fails(tmp_path, capsys, change):
    proof = msgspec.structs.replace(make_proof(RECORD[4], *sealed(RECORD)), **change)
    file = tmp_path / "proof.json"
    file.write_text(encode_proof(proof))
    assert main(["--check-proof", str(file), "--seal", str(written(tmp_path))]) == 1
    assert "does not lead to the seal's root" in capsys.readouterr().out


def test_a_file_that_is_missing_is_named(tmp_path, capsys):
    missing = tmp_path / "missing.json"
    assert main(["--check-proof", str(missing), "--seal", str(written(tmp_path))]) == 2
    assert capsys.readouterr().err == f"the audit could not look: {missing}: No such file or directory\n"


def test_a_vote_that_is_not_the_sealed_one_has_no_proof():
    seal, leaves = sealed(RECORD)
    assert make_proof(RECORD[0]._replace(candidate_id="z"), seal, leaves) is None
    with pytest.raises(UsageError, match="not among the 9 sealed votes"):
        make_proof(FORGED, seal, leaves)
    with pytest.raises(UsageError, match="only its first line"):
        make_proof(RECORD[0], seal, {})


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"election":"x","vote":["a","b"],"index":0,"path":[]}'])
def test_a_text_that_is_no_proof_is_refused(text):
    with pytest.raises(CannotLook, match="no proof"):
        parse_proof(text)
