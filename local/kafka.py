"""One real Apache Kafka broker (KRaft: broker and controller in one JVM) on 127.0.0.1."""

from __future__ import annotations

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from election.model.errors import NotStarted
from election.platform.jars import ensure_jars
from election.platform.java import find_java_home
from local.processes import Process

CLUSTER_ID_FILE = "meta.properties"
HEAP = "-Xms256m", "-Xmx512m"
START_TIMEOUT_SECONDS = 90
STARTED = b"Kafka Server started"

SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""

LOG4J = """\
Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout: {pattern: "%d{yyyy-MM-dd HH:mm:ss} %-5p %m (%c{1})%n"}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: out}}
    Logger: {name: kafka.server.KafkaRaftServer, level: INFO}
"""


def make_cluster_id(make_bytes: Callable[[], bytes] = lambda: uuid.uuid4().bytes) -> str:
    """A random one in Kafka's form; it does not begin with a dash, which Kafka's tools take for an option."""
    while (cluster_id := urlsafe_b64encode(make_bytes()).decode().rstrip("=")).startswith("-"):
        pass
    return cluster_id


class KafkaServer:
    """A broker whose data stay in `folder`, so that it can be killed and started again.

    `properties` are added to its own; `users` of SCRAM-SHA-512, name to password, are there from the start.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        controller_port: int,
        log: Path,
        *,
        properties: str = "",
        users: Mapping[str, str] | None = None,
    ):
        self.folder, self.port, self.controller_port, self.log = folder, port, controller_port, log
        self.properties, self.users = properties, users or {}
        self.process: Process | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point the four scripts at this broker."""
        return {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers, "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}

    def start(self) -> None:
        """Formats the storage if it is new and returns when this broker, and no other that took its port, has started.

        Raises NotStarted, JarsNotAvailable or JavaNotUsable.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        properties, log4j = self.folder / "server.properties", self.folder / "log4j2.yaml"
        data = self.folder / "data"
        properties.write_text(
            (SERVER_PROPERTIES + self.properties).format(
                port=self.port, controller_port=self.controller_port, data=data
            )
        )
        log4j.write_text(LOG4J)
        jars = ensure_jars("kafka")
        java: list[str | Path] = [
            find_java_home() / "bin" / "java",
            *HEAP,
            "-XX:+UseSerialGC",
            f"-Dlog4j2.configurationFile={log4j}",
            *("-cp", ":".join(map(str, jars))),
        ]
        if not (data / CLUSTER_ID_FILE).exists():
            self._format([*java, "kafka.tools.StorageTool", "format", "--config", properties])
        before = self.log.stat().st_size if self.log.exists() else 0
        self.process = Process("Kafka", [*java, "kafka.Kafka", properties], self.log)
        self.process.wait_until(lambda: STARTED in self.log.read_bytes()[before:], START_TIMEOUT_SECONDS)

    def _format(self, command: list) -> None:
        command = [str(part) for part in command] + ["--cluster-id", make_cluster_id()]
        for name, password in self.users.items():
            command += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            raise NotStarted(f"Kafka's storage could not be formatted: {(ran.stderr or ran.stdout).strip()}")

    def stop(self) -> None:
        if self.process:
            self.process.stop()
