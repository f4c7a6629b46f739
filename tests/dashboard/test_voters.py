"""The search in the roll: what is asked, and that all viewers share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboard.data.database import NOT_YET, VOTED, Search, Unavailable, roll_query
from dashboard.tabs import voters
from election.platform.settings import Settings


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    voters.ask.clear()
    yield
    voters.ask.clear()


class Roll:
    """Notes what it is asked, and answers or is away."""

    def __init__(self, error: Unavailable | None = None):
        self.asked: list[tuple[Search, str]] = []
        self.error = error

    def __call__(self, _: Settings, search: Search, after: str) -> voters.Answer:
        self.asked.append((search, after))
        if self.error:
            raise self.error
        return [{"voter_name": search.text}], False


def test_viewers_who_look_at_the_same_page_of_the_roll_share_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    roll = Roll()
    monkeypatch.setattr(voters, "search_roll", roll)
    for _ in range(3):
        assert voters.ask(Settings(), Search("Ann"), "") == ([{"voter_name": "Ann"}], False)
        assert voters.ask(Settings(), Search("Bob"), "") == ([{"voter_name": "Bob"}], False)
        voters.ask(Settings(), Search("Bob"), "012-1")
    assert roll.asked == [(Search("Ann"), ""), (Search("Bob"), ""), (Search("Bob"), "012-1")]


def test_a_database_that_is_away_is_not_asked_by_every_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    roll = Roll(Unavailable("no answer"))
    monkeypatch.setattr(voters, "search_roll", roll)
    answers = [voters.ask(Settings(), Search(), "") for _ in range(3)]
    assert {str(answer) for answer in answers} == {"no answer"}
    assert len(roll.asked) == 1


def test_the_roll_is_never_asked_for_whom_or_when_somebody_voted() -> None:
    query, _ = roll_query(Search("a", "b", VOTED), "")
    assert "candidate" not in query
    assert "voting_time" not in query


def test_wildcards_in_a_search_are_letters() -> None:
    query, values = roll_query(Search(r"50%_\x", None, NOT_YET), "000-1")
    assert values["part"] == r"%50\%\_\\x%"
    assert values["after"] == "000-1"
    assert "votes.voter_id IS NULL" in query
