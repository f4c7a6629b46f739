"""Whether an election came to its known answer."""

from contextlib import closing

from confluent_kafka import Consumer, Message

from election.audit.report import Report
from election.model import topics
from election.model.definition import Election
from election.platform.kafka import make_reader
from election.platform.kafka_topics import read_to_end
from election.platform.settings import Settings
from election.results.board import Board, read_board

AGGREGATED = [topic.name for topic in topics.AGGREGATED]

# Topic and key to the last message.
Said = dict[tuple[str, bytes], Message]


def judge(settings: Settings, election: Election, report: Report) -> list[str]:
    """What is wrong in the end: the audit, or a tally that is not the known answer."""
    with closing(make_reader(settings, AGGREGATED)) as reader:
        said = board_of(read_last(reader, {}))
    problems = [*map(str, report.settled().differences), *differences("the tally", read_board(settings), election)]
    return [*problems, *differences("what was said last", said, election)]


def differences(what: str, board: Board, election: Election) -> list[str]:
    """Where a tally is not the known answer."""
    problems = []
    per_candidate = {name: votes for name, votes in election.votes_per_candidate.items() if votes}
    if board.votes_per_candidate != per_candidate:
        problems.append(f"{what} is {board.votes_per_candidate}, the known answer {per_candidate}")
    if board.votes_by_location != election.votes_by_location:
        problems.append(f"{what} by location is not the known answer")
    return problems


def read_last(reader: Consumer, last: Said) -> Said:
    """Reads on to the end of the aggregated topics, and keeps of each key its last message alone, in `last`."""
    for messages in read_to_end(reader):
        last.update({(str(message.topic()), message.key() or b""): message for message in messages})
    return last


def board_of(said: Said) -> Board:
    """The tally of a reader who finds the last message of each key alone, as compaction may leave them."""
    board = Board()
    board.take(list(said.values()))
    return board
