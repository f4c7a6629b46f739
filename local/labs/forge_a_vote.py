"""Lab 8: a well-formed vote that nobody cast."""

from local.labs.workbench import Workbench, vote_for

ANSWER = "b"
HINT = "The roll says who may vote. The record says who did. Which of the two does spark-streaming.py read?"


def show(bench: Workbench) -> None:
    bench.start_election()
    bench.cast_all()
    bench.say(f"the audit before: {differences(bench)}")
    bench.check("the audit finds no difference before", not bench.audit().differences)
    absent = bench.query("SELECT voter_id FROM voters WHERE voter_id NOT IN (SELECT voter_id FROM votes) LIMIT 1")
    voter = absent[0]["voter_id"]
    bench.say(f"forging a vote for candidate 1 of {voter}, who stayed at home")
    bench.send([(voter, vote_for(voter, "1"))])
    report = bench.audit()
    bench.say(f"record {report.recorded}, log {report.logged}: by the count's rules the forged vote is good")
    bench.check("the log has one vote more than the record", report.logged == report.recorded + 1)
    bench.say(f"the audit after: {differences(bench)}")
    named = [finding.examples for finding in report.differences if "never recorded" in finding.what]
    bench.check("the audit names the voter", named == [(voter,)])


def differences(bench: Workbench) -> str:
    return "; ".join(map(str, bench.audit().differences)) or "no difference"
