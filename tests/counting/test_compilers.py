"""When the JVM's compilers step back, on a /proc of our own."""

import os

import pytest

from election.counting.compilers import AT_WORK, BUSY, LOOK_SECONDS, NICENESS, Compilers

C1, C2, TASK, OTHER_TASK, QUERY = range(11, 16)
NAMES = {C1: "C1 CompilerThre", C2: "C2 CompilerThre", QUERY: "stream executio"}
NAMES |= {TASK: "Executor task l", OTHER_TASK: "Executor task i"}


class Proc:
    """A JVM with process id 7 and five threads, what Linux keeps of them, and a clock."""

    def __init__(self, folder):
        self.folder, self.now, self.nice = folder, 0.0, {}
        self.had, self.waited = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0)
        for thread, name in NAMES.items():
            self.task(thread).mkdir(parents=True)
            (self.task(thread) / "comm").write_text(f"{name}\n")
            self.want(thread, 0)

    def task(self, thread):
        return self.folder / "7" / "task" / str(thread)

    def want(self, thread, seconds):
        """A third of it is had, the rest waited for."""
        self.run(thread, seconds / 3, waits=seconds * 2 / 3)

    def run(self, thread, seconds, waits=0.0):
        self.had[thread] += seconds
        self.waited[thread] += waits
        schedstat = f"{self.had[thread] * 1e9:.0f} {self.waited[thread] * 1e9:.0f} 99\n"
        (self.task(thread) / "schedstat").write_text(schedstat)

    def renice(self, which, thread, niceness):
        assert which == os.PRIO_PROCESS
        self.nice[thread] = niceness


@pytest.fixture
def proc(tmp_path, monkeypatch):
    proc = Proc(tmp_path)
    monkeypatch.setattr("election.counting.compilers.os.setpriority", proc.renice)
    return proc


@pytest.fixture
def compilers(proc):
    return Compilers(7, clock=lambda: proc.now, proc=proc.folder)


def pass_time(proc, compilers, c2_seconds, seconds=LOOK_SECONDS, tasks_seconds=LOOK_SECONDS):
    proc.now += seconds
    proc.want(C2, c2_seconds)
    proc.run(QUERY, seconds)
    for task in TASK, OTHER_TASK:
        proc.run(task, tasks_seconds / 2, waits=seconds)
    compilers.look()


def test_they_step_back_when_they_had_little_to_do_and_no_other_thread_does(proc, compilers):
    proc.want(C2, 300)
    compilers.look()
    assert not compilers.stepped_back
    pass_time(proc, compilers, BUSY * LOOK_SECONDS - 0.1)
    assert compilers.stepped_back
    assert proc.nice == {C1: NICENESS, C2: NICENESS}


def test_they_keep_their_share_while_one_of_them_has_much_to_do(proc, compilers):
    compilers.look()
    for _ in range(3):
        pass_time(proc, compilers, BUSY * LOOK_SECONDS + 0.1)
    assert (compilers.stepped_back, proc.nice) == (False, {})
    pass_time(proc, compilers, 1)
    assert compilers.stepped_back


def test_a_count_with_nothing_to_count_says_nothing_of_what_they_will_have_to_do(proc, compilers):
    compilers.look()
    for _ in range(3):
        pass_time(proc, compilers, 0, tasks_seconds=AT_WORK * LOOK_SECONDS - 0.1)
    assert (compilers.stepped_back, proc.nice) == (False, {})
    pass_time(proc, compilers, 0, tasks_seconds=AT_WORK * LOOK_SECONDS + 0.1)
    assert compilers.stepped_back


def test_what_a_task_did_before_it_was_idle_does_not_count_again(proc, compilers):
    proc.run(OTHER_TASK, 300)
    compilers.look()
    (proc.task(OTHER_TASK) / "comm").write_text(f"{NAMES[TASK]}\n")
    pass_time(proc, compilers, 0, tasks_seconds=AT_WORK * LOOK_SECONDS - 0.1)
    assert not compilers.stepped_back


def test_what_they_do_is_looked_at_over_ten_seconds(proc, compilers):
    compilers.look()
    pass_time(proc, compilers, 0, seconds=LOOK_SECONDS - 1)
    assert not compilers.stepped_back
    pass_time(proc, compilers, 0, seconds=1)
    assert compilers.stepped_back


def test_having_stepped_back_they_are_left_alone(proc, compilers):
    compilers.look()
    pass_time(proc, compilers, 0)
    proc.nice.clear()
    pass_time(proc, compilers, 0)
    assert proc.nice == {}


def test_a_compiler_that_has_come_since_is_looked_at_from_its_start(proc, compilers):
    os.rename(proc.task(C2), proc.folder / "later")
    compilers.look()
    os.rename(proc.folder / "later", proc.task(C2))
    pass_time(proc, compilers, LOOK_SECONDS)
    assert not compilers.stepped_back


def test_without_proc_nothing_happens(tmp_path):
    now = [0.0]
    compilers = Compilers(7, clock=lambda: now[0], proc=tmp_path / "missing")
    for _ in range(3):
        compilers.look()
        now[0] += LOOK_SECONDS
    assert not compilers.stepped_back


def test_a_thread_that_ends_meanwhile_is_no_failure(proc, compilers, monkeypatch):
    def ended(*_):
        raise ProcessLookupError

    monkeypatch.setattr("election.counting.compilers.os.setpriority", ended)
    compilers.look()
    pass_time(proc, compilers, 0)
    assert compilers.stepped_back
