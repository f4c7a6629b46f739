"""The compilers of a real JVM step back."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from election.counting.compilers import COMPILERS, LOOK_SECONDS, NICENESS, Compilers
from election.counting.session import process_id
from tests.conftest import wait_for


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="asks Linux for the threads of Spark's JVM")
def test_the_jvms_compilers_step_back_when_only_its_tasks_have_much_to_do(spark):
    now = [0.0]
    compilers = Compilers(process_id(spark), clock=lambda: now[0])
    compilers.look()

    def stepped_back_after_work():
        end = time.monotonic() + 2
        while time.monotonic() < end:
            spark.range(100_000_000).selectExpr("sum(id % 7)").collect()
        now[0] += LOOK_SECONDS
        compilers.look()
        return compilers.stepped_back

    wait_for(stepped_back_after_work, 120, "the compilers step back")
    found = {}
    for task in Path(f"/proc/{process_id(spark)}/task").iterdir():
        with suppress(OSError):
            if (name := (task / "comm").read_text()).startswith(COMPILERS):
                found[name[:2]] = os.getpriority(os.PRIO_PROCESS, int(task.name))
    assert found == {"C1": NICENESS, "C2": NICENESS}
