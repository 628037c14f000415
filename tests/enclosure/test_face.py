"""Every message that shows something: what a person then sees, over good and bad cables.

Real bytes over a pseudo terminal, with the firmware's stand-in at its other end. All messages of a cable are tried
at the same time, each on a faceplate of its own.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bus.message import Message
from enclosure import artwork
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import FaceplateDevice
from hw_sim.faceplate import Faceplate
from hw_sim.links import CABLES
from tests.conftest import until
from tests.enclosure.handlers.mark1 import Mark1

Looks = Callable[[list[str], list[str]], bool]
"""Of eyes, 24 x "rrggbb", and mouth, 8 rows of 32 x "#" or "."."""

BLUE, RED, DARK = "00001e", "1e0000", "000000"
OPEN = [BLUE] * 24
BLANK = ["." * 32] * 8


def eyes(*expected: str) -> Looks:
    return lambda eyes, _: eyes == list(expected)


def lit(pattern: str) -> Looks:
    return lambda eyes, _: [pixel != DARK for pixel in eyes] == [cell == "#" for cell in pattern]


def some_lit(eyes: list[str], _: list[str]) -> bool:
    return 0 < sum(pixel != DARK for pixel in eyes) < 24


def mouth(*rows: str) -> Looks:
    """A picture in the middle of the mouth, or anywhere where it fits the rows."""

    def looks(_: list[str], mouth: list[str]) -> bool:
        shown = [row for row in mouth if "#" in row]
        left = min((row.index("#") for row in shown), default=0)
        return [row[left : left + len(rows[0])].ljust(len(rows[0]), ".") for row in shown] == list(rows)

    return looks


def bitmap(picture: tuple[int, ...], x: int = 0) -> Looks:
    columns = [0] * x + list(picture) + [0] * (32 - x - len(picture))
    rows = ["".join("#" if column >> y & 1 else "." for column in columns) for y in range(8)]
    return lambda _, mouth: mouth == rows


def something(_: list[str], mouth: list[str]) -> bool:
    return mouth != BLANK


HI = mouth("#..#.###", "#..#..#.", "####..#.", "#..#..#.", "#..#.###")
DOTS = bitmap((1, 2, 4, 8, 16, 32, 64, 128), 12)

# Each message, and what is seen in the end, or for a while where that passes.
MESSAGES: list[tuple[str, dict[str, Any], Looks]] = [
    ("enclosure.eyes.on", {}, eyes(*OPEN)),
    ("enclosure.eyes.off", {}, eyes(*[DARK] * 24)),
    ("enclosure.eyes.blink", {"side": "b"}, eyes(*OPEN)),
    ("enclosure.eyes.narrow", {}, lit("..##....##....##....##..")),
    ("enclosure.eyes.look", {"side": "u"}, lit("#..........##..........#")),
    ("enclosure.eyes.look", {"side": "d"}, lit("....####........####....")),
    ("enclosure.eyes.look", {"side": "l"}, lit(".###.........###........")),
    ("enclosure.eyes.look", {"side": "r"}, lit("........###.........###.")),
    ("enclosure.eyes.look", {"side": "c"}, lit("........###...###.......")),
    ("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0}, eyes(*[RED] * 24)),
    ("enclosure.eyes.setpixel", {"idx": 5, "r": 255, "g": 0, "b": 0}, eyes(*OPEN[:5], RED, *OPEN[6:])),
    ("enclosure.eyes.fill", {"percentage": 50}, eyes(*[BLUE] * 13, *[DARK] * 11)),
    ("enclosure.eyes.level", {"level": 7}, eyes(*["000007"] * 24)),
    ("enclosure.eyes.volume", {"volume": 5}, lit("######......######......")),
    ("enclosure.eyes.spin", {}, some_lit),
    ("enclosure.eyes.timedspin", {"length": 3000}, some_lit),
    ("enclosure.eyes.reset", {}, eyes(*OPEN)),
    ("enclosure.mouth.reset", {}, lambda _, mouth: mouth == BLANK),
    ("enclosure.mouth.talk", {}, something),
    ("enclosure.mouth.think", {}, something),
    ("enclosure.mouth.listen", {}, something),
    ("enclosure.mouth.smile", {}, bitmap(artwork.SMILE.columns)),
    ("enclosure.mouth.text", {"text": "hi"}, HI),
    ("enclosure.mouth.viseme", {"code": "2"}, something),
    ("enclosure.mouth.viseme_list", {"start": 0, "visemes": [["0", 1], ["3", 600]]}, something),
    ("enclosure.mouth.display", {"img_code": "IIBACAEAIAABACAEAI", "xOffset": 12}, DOTS),
    ("ovos.mk1.display_date", {"text": "hi"}, HI),
    ("ovos.mk1.display_time", {"text": "hi"}, HI),
    ("enclosure.weather.display", {"img_code": 0, "temp": 21}, something),
    ("enclosure.reset", {}, lambda eyes, mouth: (eyes, mouth) == (OPEN, BLANK)),
    ("enclosure.notify.no_internet", {}, something),
    ("recognizer_loop:record_begin", {}, something),
    ("recognizer_loop:audio_output_start", {}, something),
]
PASSING = {"enclosure.eyes.volume", "enclosure.eyes.timedspin", "enclosure.notify.no_internet"}
"""These are over before a cable is back in."""


async def seen(folder: Path, cable: str, number: int) -> str | None:
    """Shows one message on one faceplate; returns what is wrong with what is seen then."""
    msg_type, data, looks = MESSAGES[number]
    link = folder / str(number)
    async with Faceplate(link, CABLES["clean" if cable == "unplugged" else cable]()) as faceplate:
        running = [asyncio.create_task(faceplate.run())]
        await asyncio.sleep(0.1)
        device = FaceplateDevice(lambda: AsyncSerial(str(link), 9600), lambda _: None)
        dispatcher = Mark1(lambda _: device).enclosure.dispatcher
        running.append(asyncio.create_task(device.run()))

        def look(wanted: Looks = looks) -> bool:
            pixels = [f"{pixel:06x}" for pixel in faceplate.firmware.eyes]
            rows = [f"{row:032b}".replace("0", ".").replace("1", "#") for row in faceplate.firmware.mouth]
            return wanted(pixels, rows)

        try:
            await until(lambda: look(eyes(*OPEN)), "open eyes", 30)
            if cable == "unplugged":
                faceplate.unplug()
            if msg_type.endswith("viseme_list"):
                data = {**data, "start": time.time()}
            await dispatcher(Message(msg_type, data))
            await asyncio.sleep(0.2)
            faceplate.plug()
            await until(look, msg_type, 30)
        except pytest.fail.Exception as failure:
            return f"{failure} {data} {faceplate.firmware.eyes} {faceplate.firmware.mouth}"
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            if not running[0].cancelled():  # a line was outside of the memory's limits
                running[0].result()
    return None


@pytest.mark.timeout(180)
@pytest.mark.parametrize("cable", [*CABLES, "unplugged"])
async def test_every_message_is_seen(cable: str, tmp_path: Path) -> None:
    numbers = [
        number for number, (name, _, _) in enumerate(MESSAGES) if cable != "unplugged" or name not in PASSING
    ]
    wrong = await asyncio.gather(*(seen(tmp_path, cable, number) for number in numbers))
    assert not any(wrong), "\n".join(filter(None, wrong))
