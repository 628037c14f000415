"""Controls on a real kernel: its GPIO chip, its debouncing, its time stamps, its errors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import gpiod
import pytest

from enclosure.controls.button import Button
from enclosure.controls.device import ControlsDevice
from enclosure.controls.encoder import Encoder
from enclosure.controls.panel import Panel
from enclosure.drivers.evdev import EvdevLines, Source
from enclosure.drivers.gpiod import GpiodLines, GpiodOutput
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, Held, PartState, Pressed, PressedTwice, Switched, Turned
from enclosure.ports import InputLine, Lines
from tests.vm.inside.hands import GpioSim, Keys, is_grabbed

TALK, LOUDER, MUTE, A, B, LED = 17, 22, 25, 5, 6, 27

LINES = {
    "talk": InputLine(TALK, True, "up", 0.02),
    "louder": InputLine(LOUDER, True, "up", 0.02),
    "mute": InputLine(MUTE, False, "off", 0.02),
    "knob.a": InputLine(A, True, "up", 0),
    "knob.b": InputLine(B, True, "up", 0),
}

KEYS = {"talk": 582, "louder": 115, "mute": 248}

CONNECTED = BoardState("controls", PartState.CONNECTED)
UNMUTED = [CONNECTED, Switched("mute", False)]


@pytest.fixture
def chip() -> Iterator[GpioSim]:
    sim = GpioSim()
    sim.drive(MUTE, False)
    yield sim
    sim.remove()


@asynccontextmanager
async def controls(lines: Lines, *, encoder: bool = True) -> AsyncIterator[list[Event]]:
    events: list[Event] = []
    talk = Button("talk", hold_s=0.5, double_s=0.2)
    panel = Panel({"talk": talk, "louder": Button("louder")}, ["mute"], {"knob": Encoder()} if encoder else {})
    task = asyncio.create_task(ControlsDevice(lines, panel, events.append).run())
    await until(lambda: bool(events))
    yield events
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def is_missing(event: Event) -> bool:
    return isinstance(event, BoardState) and event.state is PartState.MISSING


async def press(chip: GpioSim, line: int, length_s: float = 0.06) -> None:
    chip.press(line)
    await asyncio.sleep(length_s)
    chip.release(line)
    await asyncio.sleep(0.06)


async def check_press_hold_and_double_press(chip: GpioSim) -> None:
    async with controls(GpiodLines(LINES)) as events:
        await press(chip, LOUDER)
        await press(chip, TALK)
        await until(lambda: events[-1] == Pressed("talk"))
        await press(chip, TALK)
        await press(chip, TALK)
        await until(lambda: events[-1] == PressedTwice("talk"))
        chip.press(TALK)
        await until(lambda: events[-1] == Held("talk"))
        chip.release(TALK)
        await press(chip, LOUDER)
    gestures = [Pressed("louder"), Pressed("talk"), PressedTwice("talk"), Held("talk"), Pressed("louder")]
    assert events == [*UNMUTED, *gestures]


async def check_contacts_that_bounce_are_one_press(chip: GpioSim) -> None:
    async with controls(GpiodLines(LINES)) as events:
        await chip.bounce(LOUDER)
        await until(lambda: events[-1] == Pressed("louder"))
        chip.release(LOUDER)
        await asyncio.sleep(0.06)
        chip.drive(MUTE, True)
        await until(lambda: events[-1] == Switched("mute", True))
    assert events == [*UNMUTED, Pressed("louder"), Switched("mute", True)]


async def check_a_slider_on_mute_is_reported_at_the_start(chip: GpioSim) -> None:
    chip.drive(MUTE, True)
    async with controls(GpiodLines(LINES)) as events:
        await until(lambda: len(events) == 2)
    assert events == [CONNECTED, Switched("mute", True)]


async def check_no_detent_is_lost_at_speed(chip: GpioSim) -> None:
    """Every edge bounces; the program reads while it goes on, on one processor that is emulated."""
    async with controls(GpiodLines(LINES)) as events:
        for line, low in [(A, True), (B, True), (A, False), (B, False)] * 40:
            for level in (low, not low, low):
                chip.drive(line, not level)
            await asyncio.sleep(0.002)
        await until(lambda: len(events) >= 42)
        await press(chip, LOUDER)
        await until(lambda: events[-1] == Pressed("louder"))
    assert events == [*UNMUTED, *[Turned(1)] * 40, Pressed("louder")]


async def check_a_taken_line_names_its_owner(chip: GpioSim) -> None:
    monitor = ("gpiomon", "--chip", chip.name, "--consumer", "ovos-hotkeys", str(LOUDER))
    rival = await asyncio.create_subprocess_exec(*monitor)
    await until(lambda: owner(LOUDER) == "ovos-hotkeys")
    async with controls(GpiodLines(LINES)) as events:
        assert events == [BoardState("controls", PartState.TAKEN, "GPIO22 is taken by ovos-hotkeys")]
        rival.terminate()
        await rival.wait()
        await until(lambda: events[1:] == UNMUTED)


async def check_a_chip_that_goes_away_comes_back(chip: GpioSim) -> None:
    async with controls(GpiodLines(LINES)) as events:
        await until(lambda: events == UNMUTED)
        chip.pull_out()
        await until(lambda: is_missing(events[-1]))
        chip.plug_in()
        chip.drive(MUTE, True)
        await until(lambda: events[-1] == Switched("mute", True))
        await press(chip, LOUDER)
        await until(lambda: events[-1] == Pressed("louder"))


def check_an_output_drives_its_line(chip: GpioSim) -> None:
    led = GpiodOutput(LED)
    led.open()
    assert not chip.level(LED)
    led.set(True)
    assert chip.level(LED)
    with pytest.raises(BoardError, match="GPIO27 is taken by mycroft-enclosure"):
        GpiodOutput(LED).open()
    led.close()


async def check_keys_of_an_overlay() -> None:
    keys = Keys(list(KEYS.values()))
    keys.set(KEYS["mute"], True)
    async with controls(EvdevLines({name: Source(key) for name, key in KEYS.items()}), encoder=False) as events:
        assert events == [CONNECTED, Switched("mute", True)]
        assert any(is_grabbed(path) for path in Path("/dev/input").glob("event*"))
        for down in (True, False):
            keys.set(KEYS["louder"], down)
        keys.set(KEYS["mute"], False)
        keys.set(KEYS["talk"], True)
        await until(lambda: events[-1] == Held("talk"))
        assert events[2:] == [Pressed("louder"), Switched("mute", False), Held("talk")]
        keys.unplug()
        await until(lambda: is_missing(events[-1]))
        again = Keys(list(KEYS.values()))
        await until(lambda: events[-1] == Switched("mute", False))
        again.unplug()


def owner(line: int) -> str:
    """Who has a line of the chip."""
    path = next(Path("/dev").glob("gpiochip*"))
    with gpiod.Chip(str(path)) as chip:
        return str(chip.get_line_info(line).consumer)
