"""A workbench on the session's servers, for the labs that would only start others of their own."""

from collections.abc import Iterator

import pytest

from election.platform.settings import Settings
from local.labs.workbench import LAB_SETTINGS, Workbench
from local.pipeline import Pipeline


@pytest.fixture
def bench(services: Pipeline, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    monkeypatch.setattr(services, "settings", {**services.settings, **LAB_SETTINGS})
    monkeypatch.setattr(services, "start_services", lambda: None)
    yield Workbench(services)
    while services.parts:
        services.parts.popitem()[1].stop()
