"""Candidates' photos."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dashboard.data.photos import LARGEST_BYTES, Photos, data_address
from tests.conftest import wait_for


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
