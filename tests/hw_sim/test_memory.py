"""Lines within the limits of the published firmware's memory pass, and others fail the test that sends them.

The names state the smallest distance between stack and heap that was measured; below 0 the heap is overwritten.
"""

import asyncio
import os
import tty
from pathlib import Path

import pytest

from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate
from hw_sim.firmware.memory import GROWN_WITHIN, LineLimits, MemoryLimitError
from hw_sim.links import Cable

GROWN = "mouth.text=" + 24 * " "


def take(*lines: str) -> None:
    """Has a host send lines."""
    limits = LineLimits()
    for line in lines:
        limits.take(f"{line}\n".encode())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("mouth.text=" + 24 * "M", id="texts of 24 letters: 12 to 46 bytes, grown 39"),
        pytest.param("mouth.text=" + 16 * "M", id="texts of 16 letters: 29 to 45 bytes"),
        pytest.param("mouth.icon=x=24,cP=0,II" + 16 * "P", id="strips of 8 columns: 12 to 46 bytes, grown 39"),
        pytest.param("weather.display=-99,AA", id="weather in two lines: 12 to 46 bytes, grown 39"),
        pytest.param("eyes.set=23,16777215", id="eyes"),
    ],
)
def test_a_line_within_the_limits_passes(line: str) -> None:
    take(GROWN, line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("mouth.text=" + 32 * "M", id="texts of 32 letters: -84 bytes"),
        pytest.param("mouth.text=" + 25 * "M", id="texts of 25 letters: not measured"),
        pytest.param(
            "mouth.icon=x=0,y=0,cP=1,aI" + 25 * "P" + "$", id="pictures in two parts, 40 and 26: -97 bytes"
        ),
        pytest.param("mouth.icon=$" + 27 * "P", id="the second part: -97 bytes"),
        pytest.param("mouth.icon=QI" + 26 * "P", id="strips of 16 columns: -94 bytes"),
        pytest.param("mouth.icon=LI" + 22 * "P", id="strips of 11 columns: -85 bytes"),
        pytest.param("mouth.icon=x=0,cP=1,KI" + 17 * "P", id="strips of 10 columns: -85 bytes"),
        pytest.param("mouth.icon=JI" + 18 * "P", id="strips of 9 columns: not measured"),
        pytest.param("weather.display=21,x=2,IIIACCMBNFMBCCIA", id="weather in one line: -102 bytes"),
        pytest.param("weather.display=21", id="weather without AA: not measured"),
        pytest.param("x" * 40, id="a line of 40 characters: not measured"),
    ],
)
def test_a_line_outside_of_the_limits_fails(line: str) -> None:
    with pytest.raises(MemoryLimitError):
        take(GROWN, line)


def test_pictures_wait_until_the_heap_has_grown_after_each_restart() -> None:
    limits = LineLimits()
    limits.take(f"{GROWN}\nmouth.icon=AA\n".encode())
    limits.restarted()
    limits.take(GROWN_WITHIN * b"mouth.icon=AA\n")  # these may have been under way
    with pytest.raises(MemoryLimitError, match="grown"):
        limits.take(b"mouth.icon=AA\n")


def test_a_text_that_the_menu_discards_grows_no_heap() -> None:
    limits = LineLimits()
    limits.take(f"{GROWN}\n".encode() + (GROWN_WITHIN + 1) * b"mouth.icon=AA\n", in_menu=True)
    limits.take(GROWN_WITHIN * b"mouth.icon=AA\n")
    with pytest.raises(MemoryLimitError, match="grown"):
        limits.take(b"mouth.icon=AA\n")


async def test_the_simulated_faceplate_ends_at_such_a_line(tmp_path: Path) -> None:
    async with Faceplate(tmp_path / "port", Cable()) as faceplate, asyncio.timeout(5):
        running = asyncio.create_task(faceplate.run())
        port = os.open(faceplate.port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(port)
        os.write(port, b"mouth.text=" + 40 * b"x" + b"\n")
        with pytest.raises(SimulatorError, match="a text of 40 characters"):
            await running
        os.close(port)
