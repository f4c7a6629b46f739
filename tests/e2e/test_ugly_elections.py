"""Elections that are ugly on purpose, from a folder to the last vote, as a person runs them."""

import pytest

from tests.e2e.test_run import run
from tests.support.ugly import no_parties, right_to_left, zeros


@pytest.mark.parametrize(
    "make",
    [zeros, pytest.param(right_to_left, marks=pytest.mark.slow), pytest.param(no_parties, marks=pytest.mark.slow)],
)
def test_an_ugly_election_is_counted_to_exactly_its_result(java, folder, make):
    election = make(folder / "election")
    options = ("--election", election, "--rate", "0", "--no-dashboard", "--until-counted")
    counted = run(folder / "var", *options)
    assert counted.returncode == 0, counted.stdout + counted.stderr
    assert "Exactly the official result, in total and in each of the" in counted.stdout
    assert "Audited: record, log and tally agree on" in counted.stdout
