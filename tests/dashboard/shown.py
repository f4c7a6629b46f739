"""The whole page by Streamlit's AppTest, and the words on it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.sources import Sources
from dashboard.drawing import page
from election import PROJECT
from election.platform.settings import Settings

APP = PROJECT / "streamlit-app.py"
NO_DATABASE = Settings(postgres_host="127.0.0.1", postgres_port=1)


class Texts(HTMLParser):
    """The words of some HTML, and its tags."""

    def __init__(self, html: str):
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

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
        sources.settings = NO_DATABASE
        self.monkeypatch.setattr(page, "open_sources", lambda: sources)
        self.app = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in {"tab": tab, **query}.items():
            self.app.query_params[name] = value
        self.app.run()
        assert not self.app.exception
        return str(Texts(html_of(self.app)))
