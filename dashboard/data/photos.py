"""Candidates' photos, fetched by the server once and put into the page, so that a browser never asks anybody else."""

from __future__ import annotations

import base64
import logging
import threading
import time

import requests

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = (3.05, 5)
LARGEST_BYTES = 200_000
RETRY_SECONDS = 600
# How each kind of picture begins: what a server says about it is not believed.
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}


class Photos:
    """Photos by address; each is asked for in the background, and again ten minutes after a failure."""

    def __init__(self) -> None:
        self._pictures: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def get(self, url: str) -> str | None:
        """The photo as a data: address, or None while it can't be had. Never waits."""
        if picture := self._pictures.get(url):
            return picture
        if url.startswith(("https://", "http://")):
            with self._lock:
                due = time.monotonic() - self._asked_at.get(url, -RETRY_SECONDS) >= RETRY_SECONDS
                if due:
                    self._asked_at[url] = time.monotonic()
            if due:
                threading.Thread(target=self._fetch, args=(url,), name="photo", daemon=True).start()
        return None

    def _fetch(self, url: str) -> None:
        try:
            with requests.get(url, timeout=TIMEOUT_SECONDS, stream=True) as answer:
                answer.raise_for_status()
                picture = answer.raw.read(LARGEST_BYTES + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            log.info("no photo from %s (%s): its initials are shown", url, type(error).__name__)
            return
        if address := data_address(picture):
            self._pictures[url] = address
        else:
            log.info("what %s sent is no photo: its initials are shown", url)


def data_address(picture: bytes) -> str | None:
    """The picture as a data: address, or None when it is too large or no JPEG, PNG or WebP."""
    kind = next((kind for beginning, kind in KINDS.items() if picture.startswith(beginning)), None)
    if kind is None or len(picture) > LARGEST_BYTES:
        return None
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"
