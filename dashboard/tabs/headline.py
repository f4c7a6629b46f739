"""What stands above the tabs: the election, its status, who leads, how much is counted and how fresh that is."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard.data.photos import Photos
from dashboard.drawing import markup
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Lead, Stage, lead, outstanding, overall, say_settled, stage
from dashboard.figures.health import Agreement, check, connecting, kafka_problem, problems, waiting
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


def _headline(view: View, photos: Photos, interval_seconds: float | None) -> str:
    found = problems(view)
    warning = markup.notice(found) if found else ""
    figures = _progress(view) + _tiles(view, interval_seconds)
    return f"<header>{_title(view, interval_seconds is None)}{warning}{_lead(view, photos)}{figures}</header>"


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


def _title(view: View, paused: bool) -> str:
    now, compared = stage(view), check(view.watched, view.now)
    kinds = {Stage.COUNTED: "good", Stage.COUNTING: "busy"}
    pills = [markup.pill(kinds.get(now, "quiet"), SIGNS[now], now)]
    if paused:
        pills.append(markup.pill("quiet", "‖", f"Paused at {datetime.fromtimestamp(view.now, UTC):%H:%M:%S} UTC"))
    if kafka_problem(view) and view.counted:
        pills.append(markup.pill("bad", "!", "Interrupted: last known figures"))
    if differs(view):
        pills.append(markup.pill("bad", "✕", "Tally and record differ"))
    elif now is Stage.COUNTED and view.audited:
        said = "Audited: record, log and tally agree"
        if problems(view):
            age = words.age(view.now - view.audited.audited_at.timestamp())
            said = f"Audited {age}: record, log and tally agreed"
        pills.append(markup.pill("good", "✓", said))
    elif now is Stage.COUNTED and compared.agreement is Agreement.AGREES:
        pills.append(markup.pill("good", "✓", "Tally equals the record"))
    return f'<h1>{markup.text(view.title)}</h1><div class="e-top">{"".join(pills)}</div>'


def _lead(view: View, photos: Photos) -> str:
    found = lead(overall(view), outstanding(view))
    if found is None:
        said = {
            Stage.BEFORE: "No vote has been counted yet. The first one shows here the moment it is.",
            Stage.BEGUN: "Votes have been cast. The first one that is counted shows here.",
            Stage.WAITING: f"The election shows here once it is prepared: {', and '.join(waiting(view))}.",
            Stage.UNKNOWN: "Connecting …" if connecting(view) else "Waiting for the count to begin.",
        }[stage(view)]
        return f'<div class="e-lead">{markup.empty(said)}</div>'
    return (
        f'<section class="e-lead" aria-label="Who leads">{_leaders(found, view, photos)}{_said(found, view)}</section>'
    )


def _leaders(found: Lead, view: View, photos: Photos) -> str:
    pictures = "".join(markup.photo(one.candidate, photos, 76) for one in found.leaders[:3])
    names = " and ".join(
        f"{markup.symbol(one.candidate.mark)} {markup.text(one.candidate.name)}" for one in found.leaders
    )
    first = found.leaders[0]
    title = "Tied" if len(found.leaders) > 1 else "Winner" if final(view) else "Leads so far"
    dot = '<span class="e-dot"> · </span>'
    party = markup.text(first.candidate.party) + dot if len(found.leaders) == 1 else "each "
    return (
        f'<div class="e-leader"><div class="e-photos">{pictures}</div><div><small>{title}</small><b>{names}</b>'
        f'{party}<span class="e-whole">{words.votes(first.votes)} · {words.percent(first.votes, first.total)}</span>'
        "</div></div>"
    )


def _said(found: Lead, view: View) -> str:
    total = found.leaders[0].total
    if len(found.leaders) > 1:
        first = f"{len(found.leaders)} candidates have the same number of votes"
    else:
        first = (
            f"{'Won' if final(view) else 'Ahead'} by {words.votes(found.votes)} ({words.points(found.votes, total)})"
        )
    return f'<div class="e-said"><p><b>{first}</b></p><p>{markup.text(say_settled(found))}</p></div>'


def _progress(view: View) -> str:
    if not view.registered:
        return ""
    done = 100 * view.counted / view.registered
    said, tick = f"{words.votes(view.counted)} counted of {words.count(view.registered)} registered voters", ""
    if view.one_voter_per_ballot:
        said = f"{words.votes(view.counted)} counted of {words.count(view.registered)}: one voter per ballot"
    elif view.votes_expected:
        said += f"; the mark is at all {words.votes(view.votes_expected)} of this election"
        tick = f'<b style="left:{100 * view.votes_expected / view.registered:.2f}%"></b>'
    return (
        f'<div class="e-progress" role="progressbar" aria-label="Votes counted" aria-valuemin="0"'
        f' aria-valuemax="100" aria-valuenow="{done:.1f}" aria-valuetext="{said}">'
        f'<i style="width:{min(done, 100):.2f}%"></i>{tick}</div><p class="e-note">{said}</p>'
    )


def _tiles(view: View, interval_seconds: float | None) -> str:
    if not view.counted:
        return ""
    figures = []
    if view.votes_expected:
        note = f"of {words.votes(view.votes_expected)}, {words.count(outstanding(view) or 0)} still out"
        figures.append(("Counted", words.percent(view.counted, view.votes_expected), note))
    if view.registered and not view.one_voter_per_ballot:
        figures.append(("Turnout", words.percent(view.counted, view.registered), "counted of registered"))
    figures.append(("Newest vote", words.age(view.now - (view.newest_vote_at or view.now)), "when it was cast"))
    figures.append(_delay(view, interval_seconds))
    return markup.tiles(figures)


def _delay(view: View, interval_seconds: float | None) -> tuple[str, str, str]:
    """How long a vote takes from cast to this page, which shows it at its next refresh."""
    counted = overall_delay(view.delays, view.now)
    if counted is None:
        return "Cast to shown", "–", "no votes in the last minute"
    note = f"median; counted in {words.delay(counted.p50)}"
    shown = shown_delay(view.delays, view.now, interval_seconds) if interval_seconds else None
    return "Cast to shown", "paused" if shown is None else words.delay(shown), note
