"""``make bench-sim``: how soon a simulated device is ready, and what it costs while nothing happens.

The fixtures of skills' tests are timed as pytest uses them, the first one with the imports. `mycroft-sim run`
is timed from its start to its line "ready", with a real mixer and a real D-Bus. Its cost at rest is the processor
time of the simulator's own process, and of all that it has started, while a page is open.
"""

import argparse
import asyncio
import os
import platform
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from statistics import median
from time import perf_counter

from bus.client.websocket import WebSocket

ROUNDS = 5
REST_S = 20.0
"""How long a device is watched at rest."""

SETTLE_S = 3.0
"""From "ready" until the device rests."""

_TICKS = os.sysconf("SC_CLK_TCK")


def fixture_s(name: str) -> float:
    """Seconds until a device is ready, with what pytest imports for it only the first time."""
    began = perf_counter()
    from hw_sim.testing.board import BoardDevice  # noqa: PLC0415  # that is timed
    from hw_sim.testing.mark1 import Mark1  # noqa: PLC0415

    with Mark1() if name == "mark1" else BoardDevice(name):
        return perf_counter() - began


async def started() -> tuple[Process, str, float]:
    """The simulator, the URL of its page, and how many seconds it took."""
    began = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0"),
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.match(rb"ready .*face=(\S+)", line):
            return process, found[1].decode(), perf_counter() - began
    raise RuntimeError("the simulator has ended")


async def stopped(process: Process) -> None:
    """Ends the simulator."""
    process.terminate()
    assert process.stdout is not None
    await process.stdout.read()
    await process.wait()


def used_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and what those have started."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [*children, *(further for child in children for further in descendants(child))]


async def read_page(url: str) -> None:
    """Takes what the page would take."""
    async for _ in await WebSocket.open(f"{url.replace('http', 'ws', 1)}panel"):
        pass


async def rest(rest_s: float) -> tuple[float, float, float]:
    """Seconds until "ready", and the shares of a core that the simulator, and all of the device, use at rest."""
    process, url, ready_s = await started()
    page = asyncio.create_task(read_page(url))
    await asyncio.sleep(SETTLE_S)
    device = [process.pid, *descendants(process.pid)]
    before = [used_s(pid) for pid in device]
    await asyncio.sleep(rest_s)
    used = [used_s(pid) - start for pid, start in zip(device, before, strict=True)]
    page.cancel()
    await stopped(process)
    return ready_s, used[0] / rest_s, sum(used) / rest_s


def main() -> None:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(prog="make bench-sim", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of each number ({ROUNDS})")
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {rounds} rounds, load before {os.getloadavg()[0]:.1f}")
    first_s = fixture_s("mark1")
    print(f"{'mark1, first test with imports':34} {first_s:6.2f} s", flush=True)
    for name in ("mark1", "picroft", "sj201_r10"):
        times_s = [fixture_s(name) for _ in range(rounds)]
        print(
            f"{f'{name}, each further test':34} {median(times_s):6.2f} s, at most {max(times_s):.2f}", flush=True
        )

    async def run() -> None:
        ready_s = []
        for _ in range(rounds - 1):
            process, _, seconds = await started()
            ready_s.append(seconds)
            await stopped(process)
        last_s, simulator, device = await rest(REST_S)
        ready_s.append(last_s)
        print(f"{'mycroft-sim run, until ready':34} {median(ready_s):6.2f} s, at most {max(ready_s):.2f}")
        print(f"{'at rest with a page, the simulator':34} {simulator:6.1%} of a core")
        print(f"{'at rest with a page, all of it':34} {device:6.1%} of a core")

    asyncio.run(run())


if __name__ == "__main__":
    main()
