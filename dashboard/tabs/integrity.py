"""The tab Integrity: record = log = tally, what was rejected, how fast it all is, and which part is up."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import streamlit as st
from markupsafe import Markup
from pyarrow import Table

from dashboard.drawing import charts
from dashboard.drawing.downloads import offer
from dashboard.drawing.markup import Bar, parts
from dashboard.drawing.page import Page, show
from dashboard.figures import health, words
from dashboard.figures.health import Agreement, State, check
from dashboard.figures.speed import delays, overall_delay, rates
from dashboard.figures.view import View
from election.model import topics

SIGNS = {
    Agreement.AGREES: ("good", "✓"),
    Agreement.UNDER_WAY: ("busy", "◐"),
    Agreement.DIFFERS: ("bad", "✕"),
    Agreement.UNKNOWN: ("quiet", "…"),
}
STATES = {State.UP: ("good", "✓"), State.DOWN: ("bad", "✕"), State.IDLE: ("quiet", "○")}
NO_STATE = "quiet", "…"


def render(view: View, page: Page) -> None:
    """The tab."""
    _sums(view)
    show(view.once(_parts) + view.once(_speed))
    _delays(view)
    _rejected(view)


def _sums(view: View) -> None:
    watched = view.watched
    found = check(watched, view.now)
    log = words.count(watched.log_messages) if watched.log_messages is not None else "–"
    note = "The record is PostgreSQL's votes, the log votes_topic, the tally the count"
    if watched.database_at and watched.kafka_at:
        note += f"; compared {words.age(view.now - min(watched.database_at, watched.kafka_at))}"
    show(
        parts.heading("Record = log = tally", note)
        + parts.state(parts.pill(*SIGNS[found.agreement], found.agreement), found.words)
        + parts.tiles(
            (
                ("Record", words.count(watched.recorded) if watched.database_at else "–", "votes in PostgreSQL"),
                ("Log", log, "messages on votes_topic, repeats and rejected ones too"),
                ("Tally", words.count(sum(watched.tally.values())), "votes counted, taken at the same time"),
                ("Rejected", words.count(sum(view.rejected.values())), "messages that are no vote"),
            )
        )
    )
    if audited := view.audited:
        sign = SIGNS[Agreement.AGREES if audited.agrees else Agreement.DIFFERS]
        pill = parts.pill(*sign, "audit: all agree" if audited.agrees else "audit: they differ")
        age = words.age(view.now - audited.audited_at.timestamp())
        outcome = f"{words.votes(audited.votes)} agree" if audited.agrees else f"{audited.differences:,} differences"
        said = f"Record, log and tally, vote by vote, {age}: {outcome}. Merkle root {audited.root}"
        show(parts.state(pill, said))
    if view.candidates:
        with st.expander("Record and tally of each candidate"):
            rows = [[name, *map(words.count, numbers)] for name, *numbers in _compared(view)]
            caption = "Votes of each candidate when they were last compared"
            show(parts.table(caption, ("Candidate", "#Record", "#Tally", "#Under way"), rows))
        offer(view, "record-and-tally", compared_rows)


def _compared(view: View) -> Iterator[tuple[str, int, int, int]]:
    for one in view.candidates:
        recorded, tallied = (votes.get(one.candidate_id, 0) for votes in (view.watched.record, view.watched.tally))
        yield one.name, recorded, tallied, recorded - tallied


def compared_rows(view: View) -> pd.DataFrame:
    """A row for each candidate, to take along."""
    return pd.DataFrame(_compared(view), columns=["candidate", "record", "tally", "under_way"])


def _parts(view: View) -> Markup:
    listed = [(part, parts.pill(*STATES.get(part.state, NO_STATE), part.state)) for part in health.parts(view)]
    return parts.heading("The parts", "As the dashboard sees them from outside") + parts.parts(listed)


def _speed(view: View) -> Markup:
    pace, groups = rates(view.watched), view.watched.groups
    figures = [
        ("Casting", words.rate(pace[0]) if pace else "–", "votes a second, into the record"),
        ("Counting", words.rate(pace[1]) if pace else "–", "votes a second, into the tally"),
    ]
    for group, name, topic in (
        (topics.VOTING_GROUP, "voting.py", topics.VOTERS),
        (topics.MAIN_GROUP, "main.py", topics.VOTES),
    ):
        lag = words.count(groups[group].lag) if group in groups else "–"
        figures.append((f"To read for {name}", lag, f"messages on {topic}"))
    return parts.heading("Speed", "Rates of the last ten seconds") + parts.tiles(figures)


def _delays(view: View) -> None:
    title = parts.heading(
        "From cast to counted", "Median and 99th percentile of each second of the last minute, in ms; times in UTC", 3
    )
    found = view.once(_last_minute)
    if found is None:
        show(title + parts.empty("No votes were counted in the last minute."))
        return
    said, data, table = found
    show(title)
    alt = "Lines of the delay's median and 99th percentile. The table below has the figures."
    charts.draw(charts.delay_spec(charts.theme_colours()), data, alt, "delay")
    show(parts.note(said))
    with st.expander("The delay as a table"):
        show(table)
    offer(view, "delays", delay_rows)


def _last_minute(view: View) -> tuple[str, Table, Markup] | None:
    """The delays of the last minute in a sentence, as the chart's data and as a table."""
    whole, seen = overall_delay(view.delays, view.now), delays(view.delays, view.now)
    if whole is None or len(seen) < 2:
        return None
    rows = ((f"{view.now - one.at:.0f} s ago", words.delay(one.p50), words.delay(one.p99)) for one in reversed(seen))
    return (
        f"Over the whole minute: median {words.delay(whole.p50)}, 99th percentile {words.delay(whole.p99)}.",
        charts.encode(charts.delay_data(seen)),
        parts.table("Delay from cast to counted, by second", ("Second", "#p50", "#p99"), rows),
    )


def delay_rows(view: View) -> pd.DataFrame:
    """A row for each second of the last minute, in seconds since 1970 and seconds; to take along."""
    return pd.DataFrame(delays(view.delays, view.now))


def _rejected(view: View) -> None:
    total = sum(view.rejected.values())
    title = parts.heading("Rejected messages", "Messages on votes_topic that are no vote; they never count")
    if not total:
        show(title + parts.empty("None so far."))
        return
    ranked = sorted(view.rejected.items(), key=lambda item: -item[1])
    show(title + parts.bars([Bar(reason, number, total, words.count(number)) for reason, number in ranked]))
    with st.expander("The newest examples"):
        rows = (
            (f"{one.partition} / {one.offset}", one.reason, words.count(one.length)) for one in reversed(view.examples)
        )
        show(parts.table("Where each stands on votes_topic", ("Partition / offset", "Reason", "#Bytes"), rows))
    offer(view, "rejected", rejected_rows)


def rejected_rows(view: View) -> pd.DataFrame:
    """A row for each reason, to take along."""
    return pd.DataFrame(view.rejected.items(), columns=["reason", "messages"])
