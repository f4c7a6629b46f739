"""Each user on a real Kafka that denies by default: its work goes well, and whatever else is tried is refused."""

import dataclasses
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from election import PROJECT
from election.access.acls import bindings
from election.model import topics
from election.model.errors import CannotRun
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import good_messages, make_admin, make_producer, make_reader, publish
from election.platform.kafka_topics import ensure_topics, wait_for_topics
from election.platform.refusals import DENIED
from election.platform.runtime import Stop
from election.platform.settings import LOGINS, Settings, load_settings
from tests.conftest import wait_for
from tests.support.secured import ADMIN, PASSWORDS, as_user, make_users, secured_environment, secured_kafka, written

NAMES = [topic.name for topic in topics.ALL]
TALLIES = [topic.name for topic in topics.AGGREGATED]
WRITERS = {
    topics.VOTERS: {"main"},
    topics.VOTES: {"main", "voting"},
    topics.REJECTED_VOTES: {"spark-streaming"},
    topics.AUDIT_VERDICTS: {"auditor"},
    **{name: {"spark-streaming"} for name in TALLIES},
}
READERS = {
    topics.VOTERS: {"voting"},
    topics.VOTES: {"main", "spark-streaming", "auditor"},
    topics.REJECTED_VOTES: {"streamlit-app", "auditor"},
    topics.AUDIT_VERDICTS: {"streamlit-app", "auditor"},
    **{name: {"streamlit-app", "auditor"} for name in TALLIES},
}


@pytest.fixture(scope="module")
def secured(java):
    """The administrator's settings; the topics are made by main and have a message each."""
    with tempfile.TemporaryDirectory(prefix="election-") as name:
        kafka = secured_kafka(Path(name))
        kafka.start()
        try:
            settings = load_settings(secured_environment(kafka.bootstrap_servers, ADMIN), ADMIN)
            make_users(settings)
            ensure_topics(make_admin(as_user(settings, "main")), 2, 1)
            producer = make_producer(settings)
            wait_for(lambda: set(NAMES) <= make_admin(settings).list_topics(timeout=10).topics.keys(), 30, "topics")
            for topic in NAMES:
                publish(producer, topic, "key", b"value")
            assert not producer.flush(30)
            yield settings
        finally:
            kafka.stop()


def read(settings: Settings) -> dict[str, int | None]:
    """The code of the error that reading each topic ends with; None: a message came."""
    ended: dict[str, int | None] = {}
    with closing(make_reader(settings, NAMES)) as reader:
        while ended.keys() < set(NAMES):
            [message] = reader.consume(1, 30)
            error = message.error()
            ended[str(message.topic())] = error.code() if error else None
    return ended


def allowed(ended: dict[str, int | None]) -> set[str]:
    """The topics that went well; every other was refused, not only out of order."""
    assert {code for code in ended.values() if code is not None} <= DENIED.keys()
    return {topic for topic, code in ended.items() if code is None}


@pytest.mark.parametrize("login", LOGINS)
def test_only_who_has_to_writes_and_reads_a_topic(secured, login):
    own = as_user(secured, login)
    assert allowed(written(own, NAMES)) == {topic for topic in NAMES if login in WRITERS[topic]}
    assert allowed(read(own)) == {topic for topic in NAMES if login in READERS[topic]}


def test_a_topic_that_may_not_be_written_ends_the_script_with_what_to_do(secured):
    producer = make_producer(as_user(secured, "spark-streaming"))
    publish(producer, topics.VOTES, "v1", b"{}")
    with pytest.raises(CannotRun, match="give the user"):
        producer.flush(30)


@pytest.mark.parametrize("login", LOGINS)
def test_nobody_but_main_makes_topics_and_nobody_deletes_one_or_gives_rights(secured, login):
    admin, [rule] = make_admin(as_user(secured, login)), bindings()[:1]
    for attempt in (
        *admin.create_topics([NewTopic("another", 1, 1)]).values(),
        *admin.delete_topics([topics.VOTES]).values(),
        *admin.create_acls([rule]).values(),
    ):
        with pytest.raises(KafkaException) as refused:
            attempt.result()
        assert refused.value.args[0].code() in DENIED


@pytest.mark.parametrize("group", [topics.VOTING_GROUP, topics.MAIN_GROUP])
def test_a_group_is_for_its_own_script(secured, group):
    with WatchingConsumer(as_user(secured, "auditor"), group, topics.VOTES) as other:
        with pytest.raises(KafkaException) as refused:
            wait_for(lambda: good_messages(other.consume(10, 1)), 30, "never")
        assert refused.value.args[0].code() in DENIED


def test_the_dashboard_sees_how_far_the_others_are(secured):
    admin, main = make_admin(as_user(secured, "streamlit-app")), topics.MAIN_GROUP
    assert admin.describe_consumer_groups([topics.VOTING_GROUP])[topics.VOTING_GROUP].result()
    assert admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(main)])[main].result()
    at = TopicPartition(topics.VOTES, 0)
    assert admin.list_offsets({at: OffsetSpec.latest()})[at].result().offset >= 0


@pytest.mark.parametrize("name", ["voting", "stranger"])
def test_a_wrong_password_and_an_unknown_user_are_refused_by_name(secured, name):
    wrong = dataclasses.replace(secured, kafka_sasl_username=name, kafka_sasl_password="wrong")
    with pytest.raises(CannotRun, match=f"Kafka refused KAFKA_SASL_USERNAME={name} with KAFKA_SASL_PASSWORD"):
        wait_for_topics(wrong, Stop(), [])


def test_a_client_without_a_password_gets_nothing(secured):
    plain = dataclasses.replace(secured, kafka_security_protocol="PLAINTEXT")
    with pytest.raises(KafkaException):
        make_admin(plain).list_topics(timeout=5)


def test_the_command_makes_users_and_rules_as_the_super_user(secured, tmp_path):
    for login in LOGINS:
        (tmp_path / login).write_text(PASSWORDS[login] + "\n")
    environment = {**secured_environment(secured.kafka_bootstrap_servers, ADMIN), "KAFKA_SASL_USERNAME": ADMIN}
    command = [sys.executable, "-m", "election.access.acls", str(tmp_path)]
    run = partial(subprocess.run, command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)
    ran = run()
    assert ran.returncode == 0, ran.stderr
    assert f"{len(bindings())} rules" in ran.stderr
    (tmp_path / "spark-streaming").unlink()
    ran = run()
    assert ran.returncode == 1
    assert f"the password in {tmp_path / 'spark-streaming'} can't be read" in ran.stderr


def test_a_right_that_the_rules_no_longer_name_ends(secured):
    admin = make_admin(secured)
    old = AclBinding(
        *(ResourceType.TOPIC, topics.VOTES, ResourcePatternType.LITERAL),
        *("User:streamlit-app", "*", AclOperation.WRITE, AclPermissionType.ALLOW),
    )
    admin.create_acls([old])[old].result()
    dashboard = as_user(secured, "streamlit-app")
    wait_for(lambda: written(dashboard, [topics.VOTES]) == {topics.VOTES: None}, 30, "the old right is in force")
    make_users(secured)
    wait_for(lambda: allowed(written(dashboard, NAMES)) == set(), 30, "the old right has ended")
    assert written(as_user(secured, "voting"), [topics.VOTES]) == {topics.VOTES: None}
