"""What is fetched in the background: candidates' photos, and how things stand."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from dashboard.data.photos import LARGEST_BYTES, Photos, data_address
from dashboard.data.watch import Watch
from dashboard.figures.view import Group, Watched
from election.model import topics
from election.platform.settings import Settings
from election.results.board import LiveBoard
from election.seeding.seed import Seeding
from tests.conftest import wait_for
from tests.support.counted import log_votes
from tests.support.votes import recorded


def test_only_pictures_of_a_sensible_size_are_put_into_the_page() -> None:
    jpeg = b"\xff\xd8\xff\xe0"
    assert str(data_address(jpeg)).startswith("data:image/jpeg;base64,")
    assert data_address(b"<svg onload=alert(1)>") is None
    assert data_address(jpeg + bytes(LARGEST_BYTES)) is None


def test_a_photo_comes_in_the_background_and_one_that_fails_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get(url: str, **_: object) -> object:
        asked.append(url)
        if "face" not in url:
            raise requests.ConnectionError
        raw = SimpleNamespace(read=lambda *_, **__: b"\xff\xd8\xff\xe0 a face")
        return nullcontext(SimpleNamespace(raw=raw, raise_for_status=lambda: None))

    monkeypatch.setattr(requests, "get", get)
    photos = Photos()
    wait_for(lambda: photos.get("https://there/face.jpg"), 10, "the photo")
    assert str(photos.get("https://there/face.jpg")).startswith("data:image/jpeg;base64,")
    others = "https://there/nobody", "", "file:///etc/passwd", "javascript:alert(1)"
    assert [photos.get(url) for url in others] == [None] * 4
    wait_for(lambda: len(asked) == 2, 10, "both were asked for once, and nothing else")


def test_the_watch_goes_on_after_a_defect(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("dashboard.data.watch.INTERVAL_SECONDS", 0.01)
    live: Any = None
    watch = Watch(Settings(), live)
    defects = [ValueError("a defect")]

    def step(before: Watched) -> Watched:
        if defects:
            raise defects.pop()
        return replace(before, log_messages=1)

    monkeypatch.setattr(watch, "step", step)
    watch.start()
    wait_for(lambda: watch.look().log_messages, 10, "the look after the defect")
    assert "a defect" in caplog.text


def test_a_look_tells_record_log_and_how_far_behind_the_scripts_are(settings: Settings, seeded: Seeding) -> None:
    votes = recorded(seeded, 3)
    log_votes(settings, votes)
    seen = Watch(settings, LiveBoard(settings)).step(Watched())
    assert (seen.kafka_problem, seen.database_problem) == (None, None)
    assert (seen.log_messages, seen.recorded, seen.groups[topics.MAIN_GROUP]) == (3, 3, Group(0, 3))
    assert seen.election
    assert seen.election["registered"] == seeded.election.registered
