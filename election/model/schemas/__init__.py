"""The message contracts: a JSON Schema for each topic and one AsyncAPI document, made from the types in `contracts`.

    python -m election.model.schemas           write them into this folder
    python -m election.model.schemas --check   exit code 1 when a file is not what the types say

docs/messages.md explains them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from election.model import topics
from election.model.schemas.contracts import CONTRACTS

FOLDER = Path(__file__).parent
ASYNCAPI = "asyncapi.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Python's regular expressions, as the ones of JSON Schema write them.
SPELLINGS = {r"\A": "^", r"\Z": r"(?![\s\S])", r"\0": r"\u0000", r"\d": "[0-9]"}
RESULTS = [*(topic.name for topic in topics.AGGREGATED), topics.REJECTED_VOTES]
# Script to the topics it reads and the topics it writes.
FLOW = {
    "main.py": ([topics.VOTES], [topics.VOTERS]),
    "voting.py": ([topics.VOTERS], [topics.VOTES]),
    "spark-streaming.py": ([topics.VOTES], RESULTS),
    "streamlit-app.py": ([*RESULTS, topics.AUDIT_VERDICTS], []),
    "python -m election.audit": ([topics.VOTES, *RESULTS], [topics.AUDIT_VERDICTS]),
}


def make_files() -> dict[str, str]:
    """File name to content, of every contract."""
    documents = {f"{topic}.json": make_schema(topic) for topic in CONTRACTS} | {ASYNCAPI: make_asyncapi()}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}


def make_schema(topic: str) -> dict[str, Any]:
    """The JSON Schema of a topic's values, or of its headers where the value may be any bytes."""
    contract = CONTRACTS[topic]
    _, components = msgspec.json.schema_components([contract.type])
    schema, key = _spell(components[contract.type.__name__]), contract.key
    required = [*key, *(name for name in schema.pop("required") if name not in key)]
    return {"$schema": DIALECT, **schema, "title": topic, "required": required}


def make_asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document: each topic with key, policy and schema, and which script reads or writes it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Realtime Election Voting System",
            "version": "1.0.0",
            "description": "The Kafka topics that the four scripts share. docs/messages.md explains them.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name) for name in CONTRACTS},
        "operations": {
            f"{script} {verb} {name}": {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
            for script, (read, written) in FLOW.items()
            for verb, action, names in (("reads", "receive", read), ("writes", "send", written))
            for name in names
        },
    }


def _channel(name: str) -> dict[str, Any]:
    topic = next(topic for topic in topics.ALL if topic.name == name)
    contract, schema = CONTRACTS[name], {"$ref": f"./{name}.json"}
    key = {"type": "string", "description": contract.other_key or "|".join(contract.key)}
    content = {"headers": schema, "contentType": "application/octet-stream"}
    message = {
        **(content if contract.headers_only else {"payload": schema}),
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
    }
    policy = {"topicConfiguration": {"cleanup.policy": [topic.config["cleanup.policy"]]}, "bindingVersion": "0.5.0"}
    return {"address": name, "messages": {name: message}, "bindings": {"kafka": policy}}


def _spell(part: Any) -> Any:
    """The same schema with every pattern in JSON Schema's spelling."""
    if isinstance(part, list):
        return [_spell(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    spelled = {name: _spell(inner) for name, inner in part.items()}
    if isinstance(pattern := part.get("pattern"), str):
        for python, ecma in SPELLINGS.items():
            pattern = pattern.replace(python, ecma)
        spelled["pattern"] = pattern
    return spelled
