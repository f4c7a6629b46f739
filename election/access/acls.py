"""Kafka's users and what each may do: nothing that is not named here, on a broker that denies by default.

Run once by a super user of the broker (KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD), before the scripts; again sets the
passwords anew and ends what is allowed no longer. FOLDER has a file for each of LOGINS, with its password.

    python -m election.access.acls FOLDER
"""

import logging
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from election.model import topics
from election.model.errors import CannotRun
from election.platform.kafka_topics import wait_for_topics
from election.platform.runtime import Stop, run_script
from election.platform.settings import LOGINS, Settings, read_secret

log = logging.getLogger(__name__)

ITERATIONS = 8192
# In a filter.
ANYTHING: Any = None
TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
READ, WRITE, CREATE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DESCRIBE
# What may be done with which names; one that ends with * stands for all that begin so.
Rules = dict[tuple[AclOperation, ResourceType], tuple[str, ...]]
TALLIES = "aggregated_*"
# Names and sizes of topics are no secret; a reader outside any group asks for one all the same.
EVERYBODY: Rules = {(DESCRIBE, TOPIC): ("*",), (DESCRIBE, GROUP): (topics.READER,)}
RULES: dict[str, Rules] = {
    "main": {
        (CREATE, TOPIC): (topics.VOTERS, topics.VOTES, TALLIES, topics.REJECTED_VOTES, topics.AUDIT_VERDICTS),
        (READ, TOPIC): (topics.VOTES,),
        # Recorded votes that the log has lost are published again.
        (WRITE, TOPIC): (topics.VOTERS, topics.VOTES),
        (READ, GROUP): (topics.MAIN_GROUP,),
    },
    "voting": {
        (READ, TOPIC): (topics.VOTERS,),
        (WRITE, TOPIC): (topics.VOTES,),
        (READ, GROUP): (topics.VOTING_GROUP,),
    },
    "spark-streaming": {
        (READ, TOPIC): (topics.VOTES,),
        (READ, GROUP): ("spark-kafka-source*",),
        (WRITE, TOPIC): (TALLIES, topics.REJECTED_VOTES),
    },
    "streamlit-app": {
        (READ, TOPIC): (TALLIES, topics.REJECTED_VOTES, topics.AUDIT_VERDICTS),
        (DESCRIBE, GROUP): (topics.VOTING_GROUP, topics.MAIN_GROUP),
    },
    "auditor": {
        (READ, TOPIC): (topics.VOTES, TALLIES, topics.REJECTED_VOTES, topics.AUDIT_VERDICTS),
        (WRITE, TOPIC): (topics.AUDIT_VERDICTS,),
    },
}


def bindings() -> list[AclBinding]:
    """Every rule as Kafka takes it."""
    return [
        AclBinding(kind, *_pattern(name), f"User:{login}", "*", operation, AclPermissionType.ALLOW)
        for login in LOGINS
        for (operation, kind), names in (*EVERYBODY.items(), *RULES[login].items())
        for name in names
    ]


def _pattern(name: str) -> tuple[str, ResourcePatternType]:
    if name.endswith("*") and name != "*":
        return name.removesuffix("*"), ResourcePatternType.PREFIXED
    return name, ResourcePatternType.LITERAL


def _end_what_is_not_named(admin: AdminClient, rules: Iterable[AclBinding]) -> None:
    anywhere = ResourceType.ANY, ANYTHING, ResourcePatternType.ANY
    whatever = AclBindingFilter(*anywhere, ANYTHING, ANYTHING, AclOperation.ANY, AclPermissionType.ALLOW)
    ours = {rule.principal for rule in rules}
    for old in set(admin.describe_acls(whatever).result()) - set(rules):
        if old.principal in ours:
            exactly = old.restype, old.name, old.resource_pattern_type, old.principal, old.host
            _done(admin.delete_acls([AclBindingFilter(*exactly, old.operation, old.permission_type)]).values())
            log.info("ended: %s", old)


def ensure_users(admin: AdminClient, passwords: Mapping[str, str]) -> None:
    """Creates the users, or gives them these passwords, and allows each what RULES says and nothing else.

    Raises KafkaException.
    """
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(login, how, text.encode()) for login, text in passwords.items()
    ]
    _done(admin.alter_user_scram_credentials(wanted).values())
    rules = bindings()
    _done(admin.create_acls(rules).values())
    _end_what_is_not_named(admin, rules)
    log.info("Kafka has the users %s and %d rules for them", ", ".join(passwords), len(rules))


def _done(futures: Iterable) -> None:
    for future in futures:
        future.result()


def main(settings: Settings, stop: Stop) -> None:
    if len(sys.argv) != 2:
        raise CannotRun("say where the passwords are: python -m election.access.acls FOLDER")
    files = {login: Path(sys.argv[1]) / login for login in LOGINS}
    passwords = {login: read_secret(f"the password in {file}", file) for login, file in files.items()}
    admin = wait_for_topics(settings, stop, [])
    try:
        ensure_users(admin, passwords)
    except KafkaException as error:
        raise CannotRun(f"Kafka did not take the users and rules: {error.args[0].str()}") from None


if __name__ == "__main__":
    run_script("acls", main)
