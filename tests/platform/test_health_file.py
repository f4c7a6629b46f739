"""A script says that it is at its work by touching HEALTH_FILE."""

import os

from election.platform import runtime
from election.platform.runtime import Stop


def test_a_script_at_work_touches_its_health_file_now_and_then_until_it_is_told_to_stop(tmp_path, monkeypatch):
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
