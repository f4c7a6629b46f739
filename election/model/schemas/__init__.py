"""The message contracts: a JSON Schema for each topic and one AsyncAPI document, made from types.

`python -m election.model.schemas` writes them into this folder. docs/messages.md explains them.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from election.model import topics
from election.model.messages import END, Reason, Tally, UtcText, Verdict, Voter

FOLDER = Path(__file__).parent
ASYNCAPI = "asyncapi.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
Identifier = Annotated[str, Meta(pattern=rf"^[^{{}}]*{END}", description="text without braces")]
Position = Annotated[str, Meta(pattern=f"^[0-9]+{END}")]


class VoteMessage(msgspec.Struct, forbid_unknown_fields=True):
    """One vote: exactly these fields, so that nothing personal can slip in. The key is voter_id."""

    voter_id: Identifier
    candidate_id: Identifier
    voting_time: UtcText
    vote: Literal[1]


class RejectedHeaders(msgspec.Struct):
    """Headers of a message that does not count: why, and its place on votes_topic. Key and value are as received."""

    reason: Literal[tuple(str(reason) for reason in Reason)]  # type: ignore[valid-type]
    partition: Position
    offset: Position


# The type of a topic's messages, and their key: fields joined by `|`, or what else it is.
CONTRACTS: dict[str, tuple[type, str]] = {
    topics.VOTERS: (Voter, "voter_id"),
    topics.VOTES: (VoteMessage, "voter_id"),
    **{topic.name: (Tally, "|".join(topic.key)) for topic in topics.AGGREGATED},
    topics.REJECTED_VOTES: (RejectedHeaders, "as received"),
    topics.AUDIT_VERDICTS: (Verdict, "the election's name"),
}


def make_files() -> dict[str, str]:
    """File name to content, of every contract."""
    documents = {f"{topic}.json": make_schema(topic) for topic in CONTRACTS} | {ASYNCAPI: make_asyncapi()}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}


def make_schema(topic: str) -> dict[str, Any]:
    """The JSON Schema of a topic's values, or of its headers where the value may be any bytes."""
    kind, key = CONTRACTS[topic]
    _, components = msgspec.json.schema_components([kind])
    schema = components[kind.__name__]
    fields = [name for name in key.split("|") if name in schema["properties"]]
    required = [*fields, *(name for name in schema.pop("required") if name not in fields)]
    return {"$schema": DIALECT, **schema, "title": topic, "required": required}


def make_asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document: each topic with key, policy and schema."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Realtime Election Voting System",
            "version": "1.0.0",
            "description": "The Kafka topics that the four scripts share. docs/messages.md explains them.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name) for name in CONTRACTS},
    }


def _channel(name: str) -> dict[str, Any]:
    topic = next(topic for topic in topics.ALL if topic.name == name)
    (kind, key), schema = CONTRACTS[name], {"$ref": f"./{name}.json"}
    content = {"headers": schema, "contentType": "application/octet-stream"}
    message = {
        **(content if kind is RejectedHeaders else {"payload": schema}),
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
    }
    policy = {"topicConfiguration": {"cleanup.policy": [topic.config["cleanup.policy"]]}, "bindingVersion": "0.5.0"}
    return {"address": name, "messages": {name: message}, "bindings": {"kafka": policy}}
