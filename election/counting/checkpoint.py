"""The checkpoint of a query: where it is, how far it is, and how it is set aside when Spark can't go on from it."""

import json
import logging
import re
import time
from pathlib import Path

from election.model import topics
from election.platform.settings import Settings

log = logging.getLogger(__name__)

# Another number here makes new checkpoints: raise it whenever the state that a query keeps changes its meaning.
STATE_VERSION = 4


def checkpoint_path(settings: Settings, cluster: str, topic: str, election: str) -> Path:
    """Where the count of this votes_topic keeps its state: that of another topic, cluster or election is another's."""
    name = f"{topic}-{election[:12]}-v{STATE_VERSION}-s{settings.spark_shuffle_partitions}"
    return Path(settings.spark_checkpoint_dir) / cluster / name


def saved_offsets(checkpoint: Path) -> dict[str, int]:
    """By partition of votes_topic, the offset that a query goes on from; none when its checkpoint can't be read."""
    try:
        newest = max(int(path.name) for path in (checkpoint / "commits").glob("[0-9]*"))
        return dict(json.loads((checkpoint / "offsets" / str(newest)).read_text().splitlines()[-1])[topics.VOTES])
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def alike(text: str) -> str:
    """The text of a failure without what is another in each run: ids, numbers."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", text)


def is_own(failure: str) -> bool:
    """Whether a query's failure may come from its checkpoint. A lost executor and a lack of free slots do not."""
    return not re.search("ExecutorLostFailure|CONCURRENT_SCHEDULER_INSUFFICIENT_SLOT", failure)


def set_aside(checkpoint: Path) -> None:
    """Renames a query's checkpoint, so that the query counts votes_topic from its beginning.

    Totals are absolute and only grow: until the recount has passed them, readers keep those they have.
    """
    aside = checkpoint.with_name(f"{checkpoint.name}-set-aside-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    if checkpoint.exists():
        checkpoint.rename(aside)
        log.warning(
            "the checkpoint %s can't be used and is set aside as %s: every vote is counted anew from %s",
            checkpoint,
            aside.name,
            topics.VOTES,
        )
