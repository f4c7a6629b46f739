"""Tables, and files of what the page shows: as CSV, and as JSON with the election, its status and the time."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from math import isnan

import pandas as pd
import simplejson
import streamlit as st
from markupsafe import Markup

from dashboard.drawing.markup import parts
from dashboard.drawing.page import show
from dashboard.figures.figures import stage
from dashboard.figures.view import View, once

Make = Callable[..., pd.DataFrame]


def fold_away(view: View, name: str, label: str, make: Make, *arguments: Hashable, open_at_first: bool = False) -> None:
    """A table that opens on a click, and its files: the rows that `make` gives for the view and the arguments."""
    with st.expander(label, expanded=open_at_first):
        show(_table(view, label, make, *arguments))
    offer(view, name, make, *arguments)


@once
def _table(view: View, label: str, make: Make, *arguments: Hashable) -> Markup:
    rows = make(view, *arguments)
    columns = [f"#{name}" if kind.kind in "if" else name for name, kind in rows.dtypes.items()]
    return parts.table(label, columns, [map(_say, row) for row in rows.itertuples(index=False)])


def _say(cell: object) -> str:
    """Whole numbers with their thousands, shares in percent, times of day; a dash for nothing."""
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return "–" if isnan(cell) else f"{cell:.1f}%"
    return f"{cell:%H:%M:%S}" if isinstance(cell, datetime) else str(cell or "–")


def offer(view: View, name: str, make: Make, *arguments: Hashable) -> None:
    """Two buttons that give these rows as files.

    The files are made at every refresh, once for all viewers: files that are made on a click would be lost to clicks
    during a refresh. Streamlit deletes a file soon after no button on any page has it, and a browser is always a moment
    behind, so two hidden buttons keep the files of the refresh before.
    """
    files = make_files(view, make, *arguments)
    before = st.session_state.get(f"{name}-files", files)
    st.session_state[f"{name}-files"] = files
    with st.container(horizontal=True, gap="small", key=f"take-{name}"):
        _buttons(view, name, name, files)
        with st.container(key=f"kept-{name}"):
            _buttons(view, name, f"{name}-kept", before)


def _buttons(view: View, name: str, key: str, files: tuple[bytes, bytes]) -> None:
    for kind, mime, file in zip(("CSV", "JSON"), ("text/csv", "application/json"), files, strict=True):
        st.download_button(
            kind,
            data=file,
            file_name=f"{view.name or 'election'}-{name}.{kind.lower()}",
            mime=mime,
            key=f"{key}-{kind}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            help=f"Download this as {kind}",
        )


@once
def make_files(view: View, make: Make, *arguments: Hashable) -> tuple[bytes, bytes]:
    """The rows as CSV, with a mark at its beginning that tells spreadsheets that it is UTF-8, and as JSON."""
    rows = make(view, *arguments)
    document = {
        "election": view.name,
        "title": view.title,
        "status": stage(view),
        "votes_counted": view.board.counted,
        "at": datetime.fromtimestamp(view.now, UTC).isoformat(timespec="seconds"),
        "rows": rows.to_dict("records"),
    }
    json = simplejson.dumps(document, ignore_nan=True, ensure_ascii=False, indent=1, default=str)
    return rows.to_csv(index=False).encode("utf-8-sig"), json.encode()
