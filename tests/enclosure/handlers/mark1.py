"""Knob, button, menu and life of a Mark 1 together, on a bus that is nothing but an echo."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bus.client.dispatch import Dispatcher
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.config import Press
from enclosure.display import Command, EyesColor
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import FaceplateDevice
from enclosure.faceplate.eyes import PIXELS
from enclosure.handlers.buttons import ButtonHandler
from enclosure.handlers.faceplate import FaceplateHandler
from enclosure.handlers.lifecycle import LifecycleHandler
from enclosure.handlers.menu import MenuHandler
from enclosure.ports import Face
from enclosure.state import State
from hw_sim.faceplate import Faceplate
from tests.conftest import until

BLUE = EyesColor(0, 0, 255)
OPEN = 0x00001E
"""Blue at level 30, as the pixels show it."""


class Recorder:
    """A face that writes down what it is told."""

    firmware = "1.4.2"
    pixels = (BLUE,) * 24

    def __init__(self) -> None:
        self.shown: list[Command] = []
        self.reacted: list[Command | None] = []
        self.idled: list[Command | None] = []

    def show(self, command: Command) -> None:
        self.shown.append(command)

    def react(self, command: Command | None) -> None:
        self.reacted.append(command)

    def idle(self, command: Command | None) -> None:
        self.idled.append(command)

    def forget(self) -> None:
        """Nothing waits."""


class Mark1:
    """The handlers, with what they say and remember."""

    def __init__(
        self, face: Face, group: asyncio.TaskGroup, press: Press = "auto", state: State | None = None
    ) -> None:
        self.said: list[Message] = []
        self.state = state or State(Path("never-saved"))
        self.away = False
        self.denied: set[str] = set()
        self.dispatcher = Dispatcher(self.emit)
        FaceplateHandler(face, self.dispatcher, self.emit)
        self.buttons = ButtonHandler(self.dispatcher, self.emit, group, press)
        self.lifecycle = LifecycleHandler(face, self.dispatcher, self.emit, self.state)
        self.menu = MenuHandler(face, self.lifecycle, self.dispatcher, self.emit, group)

    async def emit(self, message: Message) -> None:
        if self.away:
            raise BusUnavailableError("no bus")
        if message.msg_type in self.denied:
            message = Message("bus.message.denied", {"type": message.msg_type, "reason": "x"})
        else:
            self.said.append(message)
        await self.dispatcher(message)

    async def hear(self, msg_type: str, data: dict[str, Any] | None = None, **context: Any) -> None:
        """Takes a message of somebody else."""
        await self.dispatcher(Message(msg_type, data or {}, context))

    async def take(self, event: object) -> None:
        """Takes what somebody does."""
        if not self.menu.take(event):
            await self.buttons.take(event)

    @property
    def brightness(self) -> int | None:
        """What is kept of it."""
        return self.state.get("brightness", int)

    @property
    def types(self) -> list[str]:
        """The types of what was said."""
        return [message.msg_type for message in self.said]


class Person:
    """Somebody in front of a Mark 1, with the firmware's own menu between."""

    def __init__(self, faceplate: Faceplate, device: Mark1) -> None:
        self.faceplate = faceplate
        self.device = device

    async def press(self, held_s: float = 0.1) -> None:
        self.faceplate.press()
        await asyncio.sleep(held_s)
        self.faceplate.release()
        await asyncio.sleep(0.1)

    async def turn(self, detents: int) -> None:
        for _ in range(abs(detents)):
            self.faceplate.turn(1 if detents > 0 else -1)
            await asyncio.sleep(0.1)

    async def choose(self, entry: int) -> None:
        """Opens the menu, and chooses from ILLUM, WI-FI, REBOOT, OFF, TEST, SSH, RESET, DEMO, EXIT."""
        await self.press(2.3)  # it opens after 2 s
        await self.turn(-entry)
        await self.press()

    async def sees_mouth(self) -> None:
        await until(lambda: any(self.faceplate.firmware.mouth), "something on the mouth")

    async def sees_empty_mouth(self) -> None:
        await until(lambda: not any(self.faceplate.firmware.mouth), "an empty mouth")

    async def sees_spin(self) -> None:
        await until(lambda: 0 < self.faceplate.firmware.eyes.count(0) < PIXELS, "spinning eyes")

    async def sees_eyes(self, color: int) -> None:
        await until(lambda: set(self.faceplate.firmware.eyes) == {color}, f"eyes in {color:06x}")


@contextlib.asynccontextmanager
async def person(faceplate: Faceplate) -> AsyncIterator[Person]:
    """Somebody whose Mark 1 has just been switched on."""

    def on_event(event: object) -> None:
        group.create_task(device.take(event))

    face = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), on_event)
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        running = group.create_task(face.run())
        found = Person(faceplate, device)
        await found.sees_eyes(OPEN)
        yield found
        running.cancel()
