"""``make bench-page``: how soon the simulator is ready, and what it costs at rest while its page is open.

The page is a WebSocket client here; what a browser needs to draw comes on top, and only when something changes.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

BOARDS = ("mycroft_mark_1", "sj201_r6")
SETTLE_S = 5.0
"""Until the eyes are at rest after the start."""
IDLE_S = 20.0

READY_LIMIT_S = 2.0
IDLE_LIMIT = 0.03


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    children = (task / "children" for task in Path(f"/proc/{pid}/task").iterdir())
    return [
        pid,
        *(other for file in children for child in file.read_text().split() for other in family(int(child))),
    ]


def cpu_s(pids: list[int]) -> float:
    """CPU time that processes have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def measure(board: str) -> None:
    """Prints the row of a board."""
    choice = () if board == "mycroft_mark_1" else ("--board", board)
    command = (sys.executable, "-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0", *choice)
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"ready "):
            break
    ready_s = time.perf_counter() - began
    url = next(word for word in line.decode().split() if word.startswith("face=")).removeprefix("face=http")
    reading = asyncio.create_task(process.stdout.read())
    async with connect(f"ws{url}panel") as page:
        showing = asyncio.create_task(_read(page))
        await asyncio.sleep(SETTLE_S)
        pids = family(process.pid)
        before = cpu_s(pids)
        await asyncio.sleep(IDLE_S)
        idle = (cpu_s(pids) - before) / IDLE_S
        showing.cancel()
    process.terminate()
    await reading
    await process.wait()
    print(f"{board:<16} {ready_s:>7.2f} s {idle:>9.1%}")


async def _read(page: ClientConnection) -> None:
    async for _ in page:
        pass


async def main() -> None:
    """Prints the table."""
    load = os.getloadavg()[0]
    print(f"load before {load:.1f}; the limits are {READY_LIMIT_S:g} s and {IDLE_LIMIT:.0%} of one core")
    print(f"{'':<16} {'ready':>9} {'idle':>9}")
    for board in BOARDS:
        await measure(board)


if __name__ == "__main__":
    asyncio.run(main())
