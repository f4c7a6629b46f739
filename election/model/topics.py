"""The Kafka topics: their names, partitions and policies; the consumer groups that read them."""

from dataclasses import dataclass, field

VOTERS = "voters_topic"
VOTES = "votes_topic"
REJECTED_VOTES = "rejected_votes"
VOTES_PER_CANDIDATE = "aggregated_votes_per_candidate"
VOTES_PER_PARTY = "aggregated_votes_per_party"
TURNOUT_BY_LOCATION = "aggregated_turnout_by_location"
VOTES_BY_LOCATION = "aggregated_votes_by_location"
TURNOUT_BY_GENDER = "aggregated_turnout_by_gender"
TURNOUT_BY_AGE_GROUP = "aggregated_turnout_by_age_group"
VOTES_BY_GENDER = "aggregated_votes_by_gender"
VOTES_BY_AGE_GROUP = "aggregated_votes_by_age_group"
VOTES_PER_MINUTE = "aggregated_votes_per_minute"
AUDIT_VERDICTS = "audit_verdicts"

# The consumer groups have the names of their scripts. READER is for those that read everything and commit nothing.
MAIN_GROUP, VOTING_GROUP, READER = "main", "voting", "reader"

# A reader (`results.board`) keeps at most so many totals of a topic; a week of minutes with a dozen candidates fits.
MOST_KEYS = 200_000
REJECTED_MAX_BYTES = 3 * 1024 * 1024

# Compacted topics: a reader that starts late reads little more than the latest message of each key. Kafka never
# compacts the segment being written, so segments are small.
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": str(8 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": "60000",
}
KEPT = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


@dataclass(frozen=True)
class Topic:
    """A topic; `shared` ones are split into KAFKA_PARTITIONS so that several processes can work on them.

    `key` names the fields that make up the key of an aggregate, joined by `|`.
    """

    name: str
    shared: bool = False
    config: dict[str, str] = field(default_factory=lambda: COMPACTED)
    key: tuple[str, ...] = ()

    @property
    def group(self) -> str | None:
        """The part of the key beside the candidate."""
        return next((name for name in self.key if name != "candidate_id"), None)


AGGREGATED = (
    Topic(VOTES_PER_CANDIDATE, key=("candidate_id",)),
    Topic(VOTES_PER_PARTY, key=("party_affiliation",)),
    Topic(TURNOUT_BY_LOCATION, key=("state",)),
    Topic(VOTES_BY_LOCATION, key=("state", "candidate_id")),
    Topic(TURNOUT_BY_GENDER, key=("gender",)),
    Topic(TURNOUT_BY_AGE_GROUP, key=("age_group",)),
    Topic(VOTES_BY_GENDER, key=("gender", "candidate_id")),
    Topic(VOTES_BY_AGE_GROUP, key=("age_group", "candidate_id")),
    Topic(VOTES_PER_MINUTE, key=("minute", "candidate_id")),
)
# How many are registered is told with these.
TURNOUTS = TURNOUT_BY_LOCATION, TURNOUT_BY_GENDER, TURNOUT_BY_AGE_GROUP
# A rejected message is its original bytes plus headers, so it may be larger than any message on votes_topic.
REJECTED = Topic(REJECTED_VOTES, config={**KEPT, "max.message.bytes": str(REJECTED_MAX_BYTES)})
ALL = (
    *(Topic(VOTERS, shared=True), Topic(VOTES, shared=True, config=KEPT)),
    *AGGREGATED,
    *(REJECTED, Topic(AUDIT_VERDICTS)),
)
