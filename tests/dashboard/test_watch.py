"""The thread that asks PostgreSQL and Kafka for all viewers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.data.watch import Watch
from dashboard.figures.view import Watched
from election.platform.settings import Settings
from tests.conftest import wait_for
from tests.dashboard.staged import StagedLive


def test_the_watch_goes_on_after_a_defect(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("dashboard.data.watch.INTERVAL_SECONDS", 0.01)
    watch = Watch(Settings(), StagedLive())  # type: ignore[arg-type]
    answers = iter([ValueError("a defect"), replace(Watched(), looked_at=1.0)])

    def step(before: Watched) -> Watched:
        answer = next(answers, before)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(watch, "step", step)
    watch.start()
    wait_for(lambda: watch.look().looked_at, 10, "the look after the defect")
    assert "a defect" in caplog.text
    assert watch.look().awake_since
