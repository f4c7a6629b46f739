"""The whole page when everything is counted: the result, the audit's word on it, and turnout."""

from __future__ import annotations

import io
import re
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import simplejson

from dashboard.drawing.downloads import as_csv, as_json
from dashboard.drawing.markup import parts
from dashboard.drawing.page import TABS
from dashboard.figures.figures import by_group
from dashboard.tabs.place_table import place_rows
from dashboard.tabs.results import candidate_rows
from election.model import topics
from election.model.messages import Verdict
from tests.dashboard import ugly
from tests.dashboard.shown import Shown, html_of
from tests.dashboard.staged import staged_board, staged_sources


def verdict(differences: int = 0, age_seconds: float = 0, votes: int = 391_166) -> Verdict:
    at = datetime.now(UTC) - timedelta(seconds=age_seconds)
    return Verdict(not differences, votes, "ab" * 32, at, differences)


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def test_the_final_figures_are_the_elections(show: Shown) -> None:
    said = show(staged_sources(1.0))
    assert "All votes counted" in said
    for figure in (
        "149,467 votes",
        "123,062 votes",
        "118,637 votes",
        "391,166 votes counted of 391,166: one voter per ballot",
    ):
        assert figure in said
    assert "Tally equals the record" in said
    assert "Winner ● Denis Coderre" in said
    assert "Won by 26,405 votes" in said


def test_nobody_has_won_while_tally_and_record_differ(show: Shown) -> None:
    said = show(staged_sources(1.0, verdict=verdict(1)))
    assert "Winner" not in said
    assert "Won by" not in said


def test_places_led_tied_and_uncounted_add_up_to_all(show: Shown) -> None:
    sources = staged_sources(0.0)
    assert sources.election
    place = {"gender": "male", "age_group": "75+", "at": 0.0}
    cast = [
        {**place, "state": state, "candidate_id": one}
        for state, one in (
            ("12-Saint-Sulpice", "joly"),
            ("13-Ahuntsic", "joly"),
            ("111-Mile-End", "joly"),
            ("111-Mile-End", "bergeron"),
        )
    ]
    sources.live.board = staged_board(sources.election, cast, time.time())
    said = show(sources, "Places")
    places = len(sources.places)
    assert f"Of {places} places" in said
    assert f"■ Mélanie Joly 2 ● Denis Coderre 0 ▲ Richard Bergeron 0 Tied 1 Nothing counted yet {places - 3}" in said


def test_parties_of_one_candidate_each_are_folded_away(show: Shown) -> None:
    show(staged_sources(0.5))
    assert "Parties: one candidate each" in [expander.label for expander in show.app.expander]


@pytest.mark.parametrize("tab", TABS)
def test_an_election_of_one_voter_per_ballot_shows_no_turnout(show: Shown, tab: str) -> None:
    said = show(staged_sources(1.0), tab)
    assert "Turnout" not in said
    assert "one voter per ballot" in said
    assert all("Turnout" not in frame.value and "Registered" not in frame.value for frame in show.app.dataframe)


def test_an_election_where_not_everybody_votes_shows_its_turnout(show: Shown) -> None:
    sources = staged_sources(1.0, name="simulated", voters=2000)
    assert "Turnout" in show(sources)
    assert "the mark is at all" in show(sources)
    said = show(sources, "Voters")
    assert "Turnout by gender" in said
    assert "Female" in said
    show(sources, "Places")
    assert {"Turnout", "Registered"} <= set(show.app.dataframe[0].value)


def test_a_differing_tally_is_red_wherever_one_looks(show: Shown) -> None:
    sources = staged_sources(1.0, record={"coderre": 149_466, "bergeron": 118_637, "joly": 123_062})
    for tab in TABS:
        assert "Tally and record differ" in show(sources, tab)
    assert "The tally has 1 vote that the record does not have" in show(sources, "Integrity")
    assert "Tally equals the record" not in show(sources)


def test_audited_is_claimed_only_after_an_audit_that_agrees(show: Shown) -> None:
    assert "audited" not in show(staged_sources(1.0)).lower()
    assert "All 391,166 votes counted and audited" in show(staged_sources(1.0, verdict=verdict()))
    said = show(staged_sources(1.0, verdict=verdict(2)), "Integrity")
    assert "audited" not in said.lower()
    assert "Tally and record differ" in said
    assert "2 differences" in said


def test_an_audit_of_fewer_votes_than_are_recorded_now_is_not_shown(show: Shown) -> None:
    for tab in ("Results", "Integrity"):
        assert "audit" not in show(staged_sources(1.0, verdict=verdict(votes=391_165)), tab).lower()


def test_the_audits_result_stays_with_its_age_while_postgresql_is_down(show: Shown) -> None:
    sources = staged_sources(1.0, verdict=verdict(age_seconds=300), database_problem="connection refused")
    assert "Audited 5 min ago: record, log and tally agreed" in show(sources)
    assert "vote by vote, 5 min ago: 391,166 votes agree" in show(sources, "Integrity")


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("name", ugly.ALL)
def test_every_tab_shows_elections_as_real_ones_are(show: Shown, tab: str, name: str) -> None:
    said = show(staged_sources(0.5, name=name), tab)
    others = {"right-to-left": "○ and 32 others", "crowded": "○ and 92 others", "zeros": ""}[name]
    assert others in said or tab == "Integrity"


def test_everybody_who_stands_is_in_the_table_also_with_no_votes(show: Shown) -> None:
    election = ugly.crowded()
    said = show(staged_sources(1.0, name="crowded"))
    assert all(one.candidate_name in said for one in election.candidates)
    assert "Candidate Number96 Öztürk – 0 0.0%" in said


def test_blank_and_invalid_votes_are_shown_beside_the_candidates(show: Shown) -> None:
    sources = staged_sources(1.0, name="zeros")
    said = show(sources)
    assert "of all votes" in said
    assert "write-in" in said
    assert "■ Nameless List" in said
    ranked = show(sources, "Places").split("Where it is closest")[0]
    assert "Blank" not in ranked
    assert "No votes 834" in ranked
    assert "Of 2,500 places" in ranked


def test_a_place_where_nobody_voted_says_so_when_all_is_counted(show: Shown) -> None:
    assert "0 votes: nobody voted here" in show(staged_sources(1.0, name="zeros"), "Places", place="Station 0001")


def test_whatever_is_shown_can_be_taken_along() -> None:
    view = staged_sources(0.5, name="zeros").look()
    csv = pd.read_csv(io.BytesIO(as_csv(view, candidate_rows(view))))
    assert csv["votes"].sum() == view.counted
    taken = simplejson.loads(as_json(view, place_rows(view)))
    assert taken["status"] == "Counting · partial result"
    assert taken["votes_counted"] == sum(row["counted"] for row in taken["rows"]) == view.counted
    assert len(taken["rows"]) == 2500


def test_a_name_of_any_direction_stays_with_its_symbol(show: Shown) -> None:
    sources = staged_sources(0.5, name="right-to-left")
    show(sources, "Voters")
    html = html_of(show.app)
    for one in sources.look().drawn:
        assert f"{one.mark.symbol}</span> <bdi>{one.name}</bdi>" in html


def test_the_parts_of_a_bar_are_as_wide_as_their_shares() -> None:
    view = staged_sources(0.5, name="crowded").look()
    ((_, standings),) = [group for group in by_group(view, topics.VOTES_BY_GENDER, "gender") if group[0] == "Female"]
    widths = re.findall(r"width:([\d.]+)%", parts.stacked([("Female", standings)]))
    assert [float(width) for width in widths] == [round(100 * one.votes / one.total, 2) for one in standings]
    assert sum(map(float, widths)) == pytest.approx(100, abs=0.1)
