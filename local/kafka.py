"""One real Apache Kafka broker (KRaft: broker and controller in one JVM) on 127.0.0.1.

It works in its folder, and every path it is told is a name in there: lists of folders and class paths have characters
of their own, which a person's folder may hold.
"""

import logging
import os
import shutil
from base64 import urlsafe_b64encode
from pathlib import Path

from election.platform.jars import ensure_jars
from election.platform.java import find_java_home
from election.platform.runtime import Stop
from local.environment import JAVA_LANGUAGE
from local.folder import end_orphans
from local.processes import Process

log = logging.getLogger(__name__)

PROPERTIES, LOG4J_FILE, JARS, DATA, NEW_DATA = "server.properties", "log4j2.yaml", "jars", "data", "data.part"
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
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
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


class KafkaServer:
    """A broker whose data stay in `folder`, so that it can be killed and started again."""

    properties = SERVER_PROPERTIES
    format_options: tuple[str, ...] = ()

    def __init__(self, folder: Path, port: int, controller_port: int, log: Path):
        self.folder, self.port, self.controller_port, self.log = folder, port, controller_port, log
        self.process: Process | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point the four scripts at this broker."""
        return {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers, "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}

    def start(self, stop: Stop | None = None) -> None:
        """Formats the storage if it is new and returns when this broker, and no other that took its port, has started.

        Raises CannotRun or Stopped.
        """
        end_orphans("java", self.folder)
        java = self._prepare()
        if not self._formatted():
            self._format(java)
        before = self.log.stat().st_size if self.log.exists() else 0
        self.process = Process("Kafka", [*java, "kafka.Kafka", PROPERTIES], self.log, folder=self.folder)
        self.process.wait_until(lambda: STARTED in self.log.read_bytes()[before:], START_TIMEOUT_SECONDS, stop)

    def _prepare(self) -> list[str]:
        """Puts what Kafka reads into its folder; the command that starts one of its programs there."""
        jars = ensure_jars("kafka")
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        (self.folder / JARS).unlink(missing_ok=True)
        (self.folder / JARS).symlink_to(jars[0].parent.absolute())
        (self.folder / LOG4J_FILE).write_text(LOG4J)
        self._write_properties(PROPERTIES, DATA)
        return [
            str(find_java_home() / "bin" / "java"),
            *(*HEAP, "-XX:+UseSerialGC", *JAVA_LANGUAGE, "-Djava.io.tmpdir=tmp"),
            f"-Dlog4j2.configurationFile={LOG4J_FILE}",
            *("-cp", ":".join(f"{JARS}/{jar.name}" for jar in jars)),
        ]

    def _write_properties(self, name: str, data: str) -> None:
        text = self.properties.format(port=self.port, controller_port=self.controller_port, data=data)
        (self.folder / name).write_text(text)

    def _formatted(self) -> bool:
        """Whether the data are whole. Those without the cluster's id are of no use to Kafka: they are removed."""
        noted = self.folder / DATA / "meta.properties"
        if noted.exists() and "cluster.id=" in noted.read_text(errors="replace"):
            return True
        if noted.parent.exists():
            log.warning("%s is damaged: Kafka starts empty, main.py publishes the roll and the votes again", noted)
            shutil.rmtree(noted.parent)
        return False

    def _format(self, java: list[str]) -> None:
        """Makes the data beside and renames them: a kill leaves nothing half-made."""
        shutil.rmtree(self.folder / NEW_DATA, ignore_errors=True)
        self._write_properties("format.properties", NEW_DATA)
        # The zero makes it begin with a letter: Kafka's tools take one that begins with a dash for an option.
        cluster_id = urlsafe_b64encode(b"\0" + os.urandom(15)).decode().rstrip("=")
        tool = "kafka.tools.StorageTool", "format", "--config", "format.properties", "--cluster-id", cluster_id
        command = [*java, *tool, *self.format_options]
        Process("Kafka's storage tool", command, self.log, folder=self.folder).finish()
        (self.folder / NEW_DATA).rename(self.folder / DATA)

    def stop(self) -> None:
        if self.process:
            self.process.stop()
