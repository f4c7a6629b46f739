"""Elections as folders: what is read, and what is refused with file and line."""

import shutil
from pathlib import Path

import pytest

from election.model.definition import ELECTIONS, load_election
from election.model.errors import DefinitionError

TOML = 'title = "Test"\nseed = 1\ndate = 2026-01-01\n'
CANDIDATES = "candidate_id,candidate_name\na,Ann\nb,Bob\n"
RESULTS = "location,candidate_id,votes,registered\nNorth,a,10,40\nNorth,b,5,40\nSouth,a,0,\nSouth,b,7,\n"


def make_election(folder: Path, results: str = RESULTS, candidates: str = CANDIDATES, toml: str = TOML) -> str:
    (folder / "election.toml").write_text(toml)
    (folder / "candidates.csv").write_text(candidates)
    (folder / "results.csv").write_text(results)
    return str(folder)


def test_a_replayed_election_has_the_votes_of_its_file(tmp_path):
    election = load_election(make_election(tmp_path))
    assert election.replayed
    assert election.votes_per_candidate == {"a": 10, "b": 12}
    assert election.votes_by_location == {("North", "a"): 10, ("North", "b"): 5, ("South", "b"): 7}
    assert (election.registered, election.ballots) == (47, 22)


def test_montreal_2013_has_the_published_totals():
    election = load_election("montreal-2013")
    assert len(election.locations) == 58
    assert election.votes_per_candidate == {"coderre": 149467, "bergeron": 118637, "joly": 123062}
    assert election.ballots == 391166


def test_the_simulated_election_is_the_same_every_time():
    assert load_election("simulated").votes_per_candidate == {"1": 2484, "2": 2586, "3": 2191}


@pytest.mark.parametrize("voters", [1, 39, 300, 1_000_000])
def test_a_simulated_election_has_as_many_voters_as_asked_for(voters):
    election = load_election("simulated", voters)
    assert election.registered == voters
    assert all(location.ballots <= location.registered for location in election.locations)


def test_another_number_of_voters_is_another_election():
    assert load_election("simulated", 100).fingerprint != load_election("simulated", 101).fingerprint


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"results": RESULTS + "North,a,1,40\n"}, r"results.csv, line 6: North, a is there twice"),
        ({"results": RESULTS + "East,a,1.5,\n"}, r"results.csv, line 6: votes is '1.5'"),
        ({"results": RESULTS + "East,a,²,\n"}, r"results.csv, line 6: votes is '²'"),
        ({"results": RESULTS + "East,a\n"}, r"results.csv, line 6: 4 columns are wanted"),
        ({"results": RESULTS + ",a,1,\n"}, r"results.csv, line 6: location is empty"),
        ({"results": "location,votes\nNorth,1\n"}, r"results.csv, line 1: the column candidate_id is missing"),
        ({"results": RESULTS + "East,a,1,8\nEast,b,1,9\n"}, r"line 7: East has 8 registered on another line"),
        ({"candidates": CANDIDATES + "a,Amy\n"}, r"candidates.csv, line 4: candidate_id 'a'"),
        ({"toml": 'title = "Test"\nseed = 1\n'}, r"election.toml: date is missing"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(tmp_path, files, message):
    with pytest.raises(DefinitionError, match=message):
        load_election(make_election(tmp_path, **files))


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "x" * 5000], ids=["unknown", "zero byte", "too long"])
def test_an_unknown_election_names_those_there_are(name):
    with pytest.raises(DefinitionError, match="' is no election: there are montreal-2013, simulated"):
        load_election(name)


def test_the_number_of_real_ballots_cannot_be_changed():
    with pytest.raises(DefinitionError, match="VOTERS=5: montreal-2013 replays real ballots"):
        load_election("montreal-2013", 5)


@pytest.mark.parametrize("size", ["0", "-1", "many", "inf"])
def test_a_simulated_place_needs_a_size(tmp_path, size):
    shutil.copytree(ELECTIONS / "simulated", tmp_path, dirs_exist_ok=True)
    places = (tmp_path / "locations.csv").read_text().splitlines()
    (tmp_path / "locations.csv").write_text("\n".join([places[0], f"Here,There,{size},1,1,1"]))
    with pytest.raises(DefinitionError, match=r"locations.csv, line 2: size is"):
        load_election(str(tmp_path))
