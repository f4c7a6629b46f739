"""The tab Integrity: record = log = tally, what was rejected, how fast it all is, and which part is up."""

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard.drawing import charts
from dashboard.drawing.markup import parts
from dashboard.drawing.page import Page, show
from dashboard.drawing.tables import fold_away
from dashboard.figures import health, words
from dashboard.figures.health import Agreement, State, check
from dashboard.figures.over_time import delays, percentiles, rates
from dashboard.figures.view import View, once

PILLS = {
    Agreement.AGREES: "good",
    Agreement.UNDER_WAY: "busy",
    Agreement.DIFFERS: "bad",
    State.UP: "good",
    State.DOWN: "bad",
}


def render(view: View, _page: Page) -> None:
    _sums(view)
    show(_parts(view))
    _delays(view)
    _rejected(view)


def _sums(view: View) -> None:
    watched = view.watched
    agreement, why = check(view)
    cast, counted = rates(watched, view.now)
    log = f"{watched.log_messages:,}" if watched.log_messages is not None else "–"
    note = "The record is PostgreSQL's votes, the log votes_topic, the tally the count"
    if watched.database_at and watched.kafka_at:
        note += f"; compared {words.age(view.now - min(watched.database_at, watched.kafka_at))}"
    show(
        parts.heading("Record = log = tally", note)
        + parts.state(_pill(agreement), why)
        + parts.tiles(
            (
                ("Record", f"{watched.recorded:,}" if watched.database_at else "–", "votes in PostgreSQL"),
                ("Log", log, "messages on votes_topic, repeats and rejected ones too"),
                ("Tally", f"{sum(watched.tally.values()):,}", "votes counted, taken at the same time"),
                ("Rejected", f"{len(view.board.rejected):,}", "messages that are no vote"),
                ("Casting", cast, "votes a second, into the record"),
                ("Counting", counted, "votes a second, into the tally"),
            )
        )
    )
    if audited := view.audited:
        pill = parts.pill("good", "audit: all agree") if audited.agrees else parts.pill("bad", "audit: they differ")
        age = words.age(view.now - audited.audited_at.timestamp())
        outcome = f"{words.votes(audited.votes)} agree" if audited.agrees else f"{audited.differences:,} differences"
        said = f"Record, log and tally, vote by vote, {age}: {outcome}. Merkle root {audited.root}"
        show(parts.state(pill, said))
    if view.candidates:
        fold_away(view, "record-and-tally", "Record and tally of each candidate", compared_rows)


def _pill(state: Agreement | State) -> Markup:
    return parts.pill(PILLS.get(state, "quiet"), state)


def compared_rows(view: View) -> pd.DataFrame:
    """A row for each candidate."""
    record, tally = view.watched.record, view.watched.tally
    found = [(one.name, record.get(one.candidate_id, 0), tally.get(one.candidate_id, 0)) for one in view.candidates]
    rows = pd.DataFrame(found, columns=["Candidate", "Record", "Tally"])
    return rows.assign(**{"Under way": rows.Record - rows.Tally})


@once
def _parts(view: View) -> Markup:
    listed = [(part, _pill(part.state)) for part in health.parts(view)]
    return parts.heading("The parts", "As the dashboard sees them from outside") + parts.parts(listed)


def _delays(view: View) -> None:
    note = "Median and 99th percentile of each second of the last minute, in ms; times in UTC"
    show(parts.heading("From cast to counted", note))
    if not view.delays:
        show(parts.empty("No votes were counted in the last minute."))
        return
    alt = "Lines of the delay's median and 99th percentile. The table below has the figures."
    spec = charts.delay_spec(charts.theme_colours())
    st.vega_lite_chart(charts.delay_data(view), spec, width="stretch", key="delay", alt=alt)
    p50, p99 = map(words.delay, percentiles([delay for _, delay in view.delays]))
    show(parts.note(f"Over the whole minute: median {p50}, 99th percentile {p99}."))
    fold_away(view, "delays", "The delay as a table", delays)


def _rejected(view: View) -> None:
    show(parts.heading("Rejected messages", "Messages on votes_topic that are no vote; they never count"))
    if not view.board.rejected:
        show(parts.empty("None so far."))
        return
    fold_away(view, "rejected", "How many for each reason", rejected_rows, open_at_first=True)
    fold_away(view, "rejected-examples", "Where the newest stand on votes_topic", example_rows)


def rejected_rows(view: View) -> pd.DataFrame:
    """A row for each reason."""
    ranked = sorted(view.board.rejected_by_reason.items(), key=lambda item: -item[1])
    return pd.DataFrame(ranked, columns=["Reason", "Messages"])


def example_rows(view: View) -> pd.DataFrame:
    """A row for each of the newest rejected messages."""
    rows = [(f"{one.partition} / {one.offset}", one.reason, one.length) for one in reversed(view.board.examples)]
    return pd.DataFrame(rows, columns=["Partition / offset", "Reason", "Bytes"])
