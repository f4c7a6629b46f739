"""What the dashboard costs and how fresh it is, on a simulated election that is being counted.

Server CPU: open pages are real sessions of Streamlit's protocol (each refreshes as a browser's page does), not
browsers, of which a few cores can't hold fifty; only the server's cost is measured. A cold open and the delay from a
vote's commit in PostgreSQL to its figure on the page are measured in Chromium.
"""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil
from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from bench.harness import count_rows, election, start_count, until
from bench.latency import TURNOUT
from bench.screenshots import find_browser, open_browser
from election.model import topics
from election.model.messages import Vote, encode_vote
from election.platform import postgres
from election.platform.kafka import make_producer
from election.platform.settings import Settings
from election.results.board import read_board
from local.processes import Process, port_answers

PAGES = 0, 1, 10, 50
RATE, START_SECONDS, WARM_SECONDS = 100, 60, 12
VOTES, PAUSE_SECONDS = 100, (0.3, 1.1)
PAGE_MS = 120_000
PROGRESS = "[role=progressbar]"
# The page notes when each figure came, so that asking it takes no part in the delay.
NOTE_FIGURES = """
() => {
  window.seen = [];
  const look = () => {
    const said = document.querySelector("[role=progressbar]")?.getAttribute("aria-valuetext") ?? "";
    const counted = Number(said.split(" ")[0].replaceAll(",", ""));
    if (counted && counted !== window.seen.at(-1)?.[0]) window.seen.push([counted, Date.now() / 1000]);
    requestAnimationFrame(look);
  };
  look();
}
"""


@dataclass
class Measured:
    """Percent of one core by number of open pages, and seconds."""

    percent: dict[int, float] = field(default_factory=dict)
    memory_mb: float = 0.0
    refreshes: dict[int, float] = field(default_factory=dict)
    server_up: float = 0.0
    cold_open: float = 0.0
    next_open: float = 0.0
    delays: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return statistics.median(self.delays)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.delays, n=100)[98]


class Session:
    """An open page without a browser: it refreshes each fragment as often as the server asks, and reads what comes."""

    def __init__(self, address: str):
        self.address, self.finished = address.replace("http", "ws", 1) + "/_stcore/stream", 0

    async def run(self) -> None:
        async with (
            asyncio.TaskGroup() as refreshing,
            connect(self.address, subprotocols=["streamlit"], max_size=None) as socket,  # type: ignore[list-item]
        ):
            await socket.send(_rerun().SerializeToString())
            async for data in socket:
                message = ForwardMsg()
                message.ParseFromString(data if isinstance(data, bytes) else data.encode())
                if message.WhichOneof("type") == "auto_rerun":
                    asked = message.auto_rerun
                    refreshing.create_task(_refresh(socket, asked.fragment_id, asked.interval))
                elif message.WhichOneof("type") == "script_finished":
                    self.finished += 1


async def _refresh(socket: ClientConnection, fragment: str, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        await socket.send(_rerun(fragment).SerializeToString())


def _rerun(fragment: str = "") -> BackMsg:
    message = BackMsg()
    message.rerun_script.fragment_id = fragment
    message.rerun_script.is_auto_rerun = bool(fragment)
    return message


@asynccontextmanager
async def open_pages(address: str, number: int) -> AsyncIterator[list[Session]]:
    sessions = [Session(address) for _ in range(number)]
    running = [asyncio.create_task(session.run()) for session in sessions]
    try:
        yield sessions
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def measure_cpu(server: Process, address: str, pages: int, seconds: float) -> tuple[float, float]:
    """Percent of one core that the server takes with so many pages open, and refreshes a second of one page."""
    async with open_pages(address, pages) as sessions:
        await asyncio.sleep(WARM_SECONDS)
        process, before = psutil.Process(server.pid), sum(session.finished for session in sessions)
        used, started = sum(process.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(seconds)
        passed = time.monotonic() - started
        percent = 100 * (sum(process.cpu_times()[:2]) - used) / passed
        refreshed = sum(session.finished for session in sessions) - before
    return percent, refreshed / passed / max(pages, 1)


def first_figures(page: Page, address: str) -> float:
    """Seconds from asking for the page to its first figures."""
    started = time.monotonic()
    page.goto(address)
    page.wait_for_selector(PROGRESS, state="attached", timeout=PAGE_MS)
    return time.monotonic() - started


def measure_delays(settings: Settings, page: Page) -> list[float]:
    """Casts votes one by one and takes how long after its commit each is among the page's figures."""
    counted = count_rows(settings, "votes")
    until(lambda: read_board(settings).counted == counted, "every recorded vote is counted", 0.5)
    page.evaluate(NOTE_FIGURES)
    page.wait_for_function("counted => window.seen.at(-1)?.[0] === counted", arg=counted, timeout=PAGE_MS)
    connection, producer = postgres.connect(settings), make_producer(settings)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT voters.voter_id FROM voters LEFT JOIN votes USING (voter_id) WHERE votes.voter_id IS NULL LIMIT %s",
            (VOTES,),
        )
        voters = [voter_id for (voter_id,) in cursor]
    committed = []
    for voter_id in voters:
        time.sleep(random.uniform(*PAUSE_SECONDS))
        vote = Vote(voter_id, "1", datetime.now(UTC))
        with connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO votes VALUES (%s, %s, %s)", (voter_id, vote.candidate_id, vote.voting_time))
        committed.append(time.time())
        producer.produce(topics.VOTES, encode_vote(vote), voter_id)
        producer.flush()
    connection.close()
    all_counted = counted + len(committed)
    page.wait_for_function("counted => window.seen.at(-1)?.[0] === counted", arg=all_counted, timeout=PAGE_MS)
    seen = page.evaluate("window.seen")
    return [
        next(at for shown, at in seen if shown > counted + earlier) - when for earlier, when in enumerate(committed)
    ]


def measure(voters: int, seconds: float) -> Measured:
    """One run with a roll of `voters` at least, of whom some vote to the end; each CPU window takes `seconds`."""
    found, executable = Measured(), find_browser()
    voters = max(voters, int(RATE * (START_SECONDS + len(PAGES) * (WARM_SECONDS + seconds)) / TURNOUT))
    if executable is None:
        raise FileNotFoundError("the dashboard's benchmark needs Chromium")
    with election(VOTERS=str(voters), RATE=str(RATE)) as (pipeline, settings):
        spark = start_count(pipeline)
        voting = pipeline.start("voting")
        until(lambda: read_board(settings).counted > 0, "the first votes are counted", 0.5)
        with open_browser(executable) as browser:
            started = time.monotonic()
            server = pipeline.start("streamlit-app")
            until(lambda: port_answers(pipeline.dashboard_port), "the dashboard answers")
            found.server_up = time.monotonic() - started
            found.cold_open = first_figures(browser.new_page(), pipeline.dashboard_url)
            found.next_open = first_figures(browser.new_page(), pipeline.dashboard_url)
        for pages in PAGES:
            measured = asyncio.run(measure_cpu(server, pipeline.dashboard_url, pages, seconds))
            found.percent[pages], found.refreshes[pages] = measured
        found.memory_mb = psutil.Process(server.pid).memory_info().rss / 2**20
        voting.stop()
        with open_browser(executable) as browser:
            page = browser.new_page()
            first_figures(page, pipeline.dashboard_url)
            found.delays = [1000 * delay for delay in measure_delays(settings, page)]
        spark.stop()
    return found
