"""Work that goes on beside the script's own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")


def in_background(work: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Does `work` in a thread that ends with the script; the future has what it returns or raises."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(*arguments))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    Thread(target=run, name=work.__name__, daemon=True).start()
    return future
