"""The whole page in every state, by Streamlit's AppTest."""

from __future__ import annotations

import re
import time
import tomllib
from dataclasses import replace

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.sources import Sources
from dashboard.drawing import page
from dashboard.drawing.page import TABS
from dashboard.figures.view import NO_ELECTION, NO_LOGIN, Watched
from election import PROJECT
from election.model import topics
from election.model.errors import SettingError
from election.model.messages import Reason
from election.results.board import CONNECTING, NO_TOPICS, Board, RejectedVote
from tests.dashboard.shown import APP, NO_DATABASE, Shown, Texts, html_of
from tests.dashboard.staged import NoPhotos, StagedLive, StagedWatch, staged_board, staged_sources

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> **bold** "
    "[x](javascript:1) $x$ :red[x] '; DROP TABLE votes;--"
)


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def no_services() -> Sources:
    live = StagedLive(Board(), "Connection refused", 0.0)
    watch = StagedWatch(Watched(database_problem="connection refused"))
    return Sources(NO_DATABASE, live, watch, NoPhotos(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("tab", TABS)
def test_without_services_every_tab_says_what_is_missing(show: Shown, tab: str) -> None:
    said = show(no_services(), tab)
    assert "No figures yet" in said
    assert "Kafka does not answer (Connection refused)" in said
    assert "PostgreSQL does not answer" in said


@pytest.mark.parametrize("tab", TABS)
def test_a_cold_open_is_calm_until_the_services_have_had_their_chance_to_answer(show: Shown, tab: str) -> None:
    live = StagedLive(Board(), CONNECTING, 0.0)
    said = show(Sources(NO_DATABASE, live, StagedWatch(Watched()), NoPhotos(), None), tab)  # type: ignore[arg-type]
    assert "Connecting …" in said
    assert "does not answer" not in said


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("trouble", [NO_LOGIN, NO_ELECTION])
def test_until_main_has_prepared_the_election_the_page_waits_without_an_alarm(
    show: Shown, tab: str, trouble: str
) -> None:
    live = StagedLive(Board(), NO_TOPICS, 0.0)
    watch = StagedWatch(Watched(database_problem=trouble, kafka_problem=NO_TOPICS, kafka_at=time.time()))
    said = show(Sources(NO_DATABASE, live, watch, NoPhotos(), None), tab)  # type: ignore[arg-type]
    assert f"Waiting for main.py The election shows here once it is prepared: {trouble}, and {NO_TOPICS}." in said
    assert "e-notice" not in html_of(show.app)
    assert "e-bad" not in html_of(show.app)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("name", ["simulated", "montreal-2013"])
def test_every_tab_shows_every_stage_of_both_elections(show: Shown, tab: str, share: float, name: str) -> None:
    sources = staged_sources(share, name=name, voters=2000 if name == "simulated" else None)
    said = show(sources, tab)
    status = {0.0: "Before voting", 0.4: "Counting · partial result", 1.0: "All votes counted"}[share]
    assert status in said
    assert "does not answer" not in said.replace("PostgreSQL says", "")


def test_before_the_first_vote_nobody_leads(show: Shown) -> None:
    said = show(staged_sources(0.0))
    assert "The polls are open. The first vote shows here" in said
    assert "Leads so far" not in said


def test_the_first_vote_shows(show: Shown) -> None:
    sources = staged_sources(0.0)
    assert sources.election
    first = {"candidate_id": "joly", "state": "12-Saint-Sulpice", "gender": "female", "age_group": "75+", "at": 0.0}
    sources.live.board = staged_board(sources.election, [first], time.time())
    said = show(sources)
    assert "1 vote counted of 391,166: one voter per ballot" in said
    assert "■ Mélanie Joly" in said
    assert "Ahead by 1 vote (100.0 points)" in said


def test_a_partial_count_says_so_and_does_not_call_the_race(show: Shown) -> None:
    said = show(staged_sources(0.5))
    assert "Counting · partial result" in said
    assert "The lead does not exceed the" in said
    assert "audited" not in said.lower()


def test_a_lead_beyond_the_votes_still_out_is_said_as_arithmetic(show: Shown) -> None:
    assert "can no longer be overtaken" in show(staged_sources(0.95))


def test_a_tie_is_a_tie(show: Shown) -> None:
    sources = staged_sources(0.0)
    assert sources.election
    place = {"state": "12-Saint-Sulpice", "gender": "male", "age_group": "75+", "at": 0.0}
    cast = [{**place, "candidate_id": one} for one in ("joly", "bergeron")]
    sources.live.board = staged_board(sources.election, cast, time.time())
    said = show(sources)
    assert "Tied ▲ Richard Bergeron and ■ Mélanie Joly" in said
    assert "2 candidates have the same number of votes" in said


def test_stale_figures_stay_with_their_age(show: Shown) -> None:
    sources = staged_sources(0.5)
    sources.live.heard_at = time.time() - 300
    said = show(sources)
    assert "Interrupted: last known figures" in said
    assert "The figures are from 5 min ago" in said
    assert "■ Mélanie Joly" in said


def test_the_comparison_says_how_old_it_is(show: Shown) -> None:
    then = time.time() - 10
    said = show(staged_sources(0.5, database_at=then, kafka_at=then), "Integrity")
    assert re.search(r"compared 1\d s ago", said)


def test_without_postgresql_the_count_goes_on_and_the_roll_says_why_not(show: Shown) -> None:
    sources = staged_sources(0.5, name="simulated", voters=2000, database_problem="connection refused")
    said = show(sources, "Voters")
    assert "PostgreSQL does not answer (connection refused)" in said
    assert "The roll can't be searched now" in said
    assert "Turnout by gender" in said


def test_a_place_can_be_linked_to(show: Shown) -> None:
    said = show(staged_sources(1.0), "Places", place="111-Mile-End")
    assert "111-Mile-End All 391,166 votes counted" in said


def test_a_link_to_a_place_or_tab_that_is_not_there_shows_the_page_all_the_same(show: Shown) -> None:
    assert "Places that each candidate has won" in show(staged_sources(1.0), "Places", place="Atlantis")
    assert "Candidates" in show(staged_sources(1.0), "Nowhere")


def hostile_sources() -> Sources:
    sources = staged_sources(0.3)
    assert sources.election
    named = [
        msgspec.structs.replace(row, candidate_name=HOSTILE, party_affiliation=HOSTILE, photo_url="javascript:alert(1)")
        for row in sources.election.candidates
    ]
    election = replace(sources.election, candidates=tuple(named), title=HOSTILE)
    place = {"state": HOSTILE, "gender": HOSTILE, "age_group": HOSTILE, "at": 0.0}
    cast = [{**place, "candidate_id": "joly"}, {**place, "candidate_id": "coderre", "at": 3.0}]
    board = Board()
    for topic, totals in staged_board(sources.election, cast, time.time()).totals.items():
        board.totals[topic] = {
            key: msgspec.structs.replace(row, candidate_name=HOSTILE, party_affiliation=HOSTILE)
            for key, row in totals.items()
        }
    board.rejected.add(0, 1, Reason.EMPTY)
    board.examples.append(RejectedVote(HOSTILE, 0, 1, len(HOSTILE)))
    watch = sources.watch.look()
    election_row = {**(watch.election or {}), "title": HOSTILE}
    watched = replace(watch, candidates=tuple(map(msgspec.structs.asdict, named)), election=election_row)
    return Sources(NO_DATABASE, StagedLive(board), StagedWatch(watched), NoPhotos(), election)  # type: ignore[arg-type]


@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_are_shown_as_text(show: Shown, tab: str) -> None:
    sources = hostile_sources()
    assert sources.live.board.rows(topics.VOTES_PER_CANDIDATE)
    said = show(sources, tab)
    assert " ".join(HOSTILE.split()) in said
    forbidden = {"script", "iframe", "object", "style", "a"}
    assert not Texts(html_of(show.app)).tags & forbidden
    assert not any(HOSTILE in str(block.value) for block in show.app.markdown)


def test_a_setting_that_cannot_be_used_is_said_instead_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Sources:
        raise SettingError("KAFKA_PARTITIONS='x' is not a whole number")

    monkeypatch.setattr(page, "open_sources", refuse)
    app = AppTest.from_file(str(APP), default_timeout=30).run()
    assert not app.exception
    assert "KAFKA_PARTITIONS=&#39;x&#39; is not a whole number" in html_of(app)


def test_a_viewer_can_pause_and_choose_the_pace(show: Shown) -> None:
    show(staged_sources(0.5))
    app = show.app
    assert "Paused" not in html_of(app)
    app.toggle(key="paused").set_value(True).run()
    assert not app.exception
    assert re.search(r"Paused at \d\d:\d\d:\d\d UTC", html_of(app))
    assert app.selectbox(key="refresh").disabled


def test_a_server_that_is_late_cannot_end_the_page(show: Shown) -> None:
    """What Streamlit drops then is the fragment alone in its container, and no message refers to an earlier one."""
    show(staged_sources(0.5))
    (container,) = show.app.main.children.values()
    (fragment,) = container.children.values()
    assert len(fragment.children) > 1
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())
    assert config["global"]["minCachedMessageSize"] >= 1e9
