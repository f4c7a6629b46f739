"""How votes are counted: each step takes a DataFrame and returns one, so that spark-streaming.py reads as a list.

message   one Kafka message of votes_topic: key, value (bytes), partition, offset
vote      a message taken apart: voter_id, candidate_id, voting_time, vote, and `reason` (null: it counts)
tally     one row of one aggregate: topic, key, value (JSON)
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from election import topics
from election.enrichment import FIND_ON_ROLL
from election.events import FLAT_OBJECT, LONE_SURROGATE, UTC_TIME, Reason

VOTE_SHAPE = "OBJECT<candidate_id: STRING, vote: BIGINT, voter_id: STRING, voting_time: STRING>"


def parse_messages(messages: DataFrame) -> DataFrame:
    """One vote per message, with the reason where it is none. The rules are those of `events.parse_vote`."""
    text = F.col("value").cast("string")
    key = F.col("key").cast("string")
    parsed = F.try_parse_json("text")
    # Few texts have an escape at all: searching for it first is a tenth of all the work.
    broken = F.col("text").contains("\\u") & F.col("text").rlike(LONE_SURROGATE)
    return (
        messages.select("key", "value", "partition", "offset", text.alias("text"), key.alias("voter_key"))
        .withColumn("parsed", F.when(F.col("text").rlike(_whole(FLAT_OBJECT)) & ~broken, parsed))
        .select(
            *("key", "value", "partition", "offset", "text", "voter_key"),
            F.schema_of_variant("parsed").alias("shape"),
            _field("voter_id", "string").alias("voter_id"),
            _field("candidate_id", "string").alias("candidate_id"),
            _field("voting_time", "string").alias("voting_time_text"),
            _field("vote", "long").alias("vote"),
        )
        .withColumn("voting_time", F.try_to_timestamp("voting_time_text"))
        .withColumn("reason", _malformed())
        .select("key", "value", "partition", "offset", "voter_id", "candidate_id", "voting_time", "vote", "reason")
    )


def _whole(pattern: str) -> str:
    """The pattern for all of a text: Java's `$` would let a line break pass at the end."""
    return rf"\A(?:{pattern})\z"


def _field(name: str, kind: str) -> Column:
    return F.try_variant_get("parsed", f"$.{name}", kind)


def _malformed() -> Column:
    """What is wrong with the message by itself, or null."""
    return (
        F.when(F.coalesce(F.length("value"), F.lit(0)) == 0, Reason.EMPTY)
        .when(~F.is_valid_utf8("text"), Reason.NOT_UTF8)
        .when(F.col("shape").isNull(), Reason.NOT_JSON)
        .when(F.col("shape") != VOTE_SHAPE, Reason.NOT_A_VOTE)
        .when(~F.col("voter_key").eqNullSafe(F.col("voter_id")), Reason.WRONG_KEY)
        .when(F.col("vote") != 1, Reason.NOT_ONE)
        .when(~F.col("voting_time_text").rlike(_whole(UTC_TIME)) | F.col("voting_time").isNull(), Reason.NO_TIME)
    )


def validate_votes(votes: DataFrame, candidates: DataFrame) -> DataFrame:
    """The votes with their candidate's party and their voter's groups, and a reason where either is unknown.

    Needs the roll: `enrichment.register_roll`.
    """
    parties = candidates.select("candidate_id", "party_affiliation")
    unknown = F.when(F.col("party_affiliation").isNull(), Reason.UNKNOWN_CANDIDATE).when(
        F.col("voter").isNull(), Reason.UNREGISTERED
    )
    return (
        votes.join(F.broadcast(parties), "candidate_id", "left")
        .withColumn("voter", F.call_function(FIND_ON_ROLL, "voter_id"))
        .withColumn("reason", F.coalesce("reason", unknown))
        .select(*votes.columns[:-1], "reason", "party_affiliation", "voter.state", "voter.gender", "voter.age_group")
    )


def first_votes(votes: DataFrame) -> DataFrame:
    """The votes that count: valid, and each voter's first."""
    return votes.where(F.col("reason").isNull()).dropDuplicates(["voter_id"])


DIMENSIONS = "candidate_id", "party_affiliation", "state", "gender", "age_group", "minute"
AGGREGATES = {topic.name: topic.key for topic in topics.AGGREGATED}


def tally_votes(votes: DataFrame) -> DataFrame:
    """Running totals of every aggregate: topic, its dimensions (null where not its own), total_votes, last_vote_at."""
    row = {
        topic: F.struct(
            F.lit(topic).alias("topic"),
            *((F.col(name) if name in own else F.lit(None).cast("string")).alias(name) for name in DIMENSIONS),
        )
        for topic, own in AGGREGATES.items()
    }
    minute = F.date_format("voting_time", "yyyy-MM-dd'T'HH:mm'Z'")
    return (
        votes.withColumn("minute", minute)
        .select("vote", "voting_time", F.explode(F.array(*row.values())).alias("row"))
        .select("row.*", "vote", "voting_time")
        .groupBy("topic", *DIMENSIONS)
        .agg(F.sum("vote").alias("total_votes"), F.max("voting_time").alias("last_vote_at"))
    )


def label_tallies(tallies: DataFrame, candidates: DataFrame, registered: DataFrame) -> DataFrame:
    """The totals as Kafka messages, with each candidate's name, party and photo and each group's registered voters."""
    labels = candidates.select("candidate_id", "candidate_name", F.col("party_affiliation").alias("party"), "photo_url")
    key = F.concat_ws("|", "state", "gender", "age_group", "minute", "party_affiliation", "candidate_id")
    value = F.struct(
        *("candidate_id", "candidate_name", F.coalesce("party_affiliation", "party").alias("party_affiliation")),
        *("photo_url", "state", "gender", "age_group", "minute", "total_votes", "registered", "last_vote_at"),
    )
    return (
        tallies.withColumn("key", key)
        .join(F.broadcast(labels), "candidate_id", "left")
        .join(F.broadcast(registered), ["topic", "key"], "left")
        .select("topic", "key", F.to_json(value, {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}).alias("value"))
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
