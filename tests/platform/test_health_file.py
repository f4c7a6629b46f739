"""A script says that it is at its work by touching HEALTH_FILE."""

import os
from pathlib import Path

from election.platform import runtime
from election.platform.runtime import Stop


def test_a_script_at_work_touches_its_health_file_now_and_then_until_it_is_told_to_stop(tmp_path: Path, monkeypatch):
    file = tmp_path / "healthy"
    stop = Stop(str(file))
    assert stop.at_work()
    os.utime(file, (0, 0))
    assert stop.at_work()
    assert file.stat().st_mtime == 0
    monkeypatch.setattr(runtime, "TOUCH_SECONDS", 0)
    assert stop.at_work()
    assert file.stat().st_mtime > 0
    stop.set()
    assert not stop.at_work()


def test_without_a_health_file_nothing_is_written(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Stop().at_work()
    assert list(tmp_path.iterdir()) == []
