"""A Kafka that asks for a password and denies by default, for the tests."""

import dataclasses
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from confluent_kafka import Producer

from election.access.acls import ensure_users
from election.platform.kafka import client_config, make_admin
from election.platform.settings import LOGINS, Settings
from local.kafka import SERVER_PROPERTIES, KafkaServer
from local.processes import free_port
from tests.conftest import wait_for

ADMIN = "admin"
PASSWORDS = {login: f"kafka-{login}-hunter2" for login in (ADMIN, *LOGINS)}
# The controller is on 127.0.0.1 and for the broker alone.
PROPERTIES = f"""\
listeners=CLIENTS://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}}
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="{PASSWORDS[ADMIN]}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
"""


class SecuredKafka(KafkaServer):
    """A user of SCRAM-SHA-512 is there from the start."""

    properties = SERVER_PROPERTIES + PROPERTIES
    format_options = "--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={PASSWORDS[ADMIN]}]"


def secured_kafka(folder: Path) -> KafkaServer:
    """Not started yet."""
    port = free_port(19092)
    ports = port, free_port(port + 1)
    return SecuredKafka(folder / "kafka", *ports, folder / "kafka.log")


def secured_environment(bootstrap_servers: str, login: str) -> dict[str, str]:
    """What a script of this login is told about the broker."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_PASSWORD": PASSWORDS[login],
    }


def as_user(settings: Settings, name: str) -> Settings:
    return dataclasses.replace(settings, kafka_sasl_username=name, kafka_sasl_password=PASSWORDS[name])


def make_users(administrator: Settings) -> None:
    """Returns when the users are there and the rules in force."""
    admin = make_admin(administrator)
    ensure_users(admin, {login: PASSWORDS[login] for login in LOGINS})
    for login in LOGINS:
        wait_for(partial(make_admin(as_user(administrator, login)).list_topics, timeout=10), 30, login)


def written(settings: Settings, names: Iterable[str]) -> dict[str, int | None]:
    """The code of the error that a message for each topic ends with; None: Kafka took it."""
    ended: dict[str, int | None] = {}
    producer = Producer({**client_config(settings), "topic.metadata.propagation.max.ms": 5000})
    for topic in names:
        took = partial(lambda topic, error, _: ended.update({topic: error and error.code()}), topic)
        producer.produce(topic, b"value", "key", on_delivery=took)
    assert not producer.flush(30)
    return ended
