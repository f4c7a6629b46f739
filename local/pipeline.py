"""The whole pipeline on one machine: Kafka, PostgreSQL and the scripts as processes, for `run.py` and the tests."""

import os
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from election import PROJECT
from election.platform.runtime import Stop
from local.folder import lock_folder, make_folder, wipe
from local.kafka import KafkaServer
from local.postgres import PostgresServer
from local.processes import Process, free_port, leash

PORTS = {"Kafka": 9092, "Kafka's controller": 9093, "PostgreSQL": 5432, "the dashboard": 8501}
SCRIPTS = {"main": "main.py", "spark-streaming": "spark-streaming.py", "voting": "voting.py"}
DASHBOARD = "streamlit-app"


class Pipeline:
    """Servers and scripts whose data and logs stay in `folder`. Use as a context manager: leaving it stops everything.

    `fresh` forgets what is in the folder. `environment` holds settings for the scripts, as in .env.example. A port of
    `ports` that is taken is replaced by the next free.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        fresh: bool = False,
        ports: Mapping[str, int] = PORTS,
    ):
        self.folder = folder = Path(os.path.abspath(folder))
        self.logs = folder / "logs"
        self.settings = dict(environment or {})
        self.parts: dict[str, Process] = {}
        make_folder(folder)
        self._lock = lock_folder(folder)
        if fresh:
            wipe(folder)
        self.temporary = folder / "tmp"
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(mode=0o700)
        self.ports: dict[str, int] = {}
        for name, preferred in ports.items():
            self.ports[name] = free_port(preferred, set(self.ports.values()))
        kafka_ports = self.ports["Kafka"], self.ports["Kafka's controller"]
        self.kafka = KafkaServer(folder / "kafka", *kafka_ports, self.logs / "kafka.log")
        self.postgres = PostgresServer(folder / "postgres", self.ports["PostgreSQL"], self.logs / "postgres.log")
        self.dashboard_port = self.ports["the dashboard"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What points a script at these servers, and the settings that were given."""
        return {
            **self.kafka.environment,
            **self.postgres.environment,
            "SPARK_CHECKPOINT_DIR": str(self.folder / "checkpoints"),
            **self.settings,
        }

    @property
    def dashboard_url(self) -> str:
        return f"http://127.0.0.1:{self.dashboard_port}"

    def start_services(self, stop: Stop | None = None) -> None:
        """Starts Kafka and PostgreSQL side by side and returns when both answer. Raises CannotRun, or Stopped."""
        leash()  # The two threads share one.
        with ThreadPoolExecutor(2, "servers") as beside:
            starting = [beside.submit(server.start, stop) for server in (self.postgres, self.kafka)]
        for started in starting:
            started.result()
        if stop:
            stop.check()

    def start(self, part: str, **settings: str) -> Process:
        """Starts a script, again if it has ended. 'voting-2' is a second voting.py; `settings` are for it alone."""
        script = part.split("-")[0] if part.startswith("voting") else part
        if script == DASHBOARD:
            command: list[str | Path] = [
                *(sys.executable, "-m", "streamlit", "run", PROJECT / "streamlit-app.py"),
                *("--server.port", str(self.dashboard_port), "--server.headless", "true"),
            ]
        else:
            command = [sys.executable, PROJECT / SCRIPTS[script]]
        health = self._health_file(part)
        health.parent.mkdir(exist_ok=True)
        health.unlink(missing_ok=True)
        own = {"PYTHONUNBUFFERED": "1", "TMPDIR": str(self.temporary), "HEALTH_FILE": str(health)}
        environment = {**own, **self.environment, **settings}
        # Streamlit reads its configuration where it works, and Spark keeps its files in tmp/ there.
        folder = PROJECT if script == DASHBOARD else self.folder
        self.parts[part] = Process(part, command, self.logs / f"{part}.log", environment=environment, folder=folder)
        return self.parts[part]

    def is_at_work(self, part: str) -> bool:
        """Whether the script has begun its work since it was started: the count, when its tasks run."""
        return self._health_file(part).exists()

    def _health_file(self, part: str) -> Path:
        return self.folder / "health" / part

    def dead_parts(self) -> list[str]:
        """The scripts that were started and have ended."""
        return [name for name, part in self.parts.items() if not part.running]

    def stop(self) -> None:
        """Ends the scripts, then the servers they use, and leaves no process behind."""
        with ThreadPoolExecutor() as beside:
            list(beside.map(Process.stop, self.parts.values()))
        self.kafka.stop()
        self.postgres.stop()
        shutil.rmtree(self.temporary, ignore_errors=True)
        self._lock.close()
