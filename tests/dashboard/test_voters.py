"""The roll: what is asked, that all viewers share it, and that what a row says is shown as text, whatever it is."""

import pytest

from dashboard.data.database import ROLL_QUERY, Search
from dashboard.tabs import voters
from election.model.errors import CannotLook
from election.platform.settings import Settings
from tests.dashboard.conftest import Texts
from tests.dashboard.staged import HOSTILE, ROLL


@pytest.mark.parametrize("error", [None, CannotLook("no answer")])
def test_viewers_who_look_at_the_same_page_of_the_roll_share_one_query_also_one_that_fails(
    monkeypatch: pytest.MonkeyPatch, error: CannotLook | None
) -> None:
    asked = []

    def search_roll(_: Settings, search: Search, after: str) -> voters.Answer:
        asked.append((search, after))
        if error:
            raise error
        return [{"voter_name": search.text}], False

    monkeypatch.setattr(voters, "search_roll", search_roll)
    voters.ask.clear()
    pages = (Search("Ann"), ""), (Search("Bob"), ""), (Search("Bob"), "012-1")
    answers = [[voters.ask(Settings(), *page) for page in pages] for _ in range(3)]
    voters.ask.clear()
    assert asked == list(pages)
    assert answers[2] == ([error] * 3 if error else [([{"voter_name": name}], False) for name in ("Ann", "Bob", "Bob")])


def test_the_roll_is_never_asked_for_whom_or_when_somebody_voted() -> None:
    assert "candidate" not in ROLL_QUERY
    assert "voting_time" not in ROLL_QUERY


@pytest.mark.parametrize("column", ["registration_number", "voter_name", "gender", "address_city", "address_state"])
def test_the_roll_shows_hostile_text_as_text(column: str) -> None:
    harmless, hostile = (Texts(voters.roll_table([{**ROLL[0], column: text}], 1)) for text in ("harmless", HOSTILE))
    assert hostile.tags == harmless.tags
    assert HOSTILE.casefold() in "".join(hostile.words).casefold()
