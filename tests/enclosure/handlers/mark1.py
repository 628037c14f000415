"""A Mark 1: the handlers as the daemon builds them, on a bus that echoes, with a display that records."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.activity import Activity
from enclosure.app import Enclosure
from enclosure.board import Profile
from enclosure.config import VolumeSettings, load_profile
from enclosure.display import HEIGHT, Bitmap, Command, EyesColor
from enclosure.drivers.serial import AsyncSerial
from enclosure.errors import MixerError
from enclosure.events import Event
from enclosure.faceplate.device import FaceplateDevice
from enclosure.faceplate.eyes import PIXELS
from enclosure.ports import Display, MixerLevel
from enclosure.state import SavedState
from hw_sim.faceplate import Faceplate
from tests.conftest import until

PROFILE = load_profile("mycroft_mark_1")
BLUE = EyesColor(0, 0, 255)
OPEN = 0x00001E
"""Blue at level 30, as the pixels show it."""


class Recorder:
    """A display that records what it is asked for."""

    firmware = "1.4.2"
    pixels = (EyesColor(1, 2, 3),) * 24
    mouth = Bitmap(HEIGHT, (1,) + (0,) * 31)

    def __init__(self) -> None:
        self.shown: list[Command] = []
        self.activities: list[Activity] = []
        self.notified: list[str] = []
        self.volumes: list[float] = []
        self.asked: list[str | None] = []
        self.closed = False

    def show(self, command: Command) -> None:
        self.shown.append(command)

    def indicate(self, activity: Activity) -> None:
        self.activities.append(activity)

    def notify(self, text: str) -> None:
        self.notified.append(text)

    def show_volume(self, level: float) -> None:
        self.volumes.append(level)

    def ask(self, question: str | None) -> None:
        self.asked.append(question)

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        self.closed = True

    @property
    def activity(self) -> Activity:
        """The activity that it indicates."""
        return self.activities[-1] if self.activities else Activity()

    @property
    def untouched(self) -> bool:
        """Whether nothing was asked for."""
        return not (self.shown or self.activities or self.notified or self.volumes or self.asked)


class Card:
    """A sound card that can be away."""

    def __init__(self) -> None:
        self.level = MixerLevel(0, False)
        self.away = False

    async def open(self) -> None:
        self.read()

    def read(self) -> MixerLevel:
        if self.away:
            raise MixerError("away")
        return self.level

    def write(self, percent: int, muted: bool) -> MixerLevel:
        self.level = MixerLevel(percent, muted)
        return self.read()

    async def changed(self) -> None:
        await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """It keeps its level."""


class Mark1:
    """The enclosure, with what it says on the bus. Messages are echoed to it; a bus that is away takes none."""

    questions = 0

    def __init__(
        self,
        make_display: Callable[[Callable[[Event], None]], Display],
        saved: SavedState | None = None,
        profile: Profile = PROFILE,
    ) -> None:
        self.said: list[Message] = []
        """Without the questions to the admin service, which are counted."""
        self.away = False
        self.denied: set[str] = set()
        self.card = Card()
        self.saved = saved or SavedState(Path("never-saved"))
        self.enclosure = Enclosure(
            self, make_display, self.card, profile=profile, settings=VolumeSettings(), saved=self.saved
        )
        self.handle = self.enclosure.router.handle

    async def emit(self, message: Message) -> None:
        if self.away:
            raise BusUnavailableError("no bus")
        if message.msg_type in self.denied:
            message = Message("bus.message.denied", {"type": message.msg_type, "reason": "x"})
        elif message.msg_type == "system.status":
            self.questions += 1
        else:
            self.said.append(message)
        await self.enclosure.dispatcher(message)

    async def run(self, handle: Callable[[Message], Awaitable[None]], *, patterns: Sequence[str]) -> None:
        await asyncio.get_running_loop().create_future()

    async def hear(self, msg_type: str, data: dict[str, Any] | None = None, **context: Any) -> None:
        """Handles a message of another program."""
        await self.enclosure.dispatcher(Message(msg_type, data or {}, context))

    @property
    def brightness(self) -> int | None:
        """The saved one."""
        return self.saved.get("brightness", int)

    @property
    def types(self) -> list[str]:
        """The types of what was said, but for the volume and the questions of the start."""
        return [message.msg_type for message in self.said if not message.msg_type.startswith(QUIET)]


QUIET = ("mycroft.volume.get", "mycroft.audio.play", "enclosure.faceplate", "enclosure.started")


@contextlib.asynccontextmanager
async def mark1(
    saved: SavedState | None = None, profile: Profile = PROFILE
) -> AsyncIterator[tuple[Mark1, Recorder]]:
    """A device that does not start, but is otherwise complete: router and volume run."""
    display = Recorder()
    device = Mark1(lambda _: display, saved, profile)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(part.run()) for part in (device.enclosure.router, device.enclosure.volume)]
        await until(lambda: bool(device.said), "the sound card")
        device.said.clear()
        yield device, display
        for task in running:
            task.cancel()


class User:
    """The user of a Mark 1, with the firmware's own menu in between."""

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
async def user(faceplate: Faceplate, boot_timeout_s: float = 0.0) -> AsyncIterator[User]:
    """The user of a Mark 1 that has just been switched on; without a timeout its start is over."""
    device = Mark1(
        lambda on_event: FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), on_event),
        SavedState(faceplate.link.with_name("state.json")),
        profile=replace(PROFILE, boot_timeout_s=boot_timeout_s),
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(device.enclosure.run())
        found = User(faceplate, device)
        if not boot_timeout_s:
            await found.sees_eyes(OPEN)
            device.said.clear()
        yield found
        running.cancel()
