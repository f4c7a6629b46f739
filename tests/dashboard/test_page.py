"""The whole page in every state, by Streamlit's AppTest."""

import re
import threading
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.database import Search
from dashboard.data.sources import Sources, open_sources
from dashboard.drawing import page
from dashboard.drawing.page import TABS
from dashboard.figures.view import NO_LOGIN, Watched
from dashboard.tabs import voters
from election import PROJECT
from election.model.errors import CannotRun, SettingError
from election.model.messages import Reason
from election.platform.settings import Settings
from election.results.board import CONNECTING, NO_TOPICS, Board, RejectedVote
from election.results.look import NO_ELECTION
from tests.dashboard.conftest import APP, Shown, Texts, html_of
from tests.dashboard.staged import HOSTILE, ROLL, sources_of, staged_board, staged_sources

VOTE = {"state": "12-Saint-Sulpice", "gender": "male", "age_group": "75+", "at": 0.0}


def counted(*cast: dict[str, Any]) -> Sources:
    """Montréal's election with just these votes, each with its own fields in place of those of VOTE."""
    sources = staged_sources(0.0)
    assert sources.election
    sources.live.board = staged_board(sources.election, [VOTE | vote for vote in cast], time.time())
    return sources


@pytest.mark.parametrize("tab", TABS)
def test_without_services_every_tab_says_what_is_missing(show: Shown, tab: str) -> None:
    watched = Watched(database_problem="connection refused")
    said = show(sources_of(Board(), watched, None, "Connection refused", 0.0), tab)
    assert "No figures yet" in said
    assert "Kafka does not answer (Connection refused)" in said
    assert "PostgreSQL does not answer" in said


@pytest.mark.parametrize("tab", TABS)
def test_a_cold_open_is_calm_until_the_services_have_had_their_chance_to_answer(show: Shown, tab: str) -> None:
    said = show(sources_of(Board(), Watched(), None, CONNECTING, 0.0), tab)
    assert "Waiting for Kafka and PostgreSQL to answer." in said
    assert "does not answer" not in said


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("trouble", [NO_LOGIN, NO_ELECTION])
def test_until_main_has_prepared_the_election_the_page_waits_without_an_alarm(
    show: Shown, tab: str, trouble: str
) -> None:
    watched = Watched(database_problem=trouble, kafka_problem=NO_TOPICS, kafka_at=time.time())
    said = show(sources_of(Board(), watched, None, NO_TOPICS, 0.0), tab)
    assert f"Waiting for main.py The election shows here once it is prepared: {trouble}, and {NO_TOPICS}." in said
    assert "e-notice" not in html_of(show.app)
    assert "e-bad" not in html_of(show.app)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(
    ("share", "status"), [(0.0, "Before voting"), (0.4, "Counting · partial result"), (1.0, "All votes counted")]
)
@pytest.mark.parametrize("name", ["simulated", "montreal-2013"])
def test_every_tab_shows_every_stage_of_both_elections(
    show: Shown, tab: str, share: float, status: str, name: str
) -> None:
    said = show(staged_sources(share, name=name, voters=2000 if name == "simulated" else None), tab)
    assert status in said
    assert "does not answer" not in said
    assert "audited" not in said.lower()


def test_the_first_vote_shows(show: Shown) -> None:
    said = show(counted({"candidate_id": "joly"}))
    assert "1 vote counted of 391,166: one voter per ballot" in said
    assert "■ Mélanie Joly" in said
    assert "Ahead by 1 vote (100.0 points)" in said


def test_a_tie_is_a_tie(show: Shown) -> None:
    said = show(counted({"candidate_id": "joly"}, {"candidate_id": "bergeron"}))
    assert "Tied ▲ Richard Bergeron and ■ Mélanie Joly" in said
    assert "2 candidates have the same number of votes" in said


def test_places_led_tied_and_uncounted_add_up_to_all(show: Shown) -> None:
    led = {"candidate_id": "joly"}, {"candidate_id": "joly", "state": "13-Ahuntsic"}
    tied = ({"candidate_id": one, "state": "111-Mile-End"} for one in ("joly", "bergeron"))
    sources = counted(*led, *tied)
    said = show(sources, "Places")
    places = len(sources.locations)
    assert f"Of {places} places" in said
    assert f"■ Mélanie Joly 2 ● Denis Coderre 0 ▲ Richard Bergeron 0 Tied 1 Nothing counted yet {places - 3}" in said


def test_the_comparison_says_how_old_it_is(show: Shown) -> None:
    then = time.time() - 10
    said = show(staged_sources(0.5, database_at=then, kafka_at=then), "Integrity")
    assert re.search(r"compared [1-9]\d+ s ago", said)


def test_without_postgresql_the_count_goes_on_and_the_roll_says_why_not(show: Shown) -> None:
    sources = staged_sources(0.5, name="simulated", voters=2000, database_problem="connection refused")
    said = show(sources, "Voters")
    assert "PostgreSQL does not answer (connection refused)" in said
    assert "The roll can't be searched now" in said
    assert "Turnout and votes by gender" in said


@pytest.mark.parametrize(
    ("tab", "place", "said"),
    [
        ("Places", "111-Mile-End", "111-Mile-End All 391,166 votes counted"),
        ("Places", "Atlantis", "Places that each candidate has won"),
        ("Nowhere", "", "Candidates"),
    ],
)
def test_a_tab_and_a_place_can_be_linked_to_also_ones_that_are_not_there(
    show: Shown, tab: str, place: str, said: str
) -> None:
    assert said in show(staged_sources(1.0), tab, place=place)


def hostile_sources() -> Sources:
    """Whatever text there is, is hostile."""
    sources = counted({"candidate_id": "joly"}, {"candidate_id": "coderre", "at": 3.0})
    board, watched, election = sources.live.board, sources.watch.look(), sources.election
    assert election
    texts = "candidate_name", "party_affiliation", "photo_url", "state", "gender", "age_group"

    def spoil(row: Any) -> Any:
        return msgspec.structs.replace(row, **{name: HOSTILE for name in texts if getattr(row, name, "")})

    for topic, totals in board.totals.items():
        board.totals[topic] = {key: spoil(row) for key, row in totals.items()}
    board.rejected.add(0, 1, Reason.EMPTY)
    board.examples.append(RejectedVote(HOSTILE, 0, 1, len(HOSTILE)))
    candidates = tuple(map(spoil, election.candidates))
    held = {**(watched.election or {}), "title": HOSTILE}
    watched = replace(watched, candidates=[msgspec.structs.asdict(row) for row in candidates], election=held)
    return sources_of(board, watched, replace(election, candidates=candidates, title=HOSTILE))


@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_are_shown_as_text(show: Shown, tab: str) -> None:
    said = show(hostile_sources(), tab)
    assert " ".join(HOSTILE.split()) in said
    tags = {tag for tag, *_ in Texts(html_of(show.app)).tags}
    assert not tags & {"script", "iframe", "object", "style", "a"}
    assert not any(HOSTILE in str(block.value) for block in show.app.markdown)


def test_a_setting_that_cannot_be_used_is_said_instead_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Sources:
        raise SettingError("KAFKA_PARTITIONS='x' is not a whole number")

    monkeypatch.setattr(page, "open_sources", refuse)
    app = AppTest.from_file(str(APP), default_timeout=30).run()
    assert not app.exception
    assert "KAFKA_PARTITIONS=&#39;x&#39; is not a whole number" in html_of(app)


def test_a_server_that_is_late_cannot_end_the_page(show: Shown) -> None:
    """What Streamlit drops then is the fragment alone in its container, and no message refers to an earlier one."""
    show(staged_sources(0.5))
    (container,) = show.app.main.children.values()
    (fragment,) = container.children.values()
    assert len(fragment.children) > 1
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())
    assert config["global"]["minCachedMessageSize"] >= 1e9


def test_a_paused_page_stands_still_whatever_is_clicked_and_goes_on_afterwards(show: Shown) -> None:
    show(staged_sources(0.3))
    before = str(Texts(html_of(show.app)))
    later = staged_sources(0.6)
    show.monkeypatch.setattr(page, "open_sources", lambda: later)
    show.app.selectbox(key="refresh").set_value(page.PAUSE).run()
    paused = str(Texts(html_of(show.app)))
    show.monkeypatch.setattr(page, "open_sources", lambda: staged_sources(0.9))
    show.app.run()
    assert str(Texts(html_of(show.app))) == paused != before
    show.app.selectbox(key="refresh").set_value(2).run()
    assert str(Texts(html_of(show.app))) != paused


def test_a_last_page_of_the_roll_whose_voters_have_voted_goes_back_to_the_first(show: Shown) -> None:
    last = ROLL[:2]

    def search_roll(_settings: Settings, _search: Search, after: str) -> voters.Answer:
        return (last, False) if after else (ROLL, True)

    show.monkeypatch.setattr(voters, "search_roll", search_roll)
    voters.ask.clear()
    assert "Voters 1 to 25" in show(staged_sources(0.3), "Voters")
    next(button for button in show.app.button if button.label == "Next").click().run()
    assert "Voters 26 to 27" in html_of(show.app)
    last = []
    voters.ask.clear()
    show.app.run()
    voters.ask.clear()
    assert "Voters 1 to 25" in html_of(show.app)


def test_settings_that_no_client_of_kafka_takes_are_said_and_leave_no_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_certificate = tmp_path / "ca.crt"
    no_certificate.write_text("not PEM")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("KAFKA_SSL_CA_LOCATION", str(no_certificate))
    before = threading.active_count()
    with pytest.raises(CannotRun, match="look at the settings that begin with KAFKA_"):
        open_sources()
    assert threading.active_count() == before


def test_a_page_that_is_a_refresh_behind_still_finds_its_files(show: Shown) -> None:
    def files() -> set[str]:
        return {button.proto.url for button in show.app.get("download_button")}

    show(staged_sources(0.3), "Places")
    first = files()
    for votes, still_there in ((0.4, True), (0.5, False)):
        later = staged_sources(votes)
        show.monkeypatch.setattr(page, "open_sources", lambda later=later: later)
        show.app.run()
        assert (first <= files()) is still_there
    assert len(first) == 2
