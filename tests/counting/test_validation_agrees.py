"""Spark and Python judge a message on votes_topic by the same rules: thousands of messages, one Spark job."""

from collections import Counter

from election.audit.recount import microseconds
from election.counting.tallies import parse_messages
from election.model.errors import Malformed
from election.model.messages import parse_vote
from tests.support.messages import CORPUS, made_messages

MADE = 4000
MESSAGE = "key binary, value binary, partition int, offset long"


def judge_in_python(key, value):
    try:
        vote = parse_vote(key, value)
    except Malformed as error:
        return str(error)
    return vote.voter_id, vote.candidate_id, microseconds(vote.voting_time)


def judge_in_spark(spark, messages):
    rows = [
        (None if key is None else bytearray(key), None if value is None else bytearray(value), 0, offset)
        for offset, (key, value) in enumerate(messages)
    ]
    votes = parse_messages(spark.createDataFrame(rows, MESSAGE))
    judged = votes.selectExpr(
        "offset", "reason", "voter_id", "candidate_id", "unix_micros(voting_time) AS time"
    ).collect()
    return {row.offset: row.reason or (row.voter_id, row.candidate_id, row.time) for row in judged}


def test_spark_and_python_give_every_message_the_same_verdict(spark):
    messages = [*CORPUS, *made_messages(MADE)]
    in_python = {offset: judge_in_python(*message) for offset, message in enumerate(messages)}
    in_spark = judge_in_spark(spark, messages)
    differ = {
        (str(messages[offset][0])[:60], str(messages[offset][1])[:200]): (verdict, in_spark[offset])
        for offset, verdict in in_python.items()
        if verdict != in_spark[offset]
    }
    assert not differ
    reasons = Counter(verdict if isinstance(verdict, str) else "good" for verdict in in_python.values())
    assert len(reasons) == 8, reasons
