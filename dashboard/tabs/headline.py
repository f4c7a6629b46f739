"""What stands above the tabs: the election, its status, who leads, how much is counted and how fresh that is."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from dashboard.data.photos import Photos
from dashboard.drawing.markup import parts, take_photos
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Lead, Stage, await_votes, lead, outstanding, overall, say_settled, stage
from dashboard.figures.health import Agreement, check, kafka_problem, problems
from dashboard.figures.speed import overall_delay, shown_delay
from dashboard.figures.view import View

SIGNS = {
    Stage.UNKNOWN: "…",
    Stage.WAITING: "…",
    Stage.BEFORE: "○",
    Stage.BEGUN: "◔",
    Stage.COUNTING: "◐",
    Stage.COUNTED: "✓",
}


def render(view: View, page: Page) -> None:
    """The headline."""
    show(view.once(_headline, page.sources.photos, page.interval_seconds))


def _headline(view: View, photos: Photos, interval_seconds: float | None) -> Markup:
    found = lead(overall(view), outstanding(view))
    title = "Tied" if found and not found.alone else "Winner" if final(view) else "Leads so far"
    return parts.headline(
        view.title,
        _pills(view, interval_seconds is None),
        problems(view),
        found,
        title,
        await_votes(view),
        take_photos(photos),
        _said(found, view) if found else (),
        _progress(view),
        _tiles(view, interval_seconds),
    )


def status(view: View) -> str:
    """How far the count is, as it is repeated wherever figures stand."""
    now = stage(view)
    if now is Stage.COUNTING and (out := outstanding(view)):
        return f"{now}: {words.votes(view.counted)} counted, {words.count(out)} still out"
    if now is Stage.COUNTED:
        audited = " and audited" if view.audited and view.audited.agrees else ""
        return f"All {words.votes(view.counted)} counted{audited}"
    return str(now)


def differs(view: View) -> bool:
    """Whether the comparison or the audit found a difference."""
    audited = view.audited
    return check(view.watched, view.now).agreement is Agreement.DIFFERS or bool(audited and not audited.agrees)


def final(view: View) -> bool:
    """Whether the result will not change any more."""
    return stage(view) is Stage.COUNTED and not differs(view)


def _pills(view: View, paused: bool) -> list[Markup]:
    now, compared, audited = stage(view), check(view.watched, view.now), view.audited
    kinds = {Stage.COUNTED: "good", Stage.COUNTING: "busy"}
    pills = [parts.pill(kinds.get(now, "quiet"), SIGNS[now], now)]
    if paused:
        pills.append(parts.pill("quiet", "‖", f"Paused at {datetime.fromtimestamp(view.now, UTC):%H:%M:%S} UTC"))
    if kafka_problem(view) and view.counted:
        pills.append(parts.pill("bad", "!", "Interrupted: last known figures"))
    if differs(view):
        pills.append(parts.pill("bad", "✕", "Tally and record differ"))
    elif now is Stage.COUNTED and audited:
        said = "Audited: record, log and tally agree"
        if problems(view):
            age = words.age(view.now - audited.audited_at.timestamp())
            said = f"Audited {age}: record, log and tally agreed"
        pills.append(parts.pill("good", "✓", said))
    elif now is Stage.COUNTED and compared.agreement is Agreement.AGREES:
        pills.append(parts.pill("good", "✓", "Tally equals the record"))
    return pills


def _said(found: Lead, view: View) -> tuple[str, str]:
    total = found.leaders[0].total
    if not found.alone:
        return f"{len(found.leaders)} candidates have the same number of votes", say_settled(found)
    won = "Won" if final(view) else "Ahead"
    return f"{won} by {words.votes(found.votes)} ({words.points(found.votes, total)})", say_settled(found)


def _progress(view: View) -> Markup:
    if not view.registered:
        return Markup("")
    said, mark = f"{words.votes(view.counted)} counted of {words.count(view.registered)} registered voters", None
    if view.one_voter_per_ballot:
        said = f"{words.votes(view.counted)} counted of {words.count(view.registered)}: one voter per ballot"
    elif view.votes_expected:
        said += f"; the mark is at all {words.votes(view.votes_expected)} of this election"
        mark = 100 * view.votes_expected / view.registered
    return parts.progress(100 * view.counted / view.registered, said, mark)


def _tiles(view: View, interval_seconds: float | None) -> Markup:
    if not view.counted:
        return Markup("")
    figures = []
    if view.votes_expected:
        note = f"of {words.votes(view.votes_expected)}, {words.count(outstanding(view) or 0)} still out"
        figures.append(("Counted", words.percent(view.counted, view.votes_expected), note))
    if view.registered and not view.one_voter_per_ballot:
        figures.append(("Turnout", words.percent(view.counted, view.registered), "counted of registered"))
    figures.append(("Newest vote", words.age(view.now - (view.newest_vote_at or view.now)), "when it was cast"))
    figures.append(_delay(view, interval_seconds))
    return parts.tiles(figures)


def _delay(view: View, interval_seconds: float | None) -> tuple[str, str, str]:
    """How long a vote takes from cast to this page, which shows it at its next refresh."""
    counted = overall_delay(view.delays, view.now)
    if counted is None:
        return "Cast to shown", "–", "no votes in the last minute"
    note = f"median; counted in {words.delay(counted.p50)}"
    shown = shown_delay(view.delays, view.now, interval_seconds) if interval_seconds else None
    return "Cast to shown", "paused" if shown is None else words.delay(shown), note
