"""The compilers of a real JVM step back."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from election.compilers import COMPILERS, LOOK_SECONDS, NICENESS, Compilers
from election.spark import process_id


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="asks Linux for the threads of Spark's JVM")
def test_the_jvms_compilers_step_back(spark):
    now = [0.0]
    compilers = Compilers(process_id(spark), clock=lambda: now[0])
    compilers.look()
    now[0] += 1000 * LOOK_SECONDS
    compilers.look()
    assert compilers.stepped_back
    found = {}
    for task in Path(f"/proc/{process_id(spark)}/task").iterdir():
        with suppress(OSError):
            if (name := (task / "comm").read_text()).startswith(COMPILERS):
                found[name[:2]] = os.getpriority(os.PRIO_PROCESS, int(task.name))
    assert found == {"C1": NICENESS, "C2": NICENESS}
