"""randomuser.me's client, against a local server that answers in its documented shape."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from election.model.definition import load_election
from election.model.errors import DefinitionError
from election.seeding.people import API_MOST_PEOPLE, Offline, RandomUser, choose_people


def person(number: int) -> dict:
    """One result as https://randomuser.me/documentation shows it, as far as it is asked for."""
    return {
        "gender": "female",
        "name": {"first": "Ann", "last": f"Number{number}"},
        "location": {"street": {"number": number, "name": "High Street"}, "postcode": "BA1 1AA"},
        "email": "ann@example.com",
        "phone": "01632 960001",
        "cell": "07700 900001",
        "picture": {"large": "https://randomuser.me/api/portraits/women/1.jpg"},
    }


class Api(BaseHTTPRequestHandler):
    """A randomuser.me: its server has the `queries` it got; its `answers` are given one by one, then proper ones."""

    def do_GET(self):
        query = dict(parse_qsl(urlsplit(self.path).query))
        self.server.queries.append(query)
        people = [person(int(query["page"]) * 1000 + number) for number in range(int(query["results"]))]
        status, text = self.server.answers.pop(0) if self.server.answers else (200, json.dumps({"results": people}))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Keeps the test's output quiet."""


@pytest.fixture
def api():
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        server.queries, server.answers = [], []
        server.url = f"http://127.0.0.1:{server.server_port}/api/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def election():
    return load_election("simulated", 50)


@pytest.fixture
def offline(election):
    return Offline(election)


def test_people_come_seeded_and_in_pages(api, election, offline):
    people = RandomUser(api.url, election, offline).page(2, 5)
    assert [one.voter_name for one in people] == [f"Ann Number{3000 + n}" for n in range(5)]
    assert people[0].address_street == "3000 High Street"
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
def test_a_page_that_does_not_come_well_is_made_up_offline(api, election, offline, answer):
    api.answers = [answer]
    assert RandomUser(api.url, election, offline).page(0, 1) == offline.page(0, 1)


def test_a_language_without_names_is_refused_with_the_nearest(election):
    with pytest.raises(DefinitionError, match="locale = 'en_XX'; did you mean '"):
        Offline(replace(election, locale="en_XX"))


def test_the_api_is_used_when_it_answers(api, election, caplog):
    caplog.set_level("INFO")
    assert isinstance(choose_people(api.url, election), RandomUser)
    assert "voters come from randomuser.me" in caplog.text


def test_the_generator_is_used_when_the_api_is_away(election, caplog):
    caplog.set_level("INFO")
    assert isinstance(choose_people("http://127.0.0.1:9/api/", election), Offline)
    assert "made up offline: randomuser.me: it can't be reached" in caplog.text


def test_a_free_service_is_not_asked_for_a_million_people(api):
    assert isinstance(choose_people(api.url, load_election("simulated", API_MOST_PEOPLE + 1)), Offline)
    assert api.queries == []
