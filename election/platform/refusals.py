"""What Kafka answers when asking again won't help, and what a script does about it."""

import re

from confluent_kafka import KafkaError

from election.model.errors import CannotRun, StartAgain

# The code of librdkafka, and what Kafka's Java client, which Spark uses, calls the same refusal.
DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "TopicAuthorizationException",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "GroupAuthorizationException",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "ClusterAuthorizationException",
    KafkaError.SASL_AUTHENTICATION_FAILED: "SaslAuthenticationException",
    KafkaError.UNSUPPORTED_SASL_MECHANISM: "UnsupportedSaslMechanismException",
    KafkaError._AUTHENTICATION: "SaslAuthenticationException",
}
# Where Spark passes on only the text of a refusal, this is how it begins.
_DENIED_TEXT = re.compile("|".join((*sorted(set(DENIED.values())), "Not authorized to access (topics|group)")))
GONE = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}


def is_denied(error: BaseException) -> bool:
    """Whether Kafka's Java client was refused: the error's text tells, or that of one of its causes."""
    cause: BaseException | None = error
    while cause:
        if _DENIED_TEXT.search(str(cause)):
            return True
        cause = getattr(cause, "_cause", None)
    return False


def kafka_failure(error: KafkaError) -> StartAgain:
    """The answer to an error that Kafka's client does not retry. Raises CannotRun when starting again can't help."""
    if error.code() in DENIED:
        raise CannotRun(f"Kafka refused: {error.str()}; give the user of KAFKA_SASL_USERNAME the right to do this")
    if error.code() == KafkaError._INVALID_ARG:
        raise CannotRun(f"no client of Kafka can be made: {error.str()}; look at the settings that begin with KAFKA_")
    return StartAgain(f"Kafka: {error.str()}")
