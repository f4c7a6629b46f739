"""Seals of the record: what a change of it looks like later, and the proof that one vote is sealed."""

import hashlib
import re

import msgspec
import pytest

from election.audit.__main__ import main
from election.audit.seal import (
    RecordedVote,
    compare_with_seal,
    holds,
    make_proof,
    make_seal,
    parse_proof,
    read_seal,
    write_seal,
)
from election.model.errors import CannotLook, UsageError

RECORD = [RecordedVote(f"v{number}", "ab"[number % 2], 1000 + number // 3) for number in range(9)]
FORGED = RecordedVote("forged", "a", 1001)


def sealed(votes, with_leaves=True):
    seal, leaves = make_seal("a test", votes)
    return seal, leaves if with_leaves else {}


@pytest.mark.parametrize("with_leaves", [True, False])
@pytest.mark.parametrize("size", range(len(RECORD) + 1))
def test_a_record_that_only_grew_keeps_its_seal(size, with_leaves):
    assert not compare_with_seal(RECORD, *sealed(RECORD[:size], with_leaves))


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
    record = sorted([*RECORD[:at], *change(vote), *RECORD[at + 1 :]], key=lambda vote: vote.place)
    broken = compare_with_seal(record, *sealed(RECORD, with_leaves))
    voter = "forged" if kind == "inserted" else vote.voter_id
    named = rf"1 .*votes.* {kind}.*; voters: {voter}" if with_leaves else "does not have the sealed root"
    [difference] = broken
    assert re.search(named, difference)


def written(tmp_path, edit=lambda text: text):
    file = tmp_path / "record.seal"
    write_seal(*sealed(RECORD), file)
    file.write_text(edit(file.read_text()))
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


def test_a_leaf_can_be_computed_again_from_the_documentation():
    text = b'["v\xc3\xa9","1",1783504800000000]'
    assert RecordedVote("vé", "1", 1783504800000000).leaf == hashlib.sha256(b"\x00" + text).digest()


def test_a_proof_of_one_vote_holds_for_the_first_line_of_its_seal_and_no_other(tmp_path, capsys):
    seal, leaves = sealed(RECORD)
    file, first_line = tmp_path / "proof.json", written(tmp_path, lambda text: text.splitlines()[0])
    for index, vote in enumerate(RECORD):
        proof = make_proof(vote, seal, leaves)
        assert parse_proof(msgspec.json.encode(proof)) == proof
        assert not holds(proof, sealed([*RECORD, FORGED])[0])
        file.write_bytes(msgspec.json.encode(proof))
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
    file.write_bytes(msgspec.json.encode(proof))
    assert main(["--check-proof", str(file), "--seal", str(written(tmp_path))]) == 1
    assert "does not lead to the seal's root" in capsys.readouterr().out


def test_a_file_that_is_missing_is_named(tmp_path, capsys):
    missing = str(tmp_path / "missing")
    for arguments in (["--check-proof", missing, "--seal", missing], ["--against", missing]):
        assert main(arguments) == 2
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
