"""The tab Integrity: record = log = tally, what was rejected, how fast it all is, and which part is up."""

from __future__ import annotations

import streamlit as st
from pyarrow import Table

from dashboard.drawing import charts, markup
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.health import Agreement, State, check, parts
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
    kind, sign = SIGNS[found.agreement]
    log = words.count(watched.log_messages) if watched.log_messages is not None else "–"
    note = "The record is PostgreSQL's votes, the log votes_topic, the tally the count"
    if watched.database_at and watched.kafka_at:
        note += f"; compared {words.age(view.now - min(watched.database_at, watched.kafka_at))}"
    show(
        markup.heading("Record = log = tally", note)
        + f'<div class="e-top">{markup.pill(kind, sign, found.agreement)} <span>{markup.text(found.words)}</span></div>'
        + markup.tiles(
            (
                ("Record", words.count(watched.recorded) if watched.database_at else "–", "votes in PostgreSQL"),
                ("Log", log, "messages on votes_topic, repeats and rejected ones too"),
                ("Tally", words.count(sum(watched.tally.values())), "votes counted, taken at the same time"),
                ("Rejected", words.count(sum(view.rejected.values())), "messages that are no vote"),
            )
        )
    )
    if audited := view.audited:
        kind, sign = SIGNS[Agreement.AGREES if audited.agrees else Agreement.DIFFERS]
        pill = markup.pill(kind, sign, "audit: all agree" if audited.agrees else "audit: they differ")
        age = words.age(view.now - audited.audited_at.timestamp())
        outcome = f"{words.votes(audited.votes)} agree" if audited.agrees else f"{audited.differences:,} differences"
        said = f"Record, log and tally, vote by vote, {age}: {outcome}. Merkle root {audited.root}"
        show(f'<div class="e-top">{pill} <span class="e-code">{markup.text(said)}</span></div>')
    if view.candidates:
        with st.expander("Record and tally of each candidate"):
            rows = (
                (
                    one.name,
                    words.count(watched.record.get(one.candidate_id, 0)),
                    words.count(watched.tally.get(one.candidate_id, 0)),
                    words.count(watched.record.get(one.candidate_id, 0) - watched.tally.get(one.candidate_id, 0)),
                )
                for one in view.candidates
            )
            caption = "Votes of each candidate when they were last compared"
            show(markup.table(caption, ("Candidate", "#Record", "#Tally", "#Under way"), rows))


def _parts(view: View) -> str:
    lines = []
    for part in parts(view):
        kind, sign = STATES.get(part.state, NO_STATE)
        lines.append(
            f"<li>{markup.pill(kind, sign, part.state)} <b>{markup.text(part.name)}</b>"
            f"<small>{markup.text(part.role)}: {markup.text(part.words)}</small></li>"
        )
    title = markup.heading("The parts", "As the dashboard sees them from outside")
    return f'{title}<ul class="e-parts">{"".join(lines)}</ul>'


def _speed(view: View) -> str:
    pace, groups = rates(view.watched), view.watched.groups
    figures = [
        ("Casting", words.rate(pace[0]) if pace else "–", "votes a second, into the record"),
        ("Counting", words.rate(pace[1]) if pace else "–", "votes a second, into the tally"),
    ]
    for group, name, topic in (("voting", "voting.py", topics.VOTERS), ("roll", "main.py", topics.VOTES)):
        lag = words.count(groups[group].lag) if group in groups else "–"
        figures.append((f"To read for {name}", lag, f"messages on {topic}"))
    return markup.heading("Speed", "Rates of the last ten seconds") + markup.tiles(figures)


def _delays(view: View) -> None:
    title = markup.heading(
        "From cast to counted", "Median and 99th percentile of each second of the last minute, in ms; times in UTC", 3
    )
    found = view.once(_last_minute)
    if found is None:
        show(title + markup.empty("No votes were counted in the last minute."))
        return
    said, data, table = found
    show(title)
    alt = "Lines of the delay's median and 99th percentile. The table below has the figures."
    charts.draw(charts.delay_spec(charts.theme_colours()), data, alt, "delay")
    show(f'<p class="e-note">{said}</p>')
    with st.expander("The delay as a table"):
        show(table)


def _last_minute(view: View) -> tuple[str, Table, str] | None:
    """The delays of the last minute in a sentence, as the chart's data and as a table."""
    whole, seen = overall_delay(view.delays, view.now), delays(view.delays, view.now)
    if whole is None or len(seen) < 2:
        return None
    rows = ((f"{view.now - one.at:.0f} s ago", words.delay(one.p50), words.delay(one.p99)) for one in reversed(seen))
    return (
        f"Over the whole minute: median {words.delay(whole.p50)}, 99th percentile {words.delay(whole.p99)}.",
        charts.encode(charts.delay_data(seen)),
        markup.table("Delay from cast to counted, by second", ("Second", "#p50", "#p99"), rows),
    )


def _rejected(view: View) -> None:
    total = sum(view.rejected.values())
    title = markup.heading("Rejected messages", "Messages on votes_topic that are no vote; they never count")
    if not total:
        show(title + markup.empty("None so far."))
        return
    ranked = sorted(view.rejected.items(), key=lambda item: -item[1])
    show(title + markup.bars((reason, number, total, words.count(number), None) for reason, number in ranked))
    with st.expander("The newest examples"):
        rows = (
            (f"{one.partition} / {one.offset}", one.reason, words.count(one.length)) for one in reversed(view.examples)
        )
        show(markup.table("Where each stands on votes_topic", ("Partition / offset", "Reason", "#Bytes"), rows))
