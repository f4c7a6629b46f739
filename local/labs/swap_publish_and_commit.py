"""Lab 5: voting.py with two steps in the wrong order, killed between them; and what the audit finds."""

import difflib
import shutil
import sys
from pathlib import Path

from election import PROJECT
from election.audit.report import Finding
from election.model.errors import UsageError
from local.labs.workbench import Workbench
from local.processes import Process

ANSWER = "b"
HINT = "A committed offset says: I am done with these. Who would publish the votes of a batch that nobody reads again?"
CASTING = Path("election") / "casting" / "casting.py"
COMMIT = "                voters.commit_read(batch.messages)\n"
RECORDED = "                stored = recorded.result()\n"
CRASH = (
    "                voters.close()  # returns when Kafka has the offsets\n"
    "                os.kill(os.getpid(), 9)  # the lab's crash, at the worst moment\n"
)


def swap(source: str) -> str:
    """casting.py with the commit before publishing, and a crash after it. Raises UsageError if it is another code."""
    if source.count(COMMIT) != 1 or source.count(RECORDED) != 1:
        raise UsageError(f"{CASTING} is not the code that this lab knows: it has another commit or another order")
    swapped = source.replace(COMMIT, "").replace(RECORDED, RECORDED + COMMIT + CRASH)
    return swapped.replace("import logging\n", "import logging\nimport os\n", 1)


def show(bench: Workbench) -> None:
    bench.start_election()
    copy = bench.pipeline.folder / "copy"
    for name in ("election", "elections"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "voting.py", copy)
    source = (copy / CASTING).read_text()
    (copy / CASTING).write_text(swap(source))
    bench.say("changing a copy of election/casting/casting.py:")
    for line in difflib.unified_diff(source.splitlines(), swap(source).splitlines(), lineterm="", n=0):
        print(f"    {line}")
    environment = {**bench.pipeline.environment, "VOTING_BATCH_SIZE": "50"}
    log = bench.pipeline.logs / "swapped.log"
    swapped = Process("voting", [sys.executable, copy / "voting.py"], log, environment=environment, folder=copy)
    bench.wait(lambda: not swapped.running, "the copy kills itself")
    bench.say(f"the copy is dead: {recorded(bench)} votes are recorded, {len(bench.read('votes_topic'))} are published")

    expected = bench.expected
    bench.say("starting the true voting.py, which goes on after the committed offsets")
    voting = bench.pipeline.start("voting")
    bench.wait(lambda: recorded(bench) == expected, "everybody's vote is recorded")
    voting.stop()
    lost = expected - len(bench.read("votes_topic"))
    bench.say(f"{expected} votes are recorded, {lost} of them are not on votes_topic")
    found = not_on_the_log(bench)
    for finding in found:
        bench.say(f"the audit: {finding!s:.150} …")
    bench.check("votes are lost, and the audit names their voters", lost > 0 and [lag.count for lag in found] == [lost])

    bench.say("starting main.py again: it publishes what the log lacks")
    bench.pipeline.parts["main"].stop()
    bench.pipeline.start("main")
    bench.wait(lambda: len(bench.read("votes_topic")) >= expected, "main.py publishes the lost votes")
    bench.check("no recorded vote is missing any more", not not_on_the_log(bench))


def recorded(bench: Workbench) -> int:
    return int(bench.query("SELECT count(*) AS votes FROM votes")[0]["votes"])


def not_on_the_log(bench: Workbench) -> list[Finding]:
    return [lag for lag in bench.audit().lags if "recorded votes are not on votes_topic" in lag.what]
