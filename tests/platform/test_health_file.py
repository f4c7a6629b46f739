"""A script says that it is at its work by touching HEALTH_FILE."""

import os
from pathlib import Path

from election.platform import runtime as stages
from election.platform.runtime import Stop


def test_a_stage_at_work_touches_its_health_file(tmp_path: Path) -> None:
    file = tmp_path / "healthy"
    assert Stop(str(file)).at_work()
    assert file.exists()


def test_the_file_is_touched_again_only_after_a_while(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "healthy"
    stop = Stop(str(file))
    stop.at_work()
    os.utime(file, (0, 0))
    stop.at_work()
    assert file.stat().st_mtime == 0
    monkeypatch.setattr(stages, "TOUCH_SECONDS", 0)
    stop.at_work()
    assert file.stat().st_mtime > 0


def test_a_stage_that_was_told_to_stop_is_no_longer_at_work(tmp_path: Path) -> None:
    stop = Stop(str(tmp_path / "healthy"))
    stop.set()
    assert not stop.at_work()


def test_without_a_health_file_nothing_is_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Stop().at_work()
    assert list(tmp_path.iterdir()) == []
