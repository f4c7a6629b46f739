"""Takes the pictures in docs/images: both elections, while they are counted and at the end, in a real browser.

python -m bench.screenshots                     about ten minutes; needs Java, Chromium and requirements-dev.txt
python -m bench.screenshots --election simulated
"""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from election import PROJECT
from election.audit.auditor import settled
from election.audit.verdict import publish_verdict
from election.model.definition import load_election
from election.platform.settings import load_settings
from election.results.board import LiveBoard
from local.pipeline import Pipeline

IMAGES = PROJECT / "docs" / "images"
BROWSERS = "chromium", "chromium-browser", "google-chrome"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
TABS = "Results", "Places", "Voters", "Integrity"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
SHOTS = (
    *((tab, "desktop", "light") for tab in TABS),
    ("Places", "desktop", "dark"),
    ("Results", "phone", "light"),
    ("Places", "phone", "light"),
    ("Results", "phone", "dark"),
)
HALF, ALL = 0.5, 1.0
COLOURS = 256  # a third of the bytes, and nobody sees it
PACE = {
    # The race over time needs a few minutes of voting; a real election's ballots come faster than one by one.
    "simulated": {"VOTERS": "6000", "RATE": "20"},
    "montreal-2013": {"RATE": "1500", "SPARK_TRIGGER": "1 second"},
}
COUNT_SECONDS, AUDIT_MS, PAGE_MS, DRAWN_MS, ATTEMPTS = 1200, 300_000, 60_000, 15_000, 3

log = logging.getLogger("screenshots")


def find_browser() -> str | None:
    """Where Chromium is, if it is installed."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@contextmanager
def open_browser(executable: str) -> Iterator[Browser]:
    """A Chromium that asks nobody for anything by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, address: str, size: str = "desktop", scheme: str = "light") -> Page:
    """A page in a window of its own that shows the dashboard."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    for _ in range(ATTEMPTS - 1):
        # Chromium drops what it is loading whenever the machine's network changes.
        try:
            page.goto(address)
            expect(page.locator("h1")).to_be_visible(timeout=DRAWN_MS)
            return page
        except (AssertionError, PlaywrightError):
            log.info("%s did not open: once more", address)
    page.goto(address)
    expect(page.locator("h1")).to_be_visible(timeout=PAGE_MS)
    return page


def settle(page: Page) -> None:
    """Returns when everything on the page is drawn. A part that the browser failed to load is loaded again."""
    try:
        expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=DRAWN_MS)
    except AssertionError:
        page.reload()
        expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=PAGE_MS)
    for chart in page.locator(".stVegaLiteChart").all():
        expect(chart.locator("canvas, svg").first).to_be_visible(timeout=PAGE_MS)


def take(page: Page, path: Path) -> None:
    """A picture of the whole page: the window is made as high as its content."""
    settle(page)
    size = page.viewport_size
    assert size
    height = page.evaluate("document.querySelector('.stMainBlockContainer').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(int(height), size["height"])})
    settle(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    page.set_viewport_size(size)
    log.info("%s", path)


def take_all(browser: Browser, address: str, prefix: str) -> None:
    for tab, size, scheme in SHOTS:
        page = open_page(browser, f"{address}/?tab={tab}", size, scheme)
        expect(page.locator(".e-leader")).to_be_visible(timeout=PAGE_MS)
        take(page, IMAGES / f"{prefix}-{tab.lower()}-{size}-{scheme}.png")
        page.context.close()


def wait_for_share(live: LiveBoard, expected: int, share: float) -> None:
    deadline = time.monotonic() + COUNT_SECONDS
    while live.board.counted < share * expected:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {live.board.counted:,} of {expected:,} votes were counted in time")
        time.sleep(0.2)


def picture(name: str, browser: Browser) -> None:
    """Runs the election from its start and takes its pictures."""
    with tempfile.TemporaryDirectory(prefix="election-") as folder:
        Path(folder).chmod(0o755)
        with Pipeline(Path(folder), {"ELECTION": name, **PACE[name]}) as pipeline:
            pipeline.start_services()
            for part in ("main", "spark-streaming", "voting", "streamlit-app"):
                pipeline.start(part)
            settings = load_settings(pipeline.environment)
            live = LiveBoard(settings).start()
            expected = load_election(settings.election, settings.voters).ballots
            wait_for_share(live, expected, HALF)
            take_all(browser, pipeline.dashboard_url, f"{name}-counting")
            wait_for_share(live, expected, ALL)
            publish_verdict(settings, settled(settings))
            final = open_page(browser, pipeline.dashboard_url)
            expect(final.get_by_text("Audited: record, log and tally agree")).to_be_visible(timeout=AUDIT_MS)
            take_all(browser, pipeline.dashboard_url, f"{name}-final")
            live.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--election", choices=sorted(PACE), action="append", help="only this one")
    elections = parser.parse_args().election or list(PACE)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    executable = find_browser()
    if executable is None:
        sys.exit(f"No browser: install one of {', '.join(BROWSERS)} (Debian: apt-get install chromium)")
    with open_browser(executable) as browser:
        for name in elections:
            picture(name, browser)


if __name__ == "__main__":
    main()
