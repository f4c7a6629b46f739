"""What every script needs: one way to log, to wait for what it needs, and to stop."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException

from election.model.errors import ElectionError, SettingError, StartAgain, Stopped
from election.platform.refusals import kafka_failure
from election.platform.settings import Settings, load_settings

log = logging.getLogger(__name__)

REMIND_SECONDS = 10
RETRY_SECONDS, RETRY_SECONDS_MAX = 0.5, 8.0
TOUCH_SECONDS, PULSE_SECONDS = 2, 5
# A child between its fork and its own program writes into its parent's pipe: one Ctrl-C may be heard twice.
SAME_SIGNAL_SECONDS = 1
STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Stop(threading.Event):
    """Set by Ctrl-C, SIGTERM and the terminal's end. Until then a script at its work touches `health_file`.

    A second signal, a second later, ends the process at once. Every script is safe to kill at any moment: what was not
    committed is done again at the next start.
    """

    def __init__(self, health_file: str | None = None):
        super().__init__()
        self._health_file = Path(health_file) if health_file else None
        self._touched = 0.0

    def listen(self) -> Self:
        """A thread of its own hears the signals: the main one may be waiting where Python's handlers don't run."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, lambda *_: None)
        threading.Thread(target=self._hear, args=(reading,), name="signals", daemon=True).start()
        return self

    def _hear(self, signals: int) -> None:
        first = 0.0
        while True:
            if number := next((number for number in os.read(signals, 16) if number in STOP_SIGNALS), None):
                now = time.monotonic()
                if not self.is_set():
                    first = now
                    self.set()
                elif number != signal.SIGHUP and now - first > SAME_SIGNAL_SECONDS:  # shell and kernel both send SIGHUP
                    os._exit(128 + number)

    def check(self) -> None:
        """Raises Stopped if it is time to stop."""
        if self.is_set():
            raise Stopped

    def at_work(self) -> bool:
        """True until told to stop. The loop that is a script's work asks this each time around."""
        now = time.monotonic()
        if self._health_file and now - self._touched >= TOUCH_SECONDS:
            self._health_file.touch()
            self._touched = now
        return not self.is_set()


class Waiting:
    """Says what is being waited for: at once, for each new reason, and every ten seconds."""

    def __init__(self, what: str):
        self.what, self._started = what, 0.0
        self._said_at: dict[str, float] = {}

    def note(self, reason: str) -> None:
        now = time.monotonic()
        if not self._said_at:
            self._started = now
        if reason not in self._said_at or now - self._said_at[reason] >= REMIND_SECONDS:
            log.info("waiting for %s: %s", self.what, reason)
            self._said_at[reason] = now

    def done(self) -> None:
        if self._said_at:
            log.info("%s is there after %.0f s", self.what, time.monotonic() - self._started)
        self._said_at.clear()


def wait_until(reason_to_wait: Callable[[], str | None], what: str, stop: Stop) -> None:
    """Returns when `reason_to_wait` gives None; until then logs the reason that it gives. Raises Stopped."""
    waiting = Waiting(what)
    while reason := reason_to_wait():
        stop.check()
        waiting.note(reason)
        stop.wait(RETRY_SECONDS)
    stop.check()
    waiting.done()


class Pulse:
    """Logs how far a script is and how fast, every five seconds while something happens."""

    def __init__(self, template: str):
        self.template = template
        self.total = self.total_then = 0
        self.then = time.monotonic()

    def add(self, count: int) -> None:
        self.total += count
        if time.monotonic() - self.then >= PULSE_SECONDS:
            self.report()

    def report(self) -> None:
        """Logs now, if anything happened since it last did."""
        now = time.monotonic()
        if self.total > self.total_then:
            rate = (self.total - self.total_then) / max(now - self.then, 0.001)
            log.info(self.template, f"{self.total:,}", f"{rate:,.0f}")
        self.total_then, self.then = self.total, now


def run_script(name: str, script: Callable[[Settings, Stop], None]) -> None:
    """Runs a script to its end and exits: 0 when stopped or done, 1 with one line when it can't run."""
    try:
        settings = load_settings(login=name)
        start_log(name, settings.log_level)
        keep_running(script, settings, Stop(settings.health_file).listen())
    except ElectionError as error:
        start_log(name, "INFO")
        log.error("%s", error)
        sys.exit(1)
    log.info("stopped")


def keep_running(script: Callable[[Settings, Stop], None], settings: Settings, stop: Stop) -> None:
    """Runs the script, from its start again when Kafka fails under it, until it ends or is told to stop."""
    backoff = Backoff()
    while not stop.is_set():
        try:
            return script(settings, stop)
        except (Stopped, KeyboardInterrupt):  # Spark's client has a handler of its own for Ctrl-C, which raises this
            return None
        except StartAgain as error:
            reason = str(error)
        except KafkaException as error:
            reason = str(kafka_failure(error.args[0]))
        log.warning("starting again: %s", reason)
        backoff.wait(stop)
    return None


class Backoff:
    """Pauses that double from half a second to eight, and are short again after a minute without one."""

    def __init__(self) -> None:
        self.seconds, self.last = RETRY_SECONDS, time.monotonic()

    def wait(self, stop: threading.Event) -> None:
        if time.monotonic() - self.last > 60:
            self.seconds = RETRY_SECONDS
        stop.wait(self.seconds)
        self.seconds, self.last = min(2 * self.seconds, RETRY_SECONDS_MAX), time.monotonic()


def start_log(name: str, level: str) -> None:
    """One line an event, with the script's name, to standard error."""
    if not isinstance(logging.getLevelName(level.upper()), int):
        raise SettingError(f"LOG_LEVEL={level!r} is none of DEBUG, INFO, WARNING, ERROR")
    logging.basicConfig(
        level=level.upper(), format=f"%(asctime)s {name:<15} %(levelname)-7s %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger("py4j").setLevel(logging.WARNING)
