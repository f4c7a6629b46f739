"""What a voter's row says is shown as text, whatever it is."""

from html.parser import HTMLParser

import pytest

from dashboard.tabs.voters import roll_table

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> </td></table>\"'&amp; **bold** [x](javascript:alert(1))"
)
VOTER = {
    "registration_number": "012-0000345",
    "voter_name": "Ann",
    "registered_age": 30,
    "gender": "female",
    "address_city": "Here",
    "address_state": "There",
    "voted": True,
}


class Shown(HTMLParser):
    """The tags of a piece of HTML, with their attributes, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("column", ["registration_number", "voter_name", "gender", "address_city", "address_state"])
def test_the_roll_shows_hostile_text_as_text(column: str) -> None:
    harmless, hostile = (Shown(str(roll_table([{**VOTER, column: text}], 1))) for text in ("harmless", HOSTILE))
    assert hostile.tags == harmless.tags
    assert HOSTILE.casefold() in hostile.text.casefold()
