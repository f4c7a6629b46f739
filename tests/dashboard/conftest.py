"""The whole page by Streamlit's AppTest, and the words on it."""

from html.parser import HTMLParser
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.sources import Sources
from dashboard.drawing import page
from election import PROJECT

APP = PROJECT / "streamlit-app.py"


class Texts(HTMLParser):
    """The words of some HTML, and its tags with the names of their attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, ...]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.words).split())


def html_of(app: AppTest) -> str:
    """All HTML on the page but its style."""
    bodies = (element.proto.body for element in app.get("html"))
    return "\n".join(body for body in bodies if not body.startswith("<style"))


class Shown:
    """Runs the page; `app` is how it was last shown."""

    app: AppTest

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.monkeypatch = monkeypatch

    def __call__(self, sources: Sources, tab: str = "Results", **query: str) -> str:
        """The page's words on these sources with a tab open; no exception may be on it."""
        self.monkeypatch.setattr(page, "open_sources", lambda: sources)
        self.app = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in {"tab": tab, **query}.items():
            self.app.query_params[name] = value
        self.app.run()
        assert not self.app.exception
        return str(Texts(html_of(self.app)))


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)
