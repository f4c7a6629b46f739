"""randomuser.me's client, against a local server that answers in its documented shape."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from election.model.definition import load_election
from election.model.errors import DefinitionError
from election.seeding.people import API_MOST_PEOPLE, Offline, PeopleUnavailable, RandomUser, WithFallback, choose_people


def person(number: int) -> dict:
    """One result as https://randomuser.me/documentation shows it, as far as it is asked for."""
    return {
        "gender": "female",
        "name": {"title": "Ms", "first": "Ann", "last": f"Number{number}"},
        "location": {
            "street": {"number": number, "name": "High Street"},
            "city": "Bath",
            "state": "Somerset",
            "country": "United Kingdom",
            "postcode": "BA1 1AA",
        },
        "email": "ann@example.com",
        "phone": "01632 960001",
        "cell": "07700 900001",
        "picture": {"large": "https://randomuser.me/api/portraits/women/1.jpg"},
    }


class Api:
    """A local randomuser.me; `answers` are given one by one, then proper ones."""

    def __init__(self):
        self.answers, self.queries = [], []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlparse(self.path).query).items()}
                api.queries.append(query)
                first = int(query.get("page", 1)) * 1000
                proper = json.dumps({"results": [person(first + n) for n in range(int(query["results"]))]})
                status, body = api.answers.pop(0) if api.answers else (200, proper)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                """Keeps the test's output quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/"


@pytest.fixture
def api():
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


@pytest.fixture
def election():
    return load_election("simulated", 50)


def test_people_come_seeded_and_in_pages(api, election):
    people = RandomUser(api.url, election).page(2, 5)
    assert [one.name for one in people] == [f"Ann Number{3000 + n}" for n in range(5)]
    assert people[0].street == "3000 High Street"
    assert api.queries == [
        {
            "seed": f"simulated-{election.seed}",
            "nat": "gb",
            "inc": "gender,name,location,email,phone,cell,picture",
            "page": "3",
            "results": "5",
        }
    ]


@pytest.mark.parametrize(
    "answer",
    [
        (503, "busy"),
        (200, "<html>"),
        (200, '{"error": "Uh oh, something has gone wrong."}'),
        (200, '{"results": []}'),
        (200, '{"results": [{"gender": "female"}]}'),
        (200, json.dumps({"results": [person(1) | {"email": ""}]})),
        (200, json.dumps({"results": [person(1) | {"phone": 5}]})),
        (200, "[]"),
    ],
)
def test_a_bad_answer_is_asked_for_again(api, election, answer):
    api.answers = [answer]
    assert len(RandomUser(api.url, election, pause_seconds=0).page(0, 1)) == 1
    assert len(api.queries) == 2


def test_a_page_that_never_comes_is_made_up_offline(api, election):
    api.answers = [(500, "")] * 10
    offline = Offline(election)
    assert WithFallback(RandomUser(api.url, election, pause_seconds=0), offline).page(0, 3) == offline.page(0, 3)


def test_a_server_that_is_not_there_is_given_up_at_once(election):
    with pytest.raises(PeopleUnavailable, match="can't be reached"):
        RandomUser("http://127.0.0.1:9/api/", election, pause_seconds=60).page(0, 1)


def test_a_language_without_names_is_refused_with_the_nearest(election):
    with pytest.raises(DefinitionError, match="locale = 'en_XX'; did you mean '"):
        Offline(replace(election, locale="en_XX"))


def test_the_api_is_used_when_it_answers(api, election, caplog):
    caplog.set_level("INFO")
    assert choose_people(api.url, election).name == "randomuser.me"
    assert "voters come from randomuser.me" in caplog.text


def test_the_generator_is_used_when_the_api_is_away(election, caplog):
    caplog.set_level("INFO")
    assert choose_people("http://127.0.0.1:9/api/", election).name == "offline"
    assert "made up offline" in caplog.text


def test_a_free_service_is_not_asked_for_a_million_people(api):
    assert choose_people(api.url, load_election("simulated", API_MOST_PEOPLE + 1)).name == "offline"
    assert api.queries == []
