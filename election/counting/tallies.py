"""How votes are counted: each step takes a DataFrame and returns one, so that spark-streaming.py reads as a list.

message   one Kafka message of votes_topic: key, value (bytes), partition, offset
vote      a message taken apart: voter_id, candidate_id, voting_time, vote, and `reason` (null: it counts)
tally     one row of one aggregate: topic, key, value (JSON)
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from election.counting.functions import PARSE_VOTE
from election.counting.lookups import find_candidate, find_registered, find_voter
from election.model import topics
from election.model.messages import Reason


def parse_messages(messages: DataFrame) -> DataFrame:
    """One vote per message, with the reason where it is none. The rules are those of `messages.parse_vote`.

    Needs `functions.register_parse_vote`.
    """
    parsed = F.call_function(PARSE_VOTE, "key", "value").alias("parsed")
    return messages.select("key", "value", "partition", "offset", parsed).select(
        "key", "value", "partition", "offset", "parsed.*"
    )


def validate_votes(votes: DataFrame) -> DataFrame:
    """The votes with their candidate's party and their voter's groups, and a reason where either is unknown.

    Needs the lookups: `lookups.register_lookups`.
    """
    unknown = F.when(F.col("candidate").isNull(), Reason.UNKNOWN_CANDIDATE).when(
        F.col("voter").isNull(), Reason.UNREGISTERED
    )
    return (
        votes.withColumns({"candidate": find_candidate("candidate_id"), "voter": find_voter("voter_id")})
        .withColumn("reason", F.coalesce("reason", unknown))
        .select(*votes.columns, "candidate.party_affiliation", "voter.state", "voter.gender", "voter.age_group")
    )


def first_votes(votes: DataFrame) -> DataFrame:
    """The votes that count: valid, and each voter's first."""
    return votes.where(F.col("reason").isNull()).dropDuplicates(["voter_id"])


# Which topics have a field beside the candidate in their key. They are counted together: `group` holds it for each.
GROUPS = {
    group: [topic.name for topic in topics.AGGREGATED if topic.group == group]
    for group in (topic.group for topic in topics.AGGREGATED)
    if group
}


def tally_votes(votes: DataFrame) -> DataFrame:
    """Running totals of all aggregates: topic, group, candidate_id (null if not its own), total_votes, last_vote_at."""
    nothing = F.lit(None).cast("string")
    rows = (
        F.struct(
            F.lit(topic.name).alias("topic"),
            (F.col(topic.group) if topic.group else nothing).alias("group"),
            (F.col("candidate_id") if "candidate_id" in topic.key else nothing).alias("candidate_id"),
        )
        for topic in topics.AGGREGATED
    )
    minute = F.date_format("voting_time", "yyyy-MM-dd'T'HH:mm'Z'")
    return (
        votes.withColumn("minute", minute)
        .select("vote", "voting_time", F.inline(F.array(*rows)))
        .groupBy("topic", "group", "candidate_id")
        .agg(F.sum("vote").alias("total_votes"), F.max("voting_time").alias("last_vote_at"))
    )


def label_tallies(tallies: DataFrame) -> DataFrame:
    """The totals as Kafka messages, with each candidate's name, party and photo and each group's registered voters."""
    topic, key = F.col("topic"), F.concat_ws("|", "group", "candidate_id")
    of = {name: F.when(topic.isin(*names), F.col("group")).alias(name) for name, names in GROUPS.items()}
    party = F.coalesce(of.pop("party_affiliation"), "candidate.party_affiliation").alias("party_affiliation")
    registered = find_registered(F.concat_ws("|", "topic", "key")).registered.cast("long")
    value = F.struct(
        F.col("candidate_id"),
        F.col("candidate.candidate_name"),
        party,
        F.col("candidate.photo_url"),
        *of.values(),
        F.col("total_votes"),
        F.when(topic.isin(*topics.TURNOUTS), registered).alias("registered"),
        F.col("last_vote_at"),
    )
    return tallies.withColumns({"key": key, "candidate": find_candidate("candidate_id")}).select(
        "topic", "key", F.to_json(value, {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}).alias("value")
    )


def reject_votes(votes: DataFrame) -> DataFrame:
    """The votes that have a reason, as Kafka messages: key and value as received, the rest in the headers."""
    return votes.where(F.col("reason").isNotNull()).select(
        F.lit(topics.REJECTED_VOTES).alias("topic"),
        "key",
        "value",
        F.array(*(_header(name) for name in ("reason", "partition", "offset"))).alias("headers"),
    )


def _header(name: str) -> Column:
    return F.struct(F.lit(name).alias("key"), F.col(name).cast("string").cast("binary").alias("value"))
