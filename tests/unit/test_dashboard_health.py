"""What the dashboard says about the system itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.database import NOT_YET, VOTED, Search, roll_query
from dashboard.examples import example
from dashboard.health import Agreement, State, check, kafka_problem, parts, problems, waiting
from dashboard.photos import LARGEST_BYTES, Photos, data_address
from dashboard.speed import delays, overall_delay, rates, shown_delay
from dashboard.view import NO_ELECTION, NO_LOGIN, Group, Sample, View, Watched
from dashboard.watch import compare
from election.results import EXAMPLE_BYTES, NO_TOPICS, RejectedVote
from tests.conftest import wait_for

NOW = 1_000_000.0
AGREEING = Watched(
    database_at=NOW,
    database_problem=None,
    election={"title": "T"},
    record={"a": 5, "b": 3},
    tally={"a": 5, "b": 3},
    moved_at=NOW,
    kafka_at=NOW,
    kafka_problem=None,
    log_messages=8,
    groups={"voting": Group(1, 7), "roll": Group(0, 3)},
)


def view(watched: Watched = AGREEING, **changes: Any) -> View:
    return View(now=NOW, watched=watched, **{"heard_at": NOW, "changed_at": NOW, **changes})


def agreement(**changes: Any) -> Agreement:
    return check(replace(AGREEING, **changes), NOW).agreement


def test_equal_sums_for_every_candidate_are_in_agreement() -> None:
    assert agreement() is Agreement.AGREES


def test_a_tally_that_lags_is_under_way_and_no_difference() -> None:
    assert agreement(tally={"a": 4, "b": 3}) is Agreement.UNDER_WAY
    assert agreement(log_messages=7) is Agreement.UNDER_WAY


@pytest.mark.parametrize("tally", [{"a": 6, "b": 2}, {"a": 6, "b": 3}, {"a": 5, "b": 3, "nobody": 1}])
def test_a_tally_above_the_record_differs_whatever_the_sum(tally: dict[str, int]) -> None:
    assert agreement(tally=tally) is Agreement.DIFFERS


def test_a_lag_that_does_not_move_for_half_a_minute_is_a_difference() -> None:
    lagging: dict[str, Any] = {"tally": {"a": 4, "b": 3}}
    assert agreement(**lagging, moved_at=NOW - 29) is Agreement.UNDER_WAY
    assert agreement(**lagging, moved_at=NOW - 30) is Agreement.DIFFERS
    assert "the tally lacks 1 vote" in check(replace(AGREEING, **lagging, moved_at=NOW - 30), NOW).words


def test_nothing_is_claimed_while_a_part_is_down_or_was_never_seen() -> None:
    assert agreement(database_problem="gone") is Agreement.UNKNOWN
    assert agreement(kafka_problem="gone") is Agreement.UNKNOWN
    assert check(Watched(), NOW).agreement is Agreement.UNKNOWN


def test_movement_is_noted_and_standstill_keeps_its_time() -> None:
    first = compare(Watched(), AGREEING)
    later = replace(AGREEING, database_at=NOW + 5, kafka_at=NOW + 5)
    assert first.moved_at == NOW
    assert compare(first, later).moved_at == NOW
    assert compare(first, replace(later, record={"a": 6, "b": 3})).moved_at == NOW + 5


def test_rates_are_taken_over_about_ten_seconds() -> None:
    samples = tuple(Sample(NOW + 2 * step, 100 * step, 80 * step) for step in range(20))
    assert rates(Watched(samples=samples)) == (50, 40)
    assert rates(Watched(samples=samples[:1])) is None
    assert rates(Watched(samples=(Sample(NOW, 0, 0), Sample(NOW + 100, 100, 50)))) == (1, 0.5)


def test_each_part_says_what_is_seen_of_it() -> None:
    states = {part.name: part.state for part in parts(view())}
    assert states == {
        "Kafka": State.UP,
        "PostgreSQL": State.UP,
        "main.py": State.DOWN,
        "voting.py": State.UP,
        "spark-streaming.py": State.UP,
    }


def test_a_count_that_stands_still_with_messages_waiting_is_down() -> None:
    behind = replace(AGREEING, log_messages=9, record={"a": 6, "b": 3})
    counting = parts(view(behind, changed_at=NOW - 60))[-1]
    assert counting.state is State.DOWN
    assert counting.words == "1 message waits and nothing is counted"


def test_a_count_with_nothing_to_count_is_idle() -> None:
    repeated = replace(AGREEING, log_messages=9)
    assert parts(view(repeated, changed_at=NOW - 60))[-1].state is State.IDLE


def test_without_kafka_nothing_is_said_of_the_parts_behind_it() -> None:
    gone = view(replace(AGREEING, kafka_problem="refused"), heard_at=NOW - 9)
    states = {part.name: part.state for part in parts(gone)}
    assert states == {
        "Kafka": State.DOWN,
        "PostgreSQL": State.UP,
        "main.py": State.UNKNOWN,
        "voting.py": State.UNKNOWN,
        "spark-streaming.py": State.UNKNOWN,
    }


def test_topics_that_are_missing_are_waited_for_at_the_start_and_a_problem_later() -> None:
    start = view(replace(AGREEING, kafka_problem=NO_TOPICS), heard_at=0.0, counting_problem=NO_TOPICS)
    assert waiting(start) == [NO_TOPICS]
    assert problems(start) == []
    assert parts(start)[0].state is State.WAITING
    later = replace(start, heard_at=NOW - 3)
    assert waiting(later) == []
    assert len(problems(later)) == 1


@pytest.mark.parametrize("trouble", [NO_LOGIN, NO_ELECTION])
def test_an_election_that_is_not_prepared_is_waited_for_at_the_start_and_a_problem_later(trouble: str) -> None:
    unseen = replace(AGREEING, database_problem=trouble, database_at=0.0)
    start = view(unseen, heard_at=0.0, counting_problem=NO_TOPICS)
    assert waiting(start) == [trouble, NO_TOPICS]
    assert problems(start) == []
    later = view(replace(AGREEING, database_problem=trouble))
    assert waiting(later) == []
    assert len(problems(later)) == 1


def test_a_login_that_is_refused_after_main_has_made_it_is_a_problem() -> None:
    refused = replace(AGREEING, database_problem=NO_LOGIN, database_at=0.0)
    assert "another password than POSTGRES_DASHBOARD_PASSWORD" in problems(view(refused))[0]
    seeding = view(replace(refused, database_problem=NO_ELECTION))
    assert problems(seeding) == []


def test_a_watch_that_does_not_come_back_is_reported_and_claims_nothing() -> None:
    lost = replace(AGREEING, awake_since=NOW - 900, looked_at=NOW - 100)
    assert "For 2 min the dashboard has not come to look at PostgreSQL and Kafka" in problems(view(lost))[0]
    assert check(lost, NOW).agreement is Agreement.UNKNOWN
    never = Watched(awake_since=NOW - 100)
    assert problems(view(never))


def test_a_watch_that_was_only_just_woken_is_not_late() -> None:
    woken = replace(AGREEING, awake_since=NOW - 1, looked_at=NOW - 9000)
    assert problems(view(woken)) == []


def test_silence_of_kafka_is_a_problem_with_the_figures_age() -> None:
    silent = view(heard_at=NOW - 40)
    assert kafka_problem(silent) == "silent for 40 s"
    assert problems(silent) == ["Kafka does not answer (silent for 40 s). The figures are from 40 s ago."]
    assert problems(view()) == []


def test_delays_are_those_of_the_last_minute() -> None:
    seen = [(NOW - 100, 9.0), (NOW - 2, 0.004), (NOW - 2, 0.008), (NOW - 1, 0.1)]
    assert [round(one.p50, 3) for one in delays(seen, NOW)] == [0.006, 0.1]
    overall = overall_delay(seen, NOW)
    assert overall
    assert overall.p50 == 0.008
    assert overall_delay(seen[:1], NOW) is None


def rejected(value: bytes) -> RejectedVote:
    return RejectedVote("reason", 0, 1, value[:EXAMPLE_BYTES], len(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"", "(empty)"),
        (
            b'{"voter_id": "1111-2222", "candidate_id": "x", "voting_time": "2026-05-07T12:00:00+00:00", "vote": 2}',
            "{voter_id: (text of 9), candidate_id: (text of 1), voting_time: 2026-05-07T12:00:00+00:00, vote: 2}",
        ),
        (
            b'{"vote": "1111 for x", "voting_time": "1111 for x", "1111 for x": 1}',
            "{voting_time: (text of 10), vote: (text of 10), 1 more field}",
        ),
        (b'{"voter_id": {"1111": "x"}, "candidate_id": null}', "{voter_id: (object), candidate_id: (null)}"),
        (b'{"vote": 1111222233334444}', "{vote: (number)}"),
        (b'["1111", "x"]', "JSON, but no object: (list)"),
        (b"1111-2222 x", "no JSON in its first kilobyte: 11 bytes, beginning with 1111"),
        (b"\xff\x00\n voted for x", "no JSON in its first kilobyte: 15 bytes, beginning with \\\\xff\\x00\\n "),
    ],
)
def test_an_example_of_a_rejected_message_tells_its_shape_and_neither_voter_nor_choice(
    value: bytes, shown: str
) -> None:
    assert example(rejected(value)) == shown


@given(st.binary(max_size=2000))
def test_whatever_was_rejected_is_shown_as_printable_text(value: bytes) -> None:
    assert example(rejected(value)).isprintable()


def test_a_message_too_long_to_be_kept_tells_its_length() -> None:
    assert "3,002 bytes" in example(rejected(b'"' + b"x" * 3000 + b'"'))


def test_the_roll_is_never_asked_for_whom_or_when_somebody_voted() -> None:
    query, _ = roll_query(Search("a", "b", VOTED), "")
    assert "candidate" not in query
    assert "voting_time" not in query


def test_wildcards_in_a_search_are_letters() -> None:
    query, values = roll_query(Search(r"50%_\x", None, NOT_YET), "000-1")
    assert values["part"] == r"%50\%\_\\x%"
    assert values["after"] == "000-1"
    assert "votes.voter_id IS NULL" in query


def test_only_pictures_of_a_sensible_size_are_put_into_the_page() -> None:
    jpeg = b"\xff\xd8\xff\xe0"
    assert str(data_address(jpeg)).startswith("data:image/jpeg;base64,")
    assert data_address(b"<svg onload=alert(1)>") is None
    assert data_address(jpeg + bytes(LARGEST_BYTES)) is None


def test_a_photo_without_a_web_address_is_never_asked_for() -> None:
    photos = Photos()
    assert photos.get("") is None
    assert photos.get("file:///etc/passwd") is None
    assert photos.get("javascript:alert(1)") is None


@pytest.fixture
def pictures() -> Iterator[str]:
    """The address of a server that has one picture, /face.jpg."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/face.jpg" else 404)
            self.end_headers()
            self.wfile.write(b"\xff\xd8\xff\xe0 a face")

        def log_message(self, *_: object) -> None:
            """Keeps the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_photo_comes_in_the_background_and_one_that_fails_is_left_alone(pictures: str) -> None:
    photos = Photos()
    assert photos.get(f"{pictures}/face.jpg") is None
    wait_for(lambda: photos.get(f"{pictures}/face.jpg"), 10, "the photo")
    assert str(photos.get(f"{pictures}/face.jpg")).startswith("data:image/jpeg;base64,")
    assert photos.get(f"{pictures}/nobody.jpg") is None


def test_a_vote_is_shown_at_the_first_refresh_after_it_was_counted() -> None:
    assert shown_delay([(NOW - 3.5, 0.25)], NOW, 1) == pytest.approx(0.75)
    assert shown_delay([(NOW - 3.5, 0.25)], NOW, 5) == pytest.approx(3.75)
    assert shown_delay([(NOW - 100, 0.25)], NOW, 1) is None
