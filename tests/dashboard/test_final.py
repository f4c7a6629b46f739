"""The whole page when everything is counted: the result, the audit's word on it, and turnout."""

import io
import re
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import simplejson

from dashboard.drawing.page import TABS
from dashboard.drawing.tables import make_files
from dashboard.tabs.places import place_rows
from dashboard.tabs.results import candidate_rows
from election.model.messages import Verdict
from tests.dashboard.conftest import Shown, html_of
from tests.dashboard.staged import UGLY, staged_sources


def verdict(differences: int = 0, age_seconds: float = 0, votes: int = 391_166) -> Verdict:
    at = datetime.now(UTC) - timedelta(seconds=age_seconds)
    return Verdict(not differences, votes, "ab" * 32, at, differences)


def test_the_final_figures_are_the_elections(show: Shown) -> None:
    said = show(staged_sources(1.0))
    for figure in (
        *("149,467 votes", "123,062 votes", "118,637 votes", "All votes counted", "Winner ● Denis Coderre"),
        *("391,166 votes counted of 391,166: one voter per ballot", "Won by 26,405 votes", "Tally equals the record"),
    ):
        assert figure in said
    assert "Parties as a table" in [expander.label for expander in show.app.expander]


@pytest.mark.parametrize("tab", TABS)
def test_an_election_of_one_voter_per_ballot_shows_no_turnout(show: Shown, tab: str) -> None:
    said = show(staged_sources(1.0), tab)
    assert "Turnout" not in said
    assert "one voter per ballot" in said
    assert all("Turnout" not in frame.value and "Registered" not in frame.value for frame in show.app.dataframe)


def test_an_election_where_not_everybody_votes_shows_its_turnout(show: Shown) -> None:
    sources = staged_sources(1.0, name="simulated", voters=2000)
    assert "Turnout" in show(sources)
    assert re.search(r"Turnout and votes by gender .*Female Turnout [\d.]+% · [\d,]+ of 1,000", show(sources, "Voters"))
    show(sources, "Places")
    assert {"Turnout", "Registered"} <= set(show.app.dataframe[0].value)


@pytest.mark.parametrize("tab", TABS)
def test_a_differing_tally_is_red_wherever_one_looks(show: Shown, tab: str) -> None:
    said = show(staged_sources(1.0, record={"coderre": 149_466, "bergeron": 118_637, "joly": 123_062}), tab)
    assert "Tally and record differ" in said
    assert "Tally equals the record" not in said
    assert "Winner" not in said
    assert ("The tally has 1 vote that the record does not have" in said) is (tab == "Integrity")


def test_audited_is_claimed_only_after_an_audit_that_agrees(show: Shown) -> None:
    assert "All 391,166 votes counted and audited" in show(staged_sources(1.0, verdict=verdict()))
    said = show(staged_sources(1.0, verdict=verdict(2)), "Integrity")
    assert "audited" not in said.lower()
    assert "Tally and record differ" in said
    assert "Won by" not in said
    assert "2 differences" in said


@pytest.mark.parametrize("tab", ["Results", "Integrity"])
def test_an_audit_of_fewer_votes_than_are_recorded_now_is_not_shown(show: Shown, tab: str) -> None:
    assert "audit" not in show(staged_sources(1.0, verdict=verdict(votes=391_165)), tab).lower()


def test_the_audits_result_stays_with_its_age_while_postgresql_is_down(show: Shown) -> None:
    sources = staged_sources(1.0, verdict=verdict(age_seconds=300), database_problem="connection refused")
    assert "Audited 5 min ago: record, log and tally agreed" in show(sources)
    assert "vote by vote, 5 min ago: 391,166 votes agree" in show(sources, "Integrity")


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("name", UGLY)
def test_every_tab_shows_elections_as_real_ones_are(show: Shown, tab: str, name: str) -> None:
    said = show(staged_sources(0.5, name=name), tab)
    others = {"right-to-left": "○ and 32 others", "no-parties": "○ and 92 others", "zeros": ""}[name]
    assert others in said or tab == "Integrity"


def test_everybody_who_stands_is_in_the_table_also_with_no_votes(show: Shown) -> None:
    sources = staged_sources(1.0, name="no-parties")
    said = show(sources)
    assert all(one.name in said for one in sources.look().ranked)
    assert "Candidate 100 – candidate 0 0.0%" in said


def test_blank_and_invalid_votes_are_shown_beside_the_candidates(show: Shown) -> None:
    sources = staged_sources(1.0, name="zeros")
    said = show(sources)
    assert "of all votes" in said
    assert "write-in" in said
    places = show(sources, "Places")
    assert "Of 2,500 places" in places
    assert "Blank" not in places
    silent = next(one.name for one in sources.election.locations if not one.ballots)  # type: ignore[union-attr]
    assert "0 votes: nobody voted here" in show(sources, "Places", place=silent)


def test_whatever_is_shown_can_be_taken_along() -> None:
    view = staged_sources(0.5, name="zeros").look()
    csv, _ = make_files(view, candidate_rows)
    assert pd.read_csv(io.BytesIO(csv))["Votes"].sum() == view.board.counted
    _, json = make_files(view, place_rows)
    taken = simplejson.loads(json)
    assert taken["status"] == "Counting · partial result"
    assert taken["votes_counted"] == sum(row["Counted"] for row in taken["rows"]) == view.board.counted
    assert len(taken["rows"]) == 2500


def test_a_name_of_any_direction_stays_with_its_symbol(show: Shown) -> None:
    sources = staged_sources(0.5, name="right-to-left")
    show(sources, "Voters")
    html = html_of(show.app)
    for one in sources.look().drawn:
        assert f"{one.mark.symbol}</span> <bdi>{one.name}</bdi>" in html
