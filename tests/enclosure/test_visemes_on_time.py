"""The mouth moves along with speech: each viseme is on the wire when it is due, and none that is over.

Times are those of the simulated firmware's clock. It follows the real one, so what the event loop was kept from
running, by other work on the machine, does not count as lateness.
"""

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
from enclosure.handlers.faceplate import FaceplateHandler
from enclosure.handlers.visemes import VisemeHandler
from hw_sim.faceplate import Faceplate
from hw_sim.links import BYTE_MS
from tests.conftest import until

pytestmark = pytest.mark.real_time

BYTE_S = BYTE_MS / 1000
SLACK_S = 0.05
"""How much later than it could have been sent a viseme may come."""

LENGTHS_S = [0.06, 0.09, 0.15, 0.07, 0.12, 0.06, 0.06, 0.1] * 5
"""Of the mouths of a sentence of 4 s."""

TURN_S = 1.5
"""How long a viseme waits at most behind 10 lines, also on a busy machine; without other work it is 0.5 s."""

HEARTBEAT_S = 0.005
ATTEMPTS = 2
"""A machine may be too busy even so."""


@dataclass(frozen=True)
class Span:
    """A time on the loop's clock in which a line was on the wire, a mouth was due, or the loop did not run."""

    what: str
    begins: float
    ends: float


class Wire:
    """A settled face, with the spans of the lines that arrive at its firmware."""

    def __init__(self, faceplate: Faceplate, dispatcher: Dispatcher) -> None:
        self.faceplate = faceplate
        self.dispatcher = dispatcher
        self.lines: list[Span] = []
        self.stalls: list[Span] = []
        self._loop = asyncio.get_running_loop()

    def take(self, data: bytes) -> None:
        """Notes when lines are on the wire; the firmware has just been brought to this moment."""
        at = self.faceplate._began + self.faceplate.firmware.now / 1000
        for line in data.decode().splitlines():
            begins = max(at, self.lines[-1].ends if self.lines else 0)
            self.lines.append(Span(line, begins, begins + (len(line) + 1) * BYTE_S))

    async def watch(self) -> None:
        """Notes when the loop could not run."""
        while True:
            due = self._loop.time() + HEARTBEAT_S
            await asyncio.sleep(HEARTBEAT_S)
            self.stalls.append(Span("", due, self._loop.time()))

    def stalled_s(self, begins: float, ends: float) -> float:
        """How long the loop could not run in this time."""
        return sum(max(0, min(ends, stall.ends) - max(begins, stall.begins)) for stall in self.stalls)

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
            await asyncio.sleep(HEARTBEAT_S)
            for _ in self.lines[before:] if steady else ():
                await self.dispatcher(Message("enclosure.eyes.setpixel"))
        await until(lambda: self.lines[-1].what == "mouth.reset", "the end of the sentence")
        return mouths

    def visemes(self) -> list[tuple[Span, float]]:
        """The visemes on the wire, with the end of the line before each."""
        pairs = pairwise(self.lines)
        return [(line, before.ends) for before, line in pairs if line.what.startswith("mouth.viseme=")]


@pytest.fixture
async def wire(faceplate: Faceplate, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    async def emit(message: Message) -> None:
        pytest.fail(f"nothing to say, but: {message}")

    device = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), lambda _: None)
    dispatcher = Dispatcher(emit)
    FaceplateHandler(device, dispatcher, emit)
    VisemeHandler(device, dispatcher)
    wire = Wire(faceplate, dispatcher)
    receive = faceplate.firmware.receive

    def take(data: bytes) -> None:
        wire.take(data)
        receive(data)

    monkeypatch.setattr(faceplate.firmware, "receive", take)
    running = [asyncio.create_task(device.run()), asyncio.create_task(wire.watch())]
    await until(lambda: bool(wire.lines) and wire.lines[-1].what == "mouth.reset", "a settled face")
    await asyncio.sleep(0.2)
    yield wire
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def test_no_viseme_is_late(wire: Wire) -> None:
    for _ in range(ATTEMPTS):
        wire.lines = wire.lines[-1:]
        mouths = await wire.speak()
        seen = wire.visemes()
        assert [line.what for line, _ in seen] == [mouth.what for mouth in mouths]
        late_s = []
        for mouth, (line, free) in zip(mouths, seen, strict=True):
            sendable = max(mouth.begins, free)
            late_s.append(line.begins - sendable - wire.stalled_s(sendable, line.begins))
        print(f"late by up to {max(late_s) * 1000:.1f} ms")
        if max(late_s) <= SLACK_S:
            return
    pytest.fail(f"a viseme was {max(late_s) * 1000:.0f} ms late")


async def test_what_is_over_is_left_out(wire: Wire) -> None:
    for _ in range(ATTEMPTS):
        wire.lines = wire.lines[-1:]
        mouths = await wire.speak(20)
        over = [
            line
            for line, _ in wire.visemes()
            if not any(
                mouth.what == line.what
                and mouth.begins <= line.begins <= mouth.ends + SLACK_S + wire.stalled_s(mouth.begins, line.begins)
                for mouth in mouths
            )
        ]
        print(len(wire.visemes()), "visemes,", len(over), "that were over")
        if not over:
            return
    pytest.fail(f"{len(over)} visemes were over, such as {over[0]}")


async def test_the_mouth_moves_also_on_a_busy_line(wire: Wire) -> None:
    await wire.speak(10, steady=True)
    shown = [line.begins for line, _ in wire.visemes()]
    assert max(later - before for before, later in pairwise(shown)) < TURN_S
