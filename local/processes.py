"""Child processes: each in a group of its own, logging to a file, ended by its own id or with this process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from election import PROJECT
from election.model.errors import CannotRun
from election.platform.runtime import Stop
from local.environment import build_environment

STOP_TIMEOUT_SECONDS = 30
LAST_LINE_BYTES = 1000
# A child's first act: it writes its own id into the leash's pipe, its standard input until then. So the leash knows
# every child, whenever this process is killed. In a subshell: a child whose leash is gone starts all the same.
ON_LEASH = '(echo "+$$" >&0); exec "$@" </dev/null'


@cache
def leash() -> subprocess.Popen[bytes]:
    """The one process that ends all others when this one, whose pipe it reads, is gone."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("leash.py"))]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True)


def note_end(group: int) -> None:
    pipe = leash().stdin
    assert pipe
    with contextlib.suppress(OSError):
        os.write(pipe.fileno(), f"-{group}\n".encode())


class Process:
    """One child process, in an environment that is built: `environment` is added to it.

    It gets a process group of its own, so that Ctrl-C in the terminal reaches only the parent, which then stops its
    children in order, and so that a killed child's own children can be ended with it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: str | None = None,
    ):
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        for_python = str(command[0]) == sys.executable
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                ["/bin/sh", "-c", ON_LEASH, name, *map(str, command)],
                stdin=leash().stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**build_environment(for_python=for_python), **(environment or {})},
                cwd=folder,
                start_new_session=True,
                user=user,
                extra_groups=[] if user else None,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def send_signal(self, number: int) -> None:
        """Sends a signal to the process and everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
        self.popen.wait()
        note_end(self.pid)

    def stop(self, with_signal: int = signal.SIGTERM, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> int:
        """Asks the process to end, kills what is left of its group, and returns its exit code."""
        if self.running:
            self.popen.send_signal(with_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout_seconds)
        self.kill()
        return self.popen.returncode

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float, stop: Stop | None = None) -> None:
        """Returns when `ready()` is true.

        Raises CannotRun, with the end of the log, when the process ends first or the time is up; Stopped.
        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            if stop:
                stop.check()
            if not self.running:
                raise self._ended()
            if time.monotonic() > deadline:
                raise CannotRun(f"{self.name} was not ready after {timeout_seconds:.0f} s; {self.end_of_log()}")
            time.sleep(0.05)

    def finish(self) -> None:
        """Returns when the process has done its work. Raises CannotRun, with the end of the log, when it failed."""
        code = self.popen.wait()
        note_end(self.pid)
        if code != 0:
            raise self._ended()

    def _ended(self) -> CannotRun:
        return CannotRun(f"{self.name} ended with exit code {self.popen.returncode}; {self.end_of_log()}")

    def last_line(self) -> str:
        """The last line of the log so far."""
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_LINE_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        return lines[-1] if lines else ""

    def end_of_log(self, lines: int = 8) -> str:
        """What it said last, without the frames of Java's stack traces, which hide the cause."""
        text = [line for line in self.log.read_text(errors="replace").splitlines() if not line.startswith("\tat ")]
        return f"its log {self.log} ends:\n" + "\n".join(f"    {line}" for line in text[-lines:])


def call(command: Sequence[str]) -> int:
    """The exit code of a command on this terminal, which hears Ctrl-C itself and is waited for while it cleans up."""
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command, cwd=PROJECT)


def port_answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def free_port(preferred: int, taken: set[int] | None = None) -> int:
    """`preferred`, or the next port after it that nothing listens on and that is not in `taken`."""
    return next(port for port in range(preferred, 65536) if port not in (taken or ()) and not port_answers(port))
