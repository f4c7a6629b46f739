"""Each file of tests/elections/folder beside the good files of base/: its right value, or its message.

NAME.results.csv stands for results.csv, and so on.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from election.model.definition import Election, load_election, read_election
from election.model.errors import DefinitionError
from election.model.findings import Findings
from local.bring import checking

FOLDER = Path(__file__).with_name("folder")

REFUSED = {
    "binary.results.csv": "results.csv, line 2: not UTF-8 text (byte 80)",
    "braces.candidates.csv": "line 2: candidate_id '{a}' has a '{', which means something else in messages; remove it",
    "candidate_twice.results.csv": "line 1: a candidate has two columns",
    "column_twice.results.csv": "line 1: the column 'votes' is there twice; remove or rename one",
    "cp1252.election.toml": "election.toml, line 1: not UTF-8 text (byte e9): save the file as UTF-8",
    "cp1252.results.csv": "results.csv, line 3: not UTF-8 text (byte e9)",
    "empty.results.csv": "results.csv: the file is empty",
    "excel.results.csv": "this is an Excel or other packed file, not UTF-8 text: save it as CSV",
    "fast.election.toml": "rate is 'fast'; write rate = votes per second",
    "kind.candidates.csv": "candidates.csv, line 2: kind is 'blanc'; did you mean 'blank'?",
    "lacking_wide_column.results.csv": "line 1: there is no column for the candidates b",
    "line_break.candidates.csv": r"line 2: candidate_name has a line break ('Ann\nLee'); perhaps a quote is not closed",
    "line_break.results.csv": r"line 2: location has a line break ('North\nEnd')",
    "long_field.results.csv": "line 2: a field has more than 131,072 characters",
    "long_name.results.csv": "line 2: location has 1,001 characters, more than 1,000",
    "map_no_json.locations.geojson": "this is no GeoJSON FeatureCollection: ",
    "map_of_another_election.locations.geojson": "the properties are id = '7', NAME = 'Atlantis'; set map_name",
    "map_projected.locations.geojson": "is no longitude and latitude: reproject the file with ogr2ogr -t_srs EPSG:4326",
    "map_topology.locations.geojson": "no GeoJSON FeatureCollection: Object missing required field `features`",
    "negative_seed.election.toml": "seed is -1; write seed = a whole number, 0 or more",
    "nfd_twice.results.csv": "line 3: Montréal is there twice",
    "no_name.candidates.csv": "line 2: candidate_name and party_affiliation are empty",
    "nobody.candidates.csv": "candidates.csv: nobody stands",
    "nobody.results.csv": "results.csv: nobody votes",
    "not_toml.election.toml": "election.toml: Invalid value (at line 1",
    "nul.results.csv": r"line 2: location has the control character '\x00'; remove it",
    "quote_open.results.csv": "line 3: a quote is not closed or is followed by text",
    "quote_swallows.results.csv": r"line 2: location has a line break ('North,a,10\nNorth')",
    "quote_text.results.csv": "line 2: a quote is not closed or is followed by text",
    "same_name.candidates.csv": "line 3: 'ann' is there twice; add a column candidate_id",
    "semicolons.results.csv": "line 1: the columns are separated by ';'; commas are wanted",
    "thousands.results.csv": "line 2: votes is '1,234'; a whole number from 0 to 100,000,000 is wanted; write 1234",
    "time.election.toml": "date is 2026-01-01 10:00:00; write date = 2026-05-07",
    "too_many.results.csv": "line 2: votes is '99999999999'; a whole number from 0 to 100,000,000 is wanted",
    "true_seed.election.toml": "seed is True",
    "unknown_candidate.results.csv": "candidate_id 'Ann Leee' is not in candidates.csv; did you mean 'Ann Lee'?",
    "unknown_column.candidates.csv": "line 1: the column 'name' is unknown; did you mean 'candidate_name'?",
    "unknown_column.results.csv": "line 1: the column 'registred' is unknown; did you mean 'registered'?",
    "unknown_key.election.toml": "the key tile is unknown; did you mean 'title'?",
    "unknown_wide_column.results.csv": "line 1: the column 'Ann Leee' is unknown; did you mean 'Ann Lee'?",
    "utf16.results.csv": "this is UTF-16 text, not UTF-8 text",
}
WARNED = {
    "bom.election.toml": [],
    "bom_crlf.results.csv": [],
    "by_party.candidates.csv": [],
    "fewer_registered.results.csv": ["North has 15 votes but 9 registered: no turnout is shown for it"],
    "kinds.candidates.csv": [],
    "map_any_property.locations.geojson": [],
    "map_bad_coordinates.locations.geojson": ["outlines skipped: 1 (coordinates that are no polygon)"],
    "map_heights_points_nulls.locations.geojson": [
        *("1 (Point, no polygon)", "outlines skipped: 1 (no geometry)", "1 (GeometryCollection, no polygon)"),
    ],
    "map_twice.locations.geojson": ["North has 2 outlines: all are taken as its parts"],
    "names.results.csv": [],
    "nfd.results.csv": [],
    "no_party.candidates.csv": [],
    "only_names.candidates.csv": [],
    "wide.results.csv": [],
}


def lay(folder: Path, name: str) -> Path:
    """A folder with the good files, one of them replaced by, or beside them, the file `name`."""
    shutil.copytree(FOLDER / "base", folder, dirs_exist_ok=True)
    shutil.copy(FOLDER / name, folder / name.split(".", 1)[1])
    return folder


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_refused_with_its_place_and_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        load_election(str(lay(tmp_path, name)))
    assert REFUSED[name] in str(refused.value)


def read(folder: Path) -> tuple[Election, list[str]]:
    findings = Findings()
    election = read_election(folder, None, findings)
    assert election, findings.problems
    return election, findings.warnings


@pytest.mark.parametrize("name", WARNED)
def test_what_can_be_used_gives_the_right_result_and_warnings(tmp_path: Path, name: str) -> None:
    election, warnings = read(lay(tmp_path, name))
    assert election.votes_per_candidate == {"a": 10, "b": 12}
    assert len(warnings) == len(WARNED[name])
    assert all(what in said for what, said in zip(WARNED[name], warnings, strict=True))


def test_registered_voters_are_known_where_they_are_as_many_as_the_votes(tmp_path: Path) -> None:
    election, _ = read(lay(tmp_path, "fewer_registered.results.csv"))
    assert [(one.registered, one.registered_known) for one in election.locations] == [(15, False), (20, True)]


def test_a_candidate_without_a_name_is_shown_by_the_party(tmp_path: Path) -> None:
    election, _ = read(lay(tmp_path, "by_party.candidates.csv"))
    assert [candidate.candidate_name for candidate in election.candidates] == ["Red List", "Blue List"]


def test_outlines_are_matched_without_regard_to_case_and_accents(tmp_path: Path) -> None:
    outlines = read(lay(tmp_path, "map_any_property.locations.geojson"))[0].outlines
    assert outlines
    assert {name: len(polygons) for name, polygons in outlines.shapes.items()} == {"North": 1, "South": 2}
    assert tuple(outlines.shapes["North"][0][0][1]) == (1.0, 45.0)


def test_all_problems_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = lay(tmp_path, "unknown_key.election.toml")
    shutil.copy(FOLDER / "kind.candidates.csv", folder / "candidates.csv")
    (folder / "results.csv").write_text("location,candidate_id,votes\n" + "North,a,x\n" * 30)
    with pytest.raises(DefinitionError) as refused:
        load_election(str(folder))
    lines = str(refused.value).splitlines()
    assert [sum(name in line for line in lines) for name in ("toml", "candidates.csv", "results.csv")] == [2, 1, 17]
    assert lines[-1] == "and 13 more: python3 run.py check prints all"
    assert checking.examine(folder) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1 + 33


@pytest.mark.parametrize("name", ["election.toml", "candidates.csv", "results.csv", "locations.geojson"])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    shutil.copytree(FOLDER / "base", tmp_path, dirs_exist_ok=True)
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).mkdir()
    findings = Findings()
    assert read_election(tmp_path, None, findings) is None
    assert any(f"{name}: the file can't be read" in problem for problem in findings.problems)


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(["election.toml", "candidates.csv", "results.csv", "locations.csv", "locations.geojson"]),
    data=st.binary(max_size=80)
    | st.text('abc,"\n\r;|[]{}:=0123456789.-eNorth\u2028é', max_size=80).map(str.encode)
    | st.sampled_from([path.read_bytes()[:300] for path in sorted(FOLDER.iterdir()) if path.is_file()]),
    cut=st.integers(0, 300),
    base=st.booleans(),
)
def test_whatever_a_file_holds_it_is_used_or_refused_with_a_message(
    name: str, data: bytes, cut: int, base: bool
) -> None:
    findings, whole = Findings(), FOLDER / "base" / name
    good = whole.read_bytes() if base and whole.exists() else b""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER / "base", folder, dirs_exist_ok=True)
        (Path(folder) / name).write_bytes(good[:cut] + data + good[cut:])
        assert (read_election(Path(folder), None, findings) is None) == bool(findings.problems)
