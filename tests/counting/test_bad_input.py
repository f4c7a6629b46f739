"""Ten thousand bad messages among good ones, on each of the real topics."""

import threading
from collections import Counter
from contextlib import closing
from itertools import cycle, islice, product
from types import SimpleNamespace

import pytest
import simplejson
from msgspec import structs

from election.audit.auditor import look
from election.audit.recount import Recount, Register
from election.casting.casting import Pace, run_voting
from election.model import topics
from election.model.ballots import Ballots
from election.model.messages import Reason, encode_vote
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import make_admin, make_producer
from election.platform.kafka_topics import end_offsets, read_topic
from election.platform.postgres import Database, connect, row, rows
from election.results.board import read_board
from tests.conftest import wait_for
from tests.support.messages import CORPUS, HOSTILE, made_messages
from tests.support.votes import recorded

BAD, MADE = 10_000, 1500
COUNT_SECONDS = 240
LARGE = 100_000
CHOSEN_LATER = "1"
FLOOD_PIECE, FLOOD_BEFORE = 100, 1000
# A hundred for each good vote that waits to be counted.
FLOOD_MEANWHILE = 20_000


@pytest.fixture(scope="module")
def bad_messages():
    """All of the corpus, and so many of its small messages and of made ones that there are ten thousand."""
    small = [*(message for message in CORPUS if len(message[1] or b"") < LARGE), *made_messages(MADE)]
    large = [message for message in CORPUS if len(message[1] or b"") >= LARGE]
    return [*large, *islice(cycle(small), BAD)]


def produce(settings, topic, messages):
    producer = make_producer(settings)
    for key, value in messages:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(1)
    assert not producer.flush(60)


def with_keys(messages):
    """A compacted topic takes no message without a key, and forgets all but the last of a key."""
    return [((key or b"") + b" %d" % number, value) for number, (key, value) in enumerate(messages)]


def among(good, bad):
    """The good ones spread evenly among the bad ones."""
    step = len(bad) // len(good)
    for at, message in enumerate(bad):
        if at % step == 0 and at // step < len(good):
            yield good[at // step]
        yield message


def under_each_others_numbers(seeded):
    """Every voter once, forged: with the registration number of the next."""
    voters = seeded.database.run(
        lambda connection: rows(connection, "SELECT voter_id, registration_number FROM voters ORDER BY voter_id")
    )
    numbers = [voter["registration_number"] for voter in voters]
    return [
        (b"forged", simplejson.dumps({**voter, "registration_number": number}).encode())
        for voter, number in zip(voters, [*numbers[1:], numbers[0]], strict=True)
    ]


def read(settings, topic):
    return list(read_topic(settings, topic))


def rejected(settings):
    return sum(read_board(settings).rejected_by_reason.values())


@pytest.fixture
def flood(settings, bad_messages):
    """Starts sending small bad ones, and goes on until it is called again; returns how many were sent so far."""
    small = cycle(message for message in bad_messages if len(message[1] or b"") < LARGE)
    enough, sent = threading.Event(), [0]

    def keep_sending():
        while not enough.wait(0.1):
            produce(settings, topics.VOTES, islice(small, FLOOD_PIECE))
            sent[0] += FLOOD_PIECE

    thread = threading.Thread(target=keep_sending, daemon=True)
    yield SimpleNamespace(start=thread.start, sent=lambda: sent[0], end=lambda: (enough.set(), thread.join(60)))
    enough.set()


@pytest.mark.timeout(900)
def test_bad_votes_are_rejected_once_as_they_were_hold_up_no_good_one_and_a_second_vote_changes_nothing(
    settings, services, seeded, bad_messages, flood, tmp_path
):
    votes = recorded(seeded, 200)
    good = [(vote.voter_id.encode(), encode_vote(vote)) for vote in votes]
    later = [structs.replace(vote, candidate_id=CHOSEN_LATER) for vote in votes[:100]]
    second = [(vote.voter_id.encode(), encode_vote(vote)) for vote in later]
    produce(settings, topics.VOTES, among(good[:100], bad_messages))
    services.start("spark-streaming", SPARK_CHECKPOINT_DIR=str(tmp_path), SPARK_DRIVER_MEMORY="1g")
    try:
        wait_for(lambda: rejected(settings) >= len(bad_messages) >= BAD, COUNT_SECONDS, "all bad ones are rejected")
        wait_for(lambda: read_board(settings).counted >= 100, COUNT_SECONDS, "the good ones are counted")

        flood.start()
        wait_for(lambda: flood.sent() > FLOOD_BEFORE, 60, "bad ones keep coming")
        produce(settings, topics.VOTES, [*good[100:], *second])
        most = len(bad_messages) + flood.sent() + FLOOD_MEANWHILE

        def counted():
            done = read_board(settings).counted >= len(good)
            assert done or rejected(settings) < most, "bad ones that came long after are rejected first"
            return done

        wait_for(counted, COUNT_SECONDS, "the good ones are counted meanwhile")
        flood.end()
        all_bad = len(bad_messages) + flood.sent()
        wait_for(lambda: rejected(settings) >= all_bad, COUNT_SECONDS, "all bad ones are rejected")
    finally:
        services.parts.pop("spark-streaming").stop()

    with closing(connect(settings)) as connection:
        recount = Recount(Register.read(connection))
    sent = {(message.partition(), message.offset()): message for message in read(settings, topics.VOTES)}
    recount.take(sent.values())
    assert read_board(settings).votes_per_candidate == Counter(vote.candidate_id for vote in votes)
    board = read_board(settings)
    assert board.rejected.by_reason == recount.rejected.by_reason
    assert board.rejected.highest == recount.rejected.highest
    returned = read(settings, topics.REJECTED_VOTES)
    assert len(returned) == len(sent) - len(good) - len(second) == all_bad
    reasons = Counter()
    for message in returned:
        headers = dict(message.headers())
        original = sent[int(headers["partition"]), int(headers["offset"])]
        assert (message.key(), message.value()) == (original.key(), original.value())
        reasons[headers["reason"].decode()] += 1
    assert reasons == recount.rejected.by_reason
    assert reasons.keys() == {*Reason}
    report = look(settings)
    assert report.agrees, report.differences or report.lags
    changed_mind = sum(vote.candidate_id != CHOSEN_LATER for vote in votes[:100])
    assert [note.count for note in report.notes if "later vote for another candidate" in note.what] == [changed_mind]


def test_bad_voters_neither_vote_nor_keep_others_from_voting(settings, seeded, stop, bad_messages):
    odd = (*HOSTILE, "", "\ud800", "x" * 2000, None, 1, 1.5, True, [], {}, "000-0000001")
    strangers = [
        (b"stranger", simplejson.dumps({"voter_id": voter_id, "registration_number": number}).encode())
        for voter_id, number in product((*odd, "stranger"), odd)
    ]
    produce(settings, topics.VOTERS, [*with_keys(bad_messages), *strangers, *under_each_others_numbers(seeded)])
    seeded.publish_roll(make_admin(settings), make_producer(settings))
    produce(settings, topics.VOTERS, [*strangers, *with_keys(bad_messages[:100])])
    voters = WatchingConsumer(settings, topics.VOTING_GROUP, topics.VOTERS)
    thread = threading.Thread(
        target=run_voting,
        args=(
            *([Database(settings, stop)], voters, make_producer(settings), Ballots(seeded.election)),
            *(Pace(0, most=1000), stop),
        ),
        daemon=True,
    )
    thread.start()

    def done():
        committed = voters.committed(voters.assignment(), timeout=10)
        reached = {(place.topic, place.partition): place.offset for place in committed}
        return bool(reached) and reached == end_offsets(voters)

    wait_for(done, 120, "voting is through with everything")
    assert thread.is_alive()
    stop.set()
    thread.join(30)
    per_candidate = "SELECT json_object_agg(candidate_id, votes) AS votes FROM"
    query = f"{per_candidate} (SELECT candidate_id, count(*) AS votes FROM votes GROUP BY 1) AS counted"
    database = Database(settings, type(stop)())
    assert database.run(lambda connection: row(connection, query))["votes"] == seeded.election.votes_per_candidate
