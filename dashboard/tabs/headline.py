"""What stands above the tabs: the election, its status, who leads, how much is counted and how fresh that is."""

from datetime import UTC, datetime

from markupsafe import Markup

from dashboard.drawing.markup import parts
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Lead, Stage, await_votes, lead, overall, say_settled, stage
from dashboard.figures.health import Agreement, check, kafka_problem, problems
from dashboard.figures.over_time import percentiles, shown_delay
from dashboard.figures.view import View, once

PILLS = {Stage.COUNTED: "good", Stage.COUNTING: "busy"}


def render(view: View, page: Page) -> None:
    show(_headline(view, page.interval_seconds))


@once
def _headline(view: View, interval_seconds: float | None) -> Markup:
    found = lead(overall(view))
    return parts.headline(
        view.title,
        _pills(view, interval_seconds is None),
        problems(view),
        found,
        "Tied" if found and not found.alone else "Winner" if final(view) else "Leads so far",
        await_votes(view),
        _said(found, view) if found else (),
        _progress(view),
        _tiles(view, interval_seconds),
    )


def status(view: View) -> str:
    """How far the count is, as it is repeated wherever figures stand."""
    now = stage(view)
    if now is Stage.COUNTING and (out := view.outstanding):
        return f"{now}: {words.votes(view.board.counted)} counted, {out:,} still out"
    if now is Stage.COUNTED:
        audited = " and audited" if view.audited and view.audited.agrees else ""
        return f"All {words.votes(view.board.counted)} counted{audited}"
    return str(now)


def differs(view: View) -> bool:
    """Whether the comparison or the audit found a difference."""
    agreement, _ = check(view)
    return agreement is Agreement.DIFFERS or bool(view.audited and not view.audited.agrees)


def final(view: View) -> bool:
    """Whether the result will not change any more."""
    return stage(view) is Stage.COUNTED and not differs(view)


def _pills(view: View, paused: bool) -> list[Markup]:
    now, (agreement, _), audited = stage(view), check(view), view.audited
    pills = [parts.pill(PILLS.get(now, "quiet"), now)]
    if paused:
        pills.append(parts.pill("quiet", f"Paused at {datetime.fromtimestamp(view.now, UTC):%H:%M:%S} UTC"))
    if kafka_problem(view) and view.board.counted:
        pills.append(parts.pill("bad", "Interrupted: last known figures"))
    if differs(view):
        pills.append(parts.pill("bad", "Tally and record differ"))
    elif now is Stage.COUNTED and audited:
        said = "Audited: record, log and tally agree"
        if problems(view):
            said = f"Audited {words.age(view.now - audited.audited_at.timestamp())}: record, log and tally agreed"
        pills.append(parts.pill("good", said))
    elif now is Stage.COUNTED and agreement is Agreement.AGREES:
        pills.append(parts.pill("good", "Tally equals the record"))
    return pills


def _said(found: Lead, view: View) -> tuple[str, str]:
    said = f"{len(found.leaders)} candidates have the same number of votes"
    if found.alone:
        points = words.points(found.votes, found.leaders[0].total)
        said = f"{'Won' if final(view) else 'Ahead'} by {words.votes(found.votes)} ({points})"
    return said, say_settled(found, view.outstanding)


def _progress(view: View) -> Markup:
    if not view.votes_expected:
        return Markup("")
    said = f"{words.votes(view.board.counted)} counted of {view.votes_expected:,}"
    if view.one_voter_per_ballot:
        said += ": one voter per ballot"
    return parts.progress(100 * view.board.counted / view.votes_expected, said)


def _tiles(view: View, interval_seconds: float | None) -> Markup:
    counted, newest = view.board.counted, view.board.newest_vote_at
    if not newest:
        return Markup("")
    figures = []
    if view.votes_expected:
        note = f"of {words.votes(view.votes_expected)}, {view.outstanding or 0:,} still out"
        figures.append(("Counted", words.percent(counted, view.votes_expected), note))
    if view.registered and not view.one_voter_per_ballot:
        figures.append(("Turnout", words.percent(counted, view.registered), "counted of registered"))
    figures.append(("Newest vote", words.age(view.now - newest.timestamp()), "when it was cast"))
    figures.append(_delay(view, interval_seconds))
    return parts.tiles(figures)


def _delay(view: View, interval_seconds: float | None) -> tuple[str, str, str]:
    """How long a vote takes from cast to this page, which shows it at its next refresh."""
    if not view.delays:
        return "Cast to shown", "–", "no votes in the last minute"
    counted, _ = percentiles([delay for _, delay in view.delays])
    shown = words.delay(shown_delay(view, interval_seconds)) if interval_seconds else "paused"
    return "Cast to shown", shown, f"median; counted in {words.delay(counted)}"
