"""Shows what is on a topic: partition/offset, key and value of each message.

python -m local.messages votes_topic          all of them
python -m local.messages votes_topic KEY      those of one key
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from functools import partial

from election.platform.kafka import make_reader
from election.platform.kafka_topics import read_to_end
from election.platform.settings import load_settings
from election.results.look import run_command


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.messages", description="Shows what is on a topic.")
    parser.add_argument("topic")
    parser.add_argument("key", nargs="?", help="show this key only")
    options = parser.parse_args(arguments)
    return run_command("local.messages", partial(show, options.topic, options.key))


def show(topic: str, wanted: str | None) -> int:
    with closing(make_reader(load_settings(), [topic])) as reader:
        for messages in read_to_end(reader, [topic]):
            for message in messages:
                key, value = (text(part) for part in (message.key(), message.value()))
                if wanted in (None, key):
                    print(f"{message.partition()}/{message.offset()}  {key}  {value}")
    return 0


def text(part: bytes | None) -> str:
    return "-" if part is None else part.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
