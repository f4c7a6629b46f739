"""The dashboard on a staged Montréal whose count grows, from a server that is as late as one under heavy load can be.

Each time that a viewer does something, nothing of what the page then shows is sent before the fragment has begun to
run again: Streamlit drops what the first run wrote in the fragment and keeps the rest.

    python -m tests.e2e.late_dashboard --server.port 8601
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.web.cli import main

from dashboard.data.sources import Sources
from dashboard.drawing import page
from election import PROJECT
from election.model import topics
from tests.dashboard.staged import staged_sources

APP = PROJECT / "streamlit-app.py"
COUNTED, GROW_SECONDS, HELD_SECONDS = 0.4, 5.0, 10.0


class LateRunner(ScriptRunner):
    """Runs the page; the event loop, which sends, stands still from a viewer's action to the start of the next run."""

    released: threading.Event | None = None
    following = False

    def _run_script(self, rerun_data: RerunData) -> None:
        if not rerun_data.is_auto_rerun:
            self.released = threading.Event()
            get_instance()._get_async_objs().eventloop.call_soon_threadsafe(self.released.wait, HELD_SECONDS)
        super()._run_script(rerun_data)
        if self.following and self.released:
            self.released.set()
        self.following = False

    def _on_script_finished(self, ctx: Any, *arguments: Any) -> None:
        super()._on_script_finished(ctx, *arguments)
        if self.released and not self.released.is_set() and not self.following:
            self.following = True
            again = RerunData(
                fragment_id_queue=list(self._fragment_storage._fragments),
                is_auto_rerun=True,
                query_string=ctx.query_string,
                page_script_hash=ctx.page_script_hash,
                cached_message_hashes=ctx.cached_message_hashes,
                context_info=ctx.context_info,
            )
            if not self._requests.request_rerun(again):
                self.released.set()


def grow(sources: Sources) -> None:
    """A vote more for everybody everywhere, every few seconds."""
    while True:
        time.sleep(GROW_SECONDS)
        with sources.live.lock:
            now = time.time()
            for topic in topics.AGGREGATED:
                rows = sources.live.board.totals[topic.name]
                for key, row in rows.items():
                    rows[key] = {**row, "total_votes": row["total_votes"] + 1}
            sources.live.board.changed_at = sources.live.heard_at = now


if __name__ == "__main__":
    import streamlit.runtime.app_session

    streamlit.runtime.app_session.ScriptRunner = LateRunner  # type: ignore[misc]
    staged = staged_sources(COUNTED)
    page.open_sources = lambda: staged  # type: ignore[assignment]
    threading.Thread(target=grow, args=(staged,), daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), "--server.headless", "true", *sys.argv[1:]]
    sys.exit(main())
