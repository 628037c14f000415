"""``make bench-sim``: how soon a simulated device is ready, and what it costs while nothing happens.

The fixtures of skills' tests are timed as pytest uses them, the first one with the imports. `mycroft-sim run`
is timed from its start to its line "ready", with a real mixer and a real D-Bus. Its cost at rest is the processor
time of the simulator's own process, and of all that it has started, while its page is open: in a WebSocket client,
and in Chromium without a screen, where that is installed. What Chromium itself needs is a row of its own.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import re
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.load import used_s
from bus.client.websocket import WebSocket

MARK_1 = "mycroft_mark_1"
BOARDS = (MARK_1, "sj201_r6")

ROUNDS = 5
REST_S = 20.0
"""How long a device is watched at rest."""

SETTLE_S = 5.0
"""From "ready" until the eyes are at rest."""

READY_LIMIT_S = 2.0
REST_LIMIT = 0.03


def fixture_s(name: str) -> float:
    """Seconds until a device is ready, with what pytest imports for it only the first time."""
    began = perf_counter()
    from hw_sim.testing.board import BoardDevice  # noqa: PLC0415  # that is timed
    from hw_sim.testing.mark1 import Mark1  # noqa: PLC0415

    with Mark1() if name == "mark1" else BoardDevice(name):
        return perf_counter() - began


async def started(board: str) -> tuple[Process, str, float]:
    """The simulator, the URL of its page, and how many seconds it took."""
    choice = () if board == MARK_1 else ("--board", board)
    began = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0", *choice),
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.match(rb"ready .*face=(\S+)", line):
            return process, found[1].decode(), perf_counter() - began
    raise RuntimeError("the simulator has ended")


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and what those have started."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [*children, *(further for child in children for further in descendants(child))]


@contextlib.asynccontextmanager
async def client(url: str) -> AsyncIterator[None]:
    """A WebSocket client that takes what the page would take."""

    async def read() -> None:
        async for _ in await WebSocket.open(f"{url.replace('http', 'ws', 1)}panel"):
            pass

    reading = asyncio.create_task(read())
    yield
    reading.cancel()


@contextlib.asynccontextmanager
async def chromium(url: str) -> AsyncIterator[Process]:
    """Chromium with the page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = await asyncio.create_subprocess_exec(
            *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--remote-debugging-port=0", f"--user-data-dir={profile}", url),
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        yield browser
        browser.terminate()
        await browser.wait()


async def shares(*groups: list[int]) -> list[float]:
    """The share of a core that each group of processes uses at rest."""
    before = [sum(map(used_s, pids)) for pids in groups]
    await asyncio.sleep(REST_S)
    return [(sum(map(used_s, pids)) - used) / REST_S for pids, used in zip(groups, before, strict=True)]


async def at_rest(simulator: Process, url: str) -> dict[str, float]:
    """The shares of a core of a device and of its page, by name."""
    found = {}
    async with client(url):
        await asyncio.sleep(SETTLE_S)
        device = [simulator.pid, *descendants(simulator.pid)]
        found["the simulator"], found["all of it"] = await shares([simulator.pid], device)
    if shutil.which("chromium") is None:
        return found
    async with chromium(url) as browser:
        await asyncio.sleep(SETTLE_S)
        page = [browser.pid, *descendants(browser.pid)]
        found["all of it, page in Chromium"], found["Chromium"] = await shares(device, page)
    return found


async def measure(board: str, rounds: int) -> None:
    """Starts the simulator of a board some times, and prints its rows; the last one is also watched at rest."""
    ready_s = []
    for number in range(rounds):
        process, url, seconds = await started(board)
        assert process.stdout is not None
        printed = asyncio.create_task(process.stdout.read())
        ready_s.append(seconds)
        if number == rounds - 1:
            found = await at_rest(process, url)
        process.terminate()
        await printed
        await process.wait()
    row(f"{board}, until ready", ready_s)
    for name, share in found.items():
        print(f"{f'{board} at rest, {name}':52} {share:6.1%} of a core", flush=True)


def row(name: str, times_s: list[float]) -> None:
    """Prints a row of the table: median and maximum."""
    print(f"{name:52} {median(times_s):6.2f} s, at most {max(times_s):.2f}", flush=True)


def main() -> None:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(prog="make bench-sim", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of each number ({ROUNDS})")
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {rounds} rounds, load before {os.getloadavg()[0]:.1f}")
    print(f"the limits of mycroft-sim are {READY_LIMIT_S:g} s, and {REST_LIMIT:.0%} of a core for all of it")
    print(f"{'mark1, first test with imports':52} {fixture_s('mark1'):6.2f} s", flush=True)
    for name in ("mark1", "picroft", "sj201_r10"):
        row(f"{name}, each further test", [fixture_s(name) for _ in range(rounds)])

    async def run() -> None:
        for board in BOARDS:
            await measure(board, rounds)

    asyncio.run(run())


if __name__ == "__main__":
    main()
