"""A device in a terminal."""

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Mapping
from typing import Any

import pytest

from bus.client.client import BusClient
from bus.message import Message
from hw_sim.terminal import HEIGHT, RING_WIDTH, WIDTH, cells
from tests.conftest import until

HI = [
    "................................",
    "................................",
    "............#..#.###............",
    "............#..#..#.............",
    "............####..#.............",
    "............#..#..#.............",
    "............#..#.###............",
    "................................",
]
MARK_1 = {"face": True, "full": 30}
RING = {"face": False, "full": 51}
STATE = {"eyes": ["00001e", *["000000"] * 23], "mouth": HI, "plugged": True}


def screen(board: Mapping[str, Any], state: Mapping[str, Any], *, unicode: bool = True) -> list[str]:
    """What is on the screen, without what is empty at the right."""
    rows = [[" "] * WIDTH for _ in range(HEIGHT)]
    for cell in cells(board, state, unicode=unicode):
        rows[cell.y][cell.x : cell.x + len(cell.text)] = cell.text
    return ["".join(row).rstrip() for row in rows]


def test_two_rows_of_the_mouth_are_one_of_the_screen() -> None:
    assert screen(MARK_1, STATE)[8:12] == ["", " " * 14 + "█  █ ▀█▀", " " * 14 + "█▀▀█  █", " " * 14 + "▀  ▀ ▀▀▀"]
    assert screen(MARK_1, STATE, unicode=False)[9] == " " * 14 + ":  : ':'"


def test_lights_have_their_colours_and_dark_ones_have_none() -> None:
    [lit] = [cell for cell in cells(MARK_1, STATE, unicode=True) if cell.colour]
    assert (lit.text, lit.colour) == ("●", (0, 0, 255))
    assert lit.y == 0
    assert lit.x > RING_WIDTH // 2, "to the right of the top"


def test_the_ring_and_the_switches_of_a_board() -> None:
    state = {"lights": ["330000"] * 12, "muted": {"mute": True}}
    shown = screen(RING, state)
    assert "".join(shown).count("●") == 12
    assert shown[7] == "mute: muted"


def test_lights_are_as_bright_as_their_board_allows() -> None:
    reds = [
        cell.colour[0]
        for cell in cells(RING, {"lights": ["330000", "190000"], "muted": {}}, unicode=True)
        if cell.colour is not None
    ]
    assert reds[0] == 255
    assert 100 < reds[1] < 200


def test_an_unplugged_faceplate_is_named() -> None:
    assert screen(MARK_1, {**STATE, "plugged": False})[7] == "  the faceplate is unplugged"


class Session:
    """The simulator in a pseudo terminal."""

    def __init__(self, rows: int, columns: int) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.shown = ""
        os.set_blocking(self.master, False)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def run(self, term: str) -> asyncio.subprocess.Process:
        """Starts the simulator in it."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hw_sim", "run", "--terminal", "--bus-port", "0", "--face-port", "0"),
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**os.environ, "TERM": term, "LANG": "C.UTF-8"},
        )

    def read(self) -> None:
        self.shown += os.read(self.master, 65536).decode(errors="replace")


@pytest.mark.real_time
@pytest.mark.parametrize("term", ["xterm-256color", "linux", "vt100"])
async def test_keys_work_the_device_and_the_terminal_is_restored(term: str) -> None:
    session = Session(40, 100)
    loop = asyncio.get_running_loop()
    loop.add_reader(session.master, session.read)
    process = await session.run(term)
    await until(lambda: "ready bus=" in session.shown, "the device", 40)
    url = session.shown.partition("ready bus=")[2].partition(" ")[0]
    types: list[str] = []

    async def receive(message: Message) -> None:
        types.append(message.msg_type)

    client = BusClient(url)
    running = asyncio.create_task(client.run(receive))
    await until(lambda: "connected" in types, "the bus")
    async with asyncio.timeout(20):
        while "mycroft.mic.listen" not in types:  # while it is told what to show, the firmware misses a press
            os.write(session.master, b" ")
            await asyncio.sleep(1)
    await client.emit(Message("enclosure.mouth.text", {"text": "hi"}))
    await until(lambda: "█▀▀█" in session.shown, "the text", 20)
    session.shown = ""
    session.resize(5, 20)
    process.send_signal(28)  # SIGWINCH; the terminal is not the controlling one
    await until(lambda: f"{WIDTH} x {HEIGHT} at least" in session.shown, "that it is too small")
    running.cancel()
    os.write(session.master, b"q")
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert termios.tcgetattr(session.slave) == session.before
    loop.remove_reader(session.master)
    os.close(session.master)
    os.close(session.slave)


@pytest.mark.real_time
async def test_it_ends_with_its_terminal() -> None:
    session = Session(40, 100)
    loop = asyncio.get_running_loop()
    loop.add_reader(session.master, session.read)
    process = await session.run("xterm-256color")
    os.close(session.slave)
    await until(lambda: "ready bus=" in session.shown, "the device", 40)
    loop.remove_reader(session.master)
    os.close(session.master)
    assert await asyncio.wait_for(process.wait(), 20) == 0


@pytest.mark.real_time
async def test_without_a_terminal_it_is_an_error() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hw_sim", "run", "--terminal"),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await process.communicate()
    assert (process.returncode, error) == (2, b"mycroft-sim: --terminal needs a terminal\n")
