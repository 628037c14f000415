"""The mouth moves along with speech: each viseme is on the wire when it is due, and none that is over."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from bus.client.dispatch import Dispatcher
from bus.message import Message
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import FaceplateDevice
from hw_sim.faceplate import Faceplate
from hw_sim.links import BYTE_MS
from tests.conftest import until
from tests.enclosure.handlers.mark1 import Mark1

BYTE_S = BYTE_MS / 1000
SLACK_S = 0.05
"""How much later than it could have been sent a viseme may come: the time of an echo."""

LENGTHS_S = [0.06, 0.09, 0.15, 0.07, 0.12, 0.06, 0.06, 0.1] * 5
"""Lengths of the mouths of a sentence of 4 s."""

TURN_S = 1.0
"""How long a viseme waits at most behind 10 lines with their echoes."""

ROUNDING_S = 0.001
"""Wall time is a large number."""


@dataclass(frozen=True)
class Span:
    """A time on the loop's clock in which a line is on the wire, or a mouth is due."""

    what: str
    begins: float
    ends: float


class Wire:
    """A settled face, with the spans of the lines that arrive at its firmware."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher
        self.lines: list[Span] = []
        self._loop = asyncio.get_running_loop()

    def take(self, data: bytes) -> None:
        """Notes when lines are on the wire."""
        for line in data.decode().splitlines():
            begins = max(self._loop.time(), self.lines[-1].ends if self.lines else 0)
            self.lines.append(Span(line, begins, begins + (len(line) + 1) * BYTE_S))

    async def speak(self, backlog: int = 0, *, steady: bool = False) -> list[Span]:
        """Has a sentence spoken, with so many other messages after its first quarter; the mouths as they are due.

        Steady ones keep the backlog up until the end.
        """
        ahead_s = 0.1
        began = self._loop.time() + ahead_s
        mouths, ends_s = [], 0.0
        for number, length_s in enumerate(LENGTHS_S):
            begins_s, ends_s = ends_s, ends_s + length_s
            mouths.append(Span(f"mouth.viseme={number % 7}", began + begins_s, began + ends_s))
        visemes = [[mouth.what[-1], mouth.ends - began] for mouth in mouths]
        data = {"start": time.time() + ahead_s, "visemes": visemes}
        await self.dispatcher(Message("enclosure.mouth.viseme_list", data))
        await asyncio.sleep(ends_s / 4)
        for _ in range(backlog):
            await self.dispatcher(Message("enclosure.eyes.setpixel"))
        while self._loop.time() < mouths[-1].ends:
            before = len(self.lines)
            await asyncio.sleep(0.005)
            for _ in self.lines[before:] if steady else ():
                await self.dispatcher(Message("enclosure.eyes.setpixel"))
        await until(lambda: self.lines[-1].what == "mouth.reset", "the end of the sentence")
        return mouths

    def visemes(self) -> list[tuple[Span, float]]:
        """The visemes on the wire, with the end of the line before each."""
        pairs = pairwise(self.lines)
        return [(line, before.ends) for before, line in pairs if line.what.startswith("mouth.viseme=")]


@pytest.fixture
async def wire(wall_clock: None, faceplate: Faceplate, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    device = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), lambda _: None)
    dispatcher = Mark1(lambda _: device).enclosure.dispatcher
    wire = Wire(dispatcher)
    receive = faceplate.firmware.receive

    def take(data: bytes) -> None:
        wire.take(data)
        receive(data)

    monkeypatch.setattr(faceplate.firmware, "receive", take)
    running = asyncio.create_task(device.run())
    await until(lambda: bool(wire.lines) and wire.lines[-1].what == "mouth.reset", "a settled face")
    await asyncio.sleep(0.2)
    yield wire
    running.cancel()
    await asyncio.wait([running])


async def test_no_viseme_is_late(wire: Wire) -> None:
    mouths = await wire.speak()
    seen = wire.visemes()
    assert [line.what for line, _ in seen] == [mouth.what for mouth in mouths]
    late_s = [line.begins - max(mouth.begins, free) for mouth, (line, free) in zip(mouths, seen, strict=True)]
    assert max(late_s) <= SLACK_S


async def test_what_is_over_is_left_out(wire: Wire) -> None:
    mouths = await wire.speak(20)
    for line, _ in wire.visemes():
        assert any(
            mouth.what == line.what and mouth.begins - ROUNDING_S <= line.begins <= mouth.ends + SLACK_S
            for mouth in mouths
        ), f"{line} was over"


async def test_the_mouth_moves_also_on_a_busy_line(wire: Wire) -> None:
    await wire.speak(10, steady=True)
    shown = [line.begins for line, _ in wire.visemes()]
    assert max(later - before for before, later in pairwise(shown)) < TURN_S
