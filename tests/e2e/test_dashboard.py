"""The dashboard in a real browser, on a small election counted by the real pipeline."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import simplejson
from playwright.sync_api import Browser, Download, Page, expect

from bench.screenshots import TABS, find_browser, open_browser, open_page, take
from election import PROJECT
from election.audit import auditor as audit
from election.audit.verdict import publish_verdict
from election.platform.settings import load_settings
from local.pipeline import Pipeline
from tests.conftest import kill_all, require, wait_for

log = logging.getLogger(__name__)
ARTIFACTS = PROJECT / "var" / "screenshots"
AXE = "axe-core@4.11.4"
# Enough votes for the slowest machine to see them come; the last test casts the rest at once.
RATE = 15
PACE = {"VOTERS": "9000", "RATE": str(RATE), "RAMP_UP_SECONDS": "0"}
COUNT_SECONDS, PAGE_MS = 400, 60_000
COUNTED = "Votes counted"
TABLES = {
    "Results": ("candidates", "parties", "race"),
    "Places": ("places",),
    "Voters": ("by-gender",),
    "Integrity": ("record-and-tally", "delays"),
}


@dataclass
class Night:
    """An election night: the pipeline, a browser, and every address that its pages asked for."""

    pipeline: Pipeline
    browser: Browser
    asked: list[str] = field(default_factory=list)

    def open(self, tab: str = "Results", size: str = "desktop", scheme: str = "light", **query: str) -> Page:
        address = "&".join(f"{name}={value}" for name, value in {"tab": tab, **query}.items())
        page = open_page(self.browser, f"{self.pipeline.dashboard_url}/?{address}", size, scheme)
        page.on("request", lambda request: self.asked.append(request.url))
        return page


def counted(page: Page) -> int:
    """The votes counted, as the page says."""
    said = page.get_by_role("progressbar", name=COUNTED).get_attribute("aria-valuetext") or "0"
    return int(said.split()[0].replace(",", ""))


def open_tab(page: Page, tab: str) -> None:
    def opens() -> bool:
        """A click that meets a page on the move may miss, and a person clicks again."""
        wanted.click()
        return wanted.get_attribute("aria-selected") == "true"

    wanted = page.get_by_role("tab", name=tab)
    wait_for(opens, PAGE_MS / 1000, f"the tab {tab} is open")
    expect(page.get_by_role("tabpanel", name=tab).locator(".e-heading").first).to_be_visible(timeout=PAGE_MS)


@pytest.fixture(scope="module")
def night(java: None) -> Iterator[Night]:
    """The simulated election with the dashboard, from its first vote on."""
    executable = find_browser()
    require(executable is not None, "the dashboard in a browser: there is no Chromium")
    assert executable
    with tempfile.TemporaryDirectory(prefix="election-") as name:
        Path(name).chmod(0o755)
        with (
            Pipeline(Path(name), PACE) as pipeline,
            open_browser(executable) as browser,
        ):
            pipeline.start_services()
            for part in ("main", "spark-streaming", "voting", "streamlit-app"):
                pipeline.start(part)
            wait_for(partial(pipeline.is_at_work, "spark-streaming"), COUNT_SECONDS, "the count is ready")
            yield Night(pipeline, browser)
            kill_all(pipeline)


@pytest.fixture(autouse=True)
def closed(night: Night) -> Iterator[None]:
    """Closes every page at the end of its test."""
    yield
    for context in night.browser.contexts:
        context.close()


def test_figures_change_without_a_reload_and_what_a_person_chose_stays(night: Night) -> None:
    page = night.open("Places")
    expect(page.get_by_role("progressbar", name=COUNTED)).to_be_visible(timeout=PAGE_MS)
    page.evaluate("window.neverReloaded = true")
    page.get_by_role("combobox", name="Find a place").fill("greater lon")
    page.get_by_role("option", name="Greater London").click()
    heading = page.get_by_role("heading", name="Greater London")
    expect(heading).to_be_visible(timeout=PAGE_MS)
    scrolled = "element => { element.scrollTo(0, 300); return element.scrollTop }"
    wait_for(lambda: page.locator(".stMain").evaluate(scrolled) == 300, 60, "the page is long enough to scroll")
    before = counted(page)
    wait_for(lambda: counted(page) > before + RATE, 60, "more votes on the page")
    assert page.evaluate("window.neverReloaded")
    assert page.locator(".stMain").evaluate("element => element.scrollTop") == 300
    expect(heading).to_be_visible()
    assert "place=Greater" in page.url
    assert "tab=Places" in page.url
    take(page, ARTIFACTS / "counting-places.png")


def test_a_paused_page_stands_still(night: Night) -> None:
    page = night.open()
    page.get_by_test_id("stExpandSidebarButton").click()
    # While the sidebar opens, text that is put in without a click may not open the list.
    page.get_by_role("combobox", name="Refresh every").click()
    page.get_by_role("option", name="Pause").click()
    expect(page.get_by_text("Paused at")).to_be_visible(timeout=PAGE_MS)
    other = night.open()
    before = counted(page)
    wait_for(lambda: counted(other) > before + RATE, 60, "more votes on a page that isn't paused")
    assert counted(page) == before


def test_the_roll_is_searched_and_paged(night: Night) -> None:
    page = night.open("Voters")
    roll = page.get_by_role("region", name="by registration number")
    expect(roll.locator("tbody tr")).to_have_count(25, timeout=PAGE_MS)
    first = roll.locator("tbody tr").first.inner_text().split("\t")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Voters 26 to 50")).to_be_visible(timeout=PAGE_MS)
    page.get_by_label("Name or registration number").fill(first[0])
    page.keyboard.press("Enter")
    expect(roll.locator("tbody tr")).to_have_count(1, timeout=PAGE_MS)
    assert roll.locator("tbody tr").inner_text().split("\t")[:2] == first[:2]
    page.get_by_label("Name or registration number").fill("nobody is called this")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody on the roll matches")).to_be_visible(timeout=PAGE_MS)


def download(page: Page, table: str, kind: str) -> Download:
    """What one click gives."""
    with page.expect_download(timeout=PAGE_MS) as coming:
        page.locator(f".st-key-take-{table}").get_by_role("button", name=kind).click(timeout=PAGE_MS)
    return coming.value


@pytest.mark.parametrize("tab", TABLES)
def test_each_click_on_a_download_gives_what_the_page_shows(night: Night, tab: str) -> None:
    # Three pages, for Chromium drops the eleventh download that a page begins within a second.
    for page in [night.open(tab) for _ in range(3)]:
        for table, kind in product(TABLES[tab], ("CSV", "JSON")):
            before = counted(page)
            taken = download(page, table, kind)
            text = Path(taken.path()).read_text("utf-8-sig")
            assert taken.suggested_filename == f"simulated-{table}.{kind.lower()}"
            if kind == "CSV":
                assert len(text.splitlines()) > 1
            else:
                found = simplejson.loads(text)
                assert found["rows"]
                assert found["votes_counted"] >= before


def test_a_phone_shows_every_tab_without_scrolling_sideways(night: Night) -> None:
    page = night.open(TABS[0], "phone")
    for tab in TABS:
        open_tab(page, tab)
        take(page, ARTIFACTS / f"phone-{tab.lower()}.png")
        assert page.locator(".stMain").evaluate("element => element.scrollWidth - element.clientWidth") == 0, tab
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, tab


def test_in_the_end_the_page_has_the_audits_figures(night: Night) -> None:
    night.pipeline.parts["voting"].stop()
    night.pipeline.start("voting", RATE="0")
    page = night.open()
    expect(page.get_by_text("All votes counted").first).to_be_visible(timeout=COUNT_SECONDS * 1000)
    settings = load_settings(night.pipeline.environment)
    report = audit.settled(settings)
    assert report.agrees
    publish_verdict(settings, report)
    expect(page.get_by_text("Audited: record, log and tally agree")).to_be_visible(timeout=PAGE_MS)
    shown = page.locator(".e-score .e-votes").all_inner_texts()
    assert shown == [
        f"{votes:,} votes" for votes in sorted((line.recorded for line in report.candidates), reverse=True)
    ]
    take(page, ARTIFACTS / "final.png")


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    require(npm is not None, "accessibility: there is no npm to fetch axe-core")
    assert npm
    packed = subprocess.run([npm, "pack", AXE, "--silent"], cwd=folder, capture_output=True, text=True)
    require(packed.returncode == 0, f"accessibility: axe-core can't be had: {packed.stderr.strip()[-200:]}")
    shutil.unpack_archive(folder / packed.stdout.strip(), folder)
    return (folder / "package" / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to_on_any_tab(night: Night, axe: str, scheme: str) -> None:
    page = night.open(scheme=scheme)
    page.evaluate(axe)

    def objects_to_nothing() -> bool:
        found: dict[str, Any] = page.evaluate("axe.run()")
        said = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
        if said:
            log.warning("axe objects: %s", said)
        return len(found["passes"]) > 20 and not said

    for tab in TABS:
        open_tab(page, tab)
        # A tab that has just come up is still being filled: what counts is what stays.
        wait_for(objects_to_nothing, 20, f"axe has nothing to object to on {tab}")


def test_no_page_asked_anybody_but_the_dashboard(night: Night) -> None:
    own = urlsplit(night.pipeline.dashboard_url).netloc
    assert night.asked
    assert {urlsplit(url).netloc for url in night.asked if not url.startswith(("data:", "blob:"))} <= {own}


def test_without_services_the_last_figures_stay_with_their_age(night: Night) -> None:
    page = night.open()
    expect(page.get_by_role("progressbar", name=COUNTED)).to_be_visible(timeout=PAGE_MS)
    before = counted(page)
    night.pipeline.postgres.stop()
    night.pipeline.kafka.stop()
    expect(page.get_by_text("Kafka does not answer")).to_be_visible(timeout=PAGE_MS)
    expect(page.get_by_text("PostgreSQL does not answer")).to_be_visible(timeout=PAGE_MS)
    expect(page.get_by_text("Interrupted: last known figures")).to_be_visible(timeout=PAGE_MS)
    assert counted(page) == before
    expect(page.get_by_text("Traceback")).to_have_count(0)
    take(page, ARTIFACTS / "services-down.png")
