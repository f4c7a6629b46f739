"""The reader of the chaos rounds can tell: on a real Kafka, a total that is lost is seen, a topic made anew is none."""

from contextlib import closing

import pytest
import simplejson
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from election.model import topics
from election.platform.kafka import make_admin, make_producer, publish
from tests.chaos.watcher import Watcher
from tests.conftest import empty_kafka, wait_for

TOPIC = topics.VOTES_PER_CANDIDATE
KEY = (TOPIC, "1")


def make_topics(settings):
    admin = make_admin(settings)
    topics.ensure_topics(admin, 2, 1)
    wait_for(lambda: {topic.name for topic in topics.ALL} <= admin.list_topics(timeout=10).topics.keys(), 30, "topics")
    return admin


def tally(settings, votes):
    producer = make_producer(settings)
    value = {"candidate_id": "1", "total_votes": votes, "last_vote_at": "2026-05-07T12:00:00Z"}
    publish(producer, TOPIC, "1", simplejson.dumps(value).encode())
    assert not producer.flush(30)


def forget(admin):
    """Loses what is on the topic, as compaction would that keeps a lower total than the largest."""
    policy = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, TOPIC, incremental_configs=[policy])
    for done in admin.incremental_alter_configs([resource]).values():
        done.result()
    for done in admin.delete_records([TopicPartition(TOPIC, 0, 1)]).values():
        done.result()


@pytest.fixture
def watcher(settings):
    with closing(Watcher(settings)) as watcher:
        yield watcher


def shown(watcher, votes):
    return lambda: any(totals.get(KEY) == votes for totals in watcher.shown.values())


def test_a_repeated_lower_total_is_nothing_to_a_reader(settings, watcher):
    make_topics(settings)
    tally(settings, 5)
    watcher.start_reader()
    wait_for(shown(watcher, 5), 30, "the reader shows the total")
    tally(settings, 4)
    tally(settings, 6)
    watcher.start_reader()
    wait_for(shown(watcher, 6), 30, "the readers show the new total")
    assert not watcher.problems


def test_a_reader_that_begins_later_and_finds_less_is_a_problem(settings, watcher):
    admin = make_topics(settings)
    tally(settings, 5)
    watcher.start_reader()
    wait_for(shown(watcher, 5), 30, "the first reader shows the total")
    forget(admin)
    tally(settings, 4)
    watcher.start_reader()
    wait_for(lambda: watcher.problems, 30, "the second reader tells")
    assert watcher.problems == [f"a reader saw that the total of {KEY} fell from 5 to 4"]


def test_topics_that_were_made_anew_begin_at_0(settings, watcher):
    make_topics(settings)
    tally(settings, 5)
    watcher.start_reader()
    wait_for(shown(watcher, 5), 30, "the reader shows the total")
    empty_kafka(settings)
    make_topics(settings)
    tally(settings, 3)
    wait_for(shown(watcher, 3), 60, "the reader shows the total of the new topic")
    assert not watcher.problems
