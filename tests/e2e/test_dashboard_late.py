"""The dashboard in a real browser on a staged count, from a server that is always late: nothing may end the page."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.screenshots import TABS, find_browser, open_browser, open_page
from election import PROJECT
from local.processes import Process, free_port, port_answers
from tests.conftest import require

PAGE_MS = 60_000
ALIVE = "window.neverReloaded === true && document.getElementById('root').childElementCount > 0"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = find_browser()
    require(executable is not None, "the dashboard in a browser: there is no Chromium")
    assert executable
    with open_browser(executable) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Process]]:
    """The late dashboard: where it is, and its process."""
    port, log = free_port(8601), tmp_path_factory.mktemp("late") / "dashboard.log"
    command = [sys.executable, "-m", "tests.e2e.late_dashboard", "--server.port", str(port)]
    process = Process("late dashboard", command, log, folder=PROJECT)
    try:
        process.wait_until(lambda: port_answers(port), 60)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.stop()


@pytest.fixture
def address(server: tuple[str, Process]) -> str:
    return server[0]


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The tab Places with its map ready for clicks, marked, so that a reload would be noticed."""
    opened = open_page(browser, f"{address}/?tab=Places")
    expect(opened.get_by_role("button", name="Download as PNG")).to_be_attached(timeout=PAGE_MS)
    opened.evaluate("window.neverReloaded = true")
    yield opened
    opened.context.close()


def open_tab(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()
    panel = page.get_by_role("tabpanel", name=tab)
    expect(panel.locator(".e-heading").first).to_be_visible(timeout=PAGE_MS)


def choose(page: Page, text: str, place: str) -> None:
    search = page.get_by_role("combobox", name="Find a place")
    search.click()
    search.fill(text)
    page.get_by_role("option", name=place).click()
    expect(page.get_by_role("heading", name=place)).to_be_visible(timeout=PAGE_MS)


def test_choosing_a_place_does_not_end_the_page(page: Page) -> None:
    for text, place in (("mile", "111-Mile-End"), ("ahun", "13-Ahuntsic")):
        choose(page, text, place)
        assert page.evaluate(ALIVE)


def test_going_from_tab_to_tab_does_not_end_the_page(page: Page) -> None:
    for tab in (*TABS, "Places", "Integrity", "Places"):
        open_tab(page, tab)
        assert page.evaluate(ALIVE)


def test_pausing_and_going_on_does_not_end_the_page(page: Page) -> None:
    page.get_by_test_id("stExpandSidebarButton").click()
    pace = page.get_by_role("combobox", name="Refresh every")
    for _ in range(2):
        page.get_by_role("switch", name="Pause").press("Space")
        expect(pace).to_be_disabled(timeout=PAGE_MS)
        page.get_by_role("switch", name="Pause").press("Space")
        expect(pace).to_be_enabled(timeout=PAGE_MS)
        expect(page.get_by_role("heading", name="Every place")).to_be_visible(timeout=PAGE_MS)
        assert page.evaluate(ALIVE)


def test_a_page_that_went_white_opens_again_where_it_was(page: Page) -> None:
    choose(page, "mile", "111-Mile-End")
    page.evaluate("document.getElementById('root').replaceChildren()")
    expect(page.get_by_role("heading", name="111-Mile-End")).to_be_visible(timeout=PAGE_MS)
    expect(page.get_by_role("tab", name="Places")).to_have_attribute("aria-selected", "true")


def test_a_click_on_the_map_chooses_the_place_and_another_gives_all_back(page: Page) -> None:
    place = "141-Côte-de-Liesse"
    counted = page.get_by_role("progressbar", name="Votes counted")
    page.locator(f"path[aria-label='{place}']").click()
    expect(page.get_by_role("heading", name=place)).to_be_visible(timeout=PAGE_MS)
    expect(page.get_by_role("combobox", name="Find a place")).to_have_value(place)
    assert "place=141-" in page.url
    before = counted.get_attribute("aria-valuetext") or ""
    expect(counted).not_to_have_attribute("aria-valuetext", before, timeout=PAGE_MS)
    expect(page.get_by_role("heading", name=place)).to_be_visible()
    choose(page, "mile", "111-Mile-End")
    page.locator(f"path[aria-label='{place}']").click()
    expect(page.get_by_role("heading", name=place)).to_be_visible(timeout=PAGE_MS)
    page.locator(f"path[aria-label='{place}, chosen']").click()
    expect(page.get_by_role("heading", name="Places that each candidate leads")).to_be_visible(timeout=PAGE_MS)
    assert page.evaluate(ALIVE)


def test_a_page_whose_server_is_gone_says_since_when(page: Page, server: tuple[str, Process]) -> None:
    """The last one: nothing comes from the server any more."""
    notice = page.get_by_text("No contact with the server since")
    expect(notice).to_have_count(0)
    server[1].stop()
    expect(notice).to_be_visible(timeout=PAGE_MS)
    expect(page.get_by_text("Connection error")).to_be_attached(timeout=PAGE_MS)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="Every place")).to_be_visible()
