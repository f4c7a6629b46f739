"""What the page shows, to take along: as CSV, and as JSON with the election, its status and the time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, datetime

import pandas as pd
import simplejson
import streamlit as st

from dashboard.figures.figures import stage
from dashboard.figures.view import View


def offer(view: View, name: str, make: Callable[..., pd.DataFrame], *arguments: Hashable) -> None:
    """Two buttons that give what the page shows: the rows that `make` gives for the view and the arguments.

    The files are made at every refresh, once for all viewers, and Streamlit keeps each for one refresh more. Files that
    are made on a click would be lost to clicks during a refresh.
    """
    csv, json = view.once(make_files, make, *arguments)
    with st.container(horizontal=True, gap="small", key=f"take-{name}"):
        for kind, mime, file in (("CSV", "text/csv", csv), ("JSON", "application/json", json)):
            st.download_button(
                kind,
                data=file,
                file_name=f"{view.name or 'election'}-{name}.{kind.lower()}",
                mime=mime,
                key=f"{name}-{kind}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                help=f"Download this as {kind}",
            )


def make_files(view: View, make: Callable[..., pd.DataFrame], *arguments: Hashable) -> tuple[bytes, bytes]:
    """The rows as CSV and as JSON."""
    rows = make(view, *arguments)
    return as_csv(view, rows), as_json(view, rows)


def as_csv(_: View, rows: pd.DataFrame) -> bytes:
    """With a mark at its beginning that tells spreadsheets that it is UTF-8."""
    return rows.to_csv(index=False).encode("utf-8-sig")


def as_json(view: View, rows: pd.DataFrame) -> bytes:
    document = {
        "election": view.name,
        "title": view.title,
        "status": stage(view),
        "votes_counted": view.counted,
        "at": datetime.fromtimestamp(view.now, UTC).isoformat(timespec="seconds"),
        "rows": rows.to_dict("records"),
    }
    return simplejson.dumps(document, ignore_nan=True, ensure_ascii=False, indent=1).encode()
