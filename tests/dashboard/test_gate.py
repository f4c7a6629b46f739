"""The password of the page."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.drawing import gate, page
from election import PROJECT
from election.platform.settings import Settings
from tests.dashboard.staged import staged_sources

APP = PROJECT / "streamlit-app.py"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    sources = staged_sources(0.4)
    sources.settings = replace(Settings(postgres_host="127.0.0.1", postgres_port=1), dashboard_password="hunter2")
    monkeypatch.setattr(page, "open_sources", lambda: sources)
    monkeypatch.setattr(gate, "GUESS_SECONDS", 0)
    return AppTest.from_file(str(APP), default_timeout=30).run()


def answer(app: AppTest, text: str) -> None:
    app.text_input[0].input(text)
    app.button[0].click()
    app.run()
    assert not app.exception


def test_nothing_is_shown_before_the_password(app: AppTest) -> None:
    assert [box.label for box in app.text_input] == ["Password"]
    assert not app.tabs
    assert not [element for element in app.get("html") if '<div class="e-page">' in element.proto.body]


def test_a_wrong_password_shows_nothing_more(app: AppTest) -> None:
    answer(app, "hunter3")
    assert [error.value for error in app.error] == ["That is not the password."]
    assert not app.tabs


def test_guesses_are_slow_and_come_one_at_a_time(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []
    monkeypatch.setattr(gate, "GUESS_SECONDS", 1.0)
    monkeypatch.setattr(gate.time, "sleep", lambda seconds: pauses.append((seconds, gate._one_guess.locked())))
    answer(app, "hunter3")
    assert (1.0, True) in pauses


def test_the_password_opens_the_page_for_as_long_as_it_is_open(app: AppTest) -> None:
    answer(app, "hunter2")
    assert len(app.tabs) == 4
    assert len(app.run().tabs) == 4
