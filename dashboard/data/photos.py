"""Candidates' photos, fetched by the server once and put into the page, so that a browser never asks anybody else."""

import base64
import logging
from concurrent.futures import Future, ThreadPoolExecutor

import requests
from urllib3.exceptions import HTTPError

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = (3.05, 5)
LARGEST_BYTES = 200_000
# How each kind of picture begins: what a server says about it is not believed.
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}


class Photos:
    """Photos by address; each is asked for once, in the background."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4, "photo")
        self._asked: dict[str, Future[str | None]] = {}

    def get(self, url: str) -> str | None:
        """The photo as a data: address, or None while it can't be had. Never waits."""
        if not url.startswith(("https://", "http://")):
            return None
        if url not in self._asked:
            self._asked[url] = self._pool.submit(fetch, url)
        asked = self._asked[url]
        return asked.result() if asked.done() and not asked.exception() else None


def fetch(url: str) -> str | None:
    try:
        with requests.get(url, timeout=TIMEOUT_SECONDS, stream=True) as answer:
            answer.raise_for_status()
            address = data_address(answer.raw.read(LARGEST_BYTES + 1, decode_content=True))
    except (requests.RequestException, HTTPError, OSError) as error:
        log.info("no photo from %s (%s): its initials are shown", url, type(error).__name__)
        return None
    if address is None:
        log.info("what %s sent is no photo: its initials are shown", url)
    return address


def data_address(picture: bytes) -> str | None:
    """The picture as a data: address, or None when it is too large or no JPEG, PNG or WebP."""
    kind = next((kind for beginning, kind in KINDS.items() if picture.startswith(beginning)), None)
    if kind is None or len(picture) > LARGEST_BYTES:
        return None
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"
