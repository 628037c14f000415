"""The driver for RPi.GPIO: with edges, as of rpi-lgpio, and without, as of RPi.GPIO on today's kernels."""

import asyncio
import errno
import importlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import fake_rpi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import ConfigError
from enclosure.controls.button import Button
from enclosure.controls.device import ControlsDevice
from enclosure.controls.encoder import Encoder
from enclosure.controls.panel import Panel
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, Held, PartState, Pressed, Switched, Turned
from enclosure.ports import InputLine
from hw_sim.boards.rpi_gpio import RpiGpio
from tests.enclosure.boards.device import device
from tests.virtual_time import VirtualTimeLoop

TALK, LOUDER, MUTE, A, B = 17, 22, 25, 5, 6
DEBOUNCE_S = 0.02

BUTTONS = {
    "talk": InputLine(TALK, True, "up", DEBOUNCE_S),
    "louder": InputLine(LOUDER, True, "up", DEBOUNCE_S),
    "mute": InputLine(MUTE, False, "up", 0.05),
}
KNOB = {"knob.a": InputLine(A, True, "up", 0), "knob.b": InputLine(B, True, "up", 0)}

CONNECTED = BoardState("controls", PartState.CONNECTED)
CONNECTED_UNMUTED = [CONNECTED, Switched("mute", False)]

Load = Callable[[RpiGpio], ModuleType]


def load_driver(header: RpiGpio | Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Loads the driver with a header in place of the library."""
    gpio = getattr(header, "module", header)
    monkeypatch.setitem(sys.modules, "RPi", SimpleNamespace(GPIO=gpio))
    monkeypatch.setitem(sys.modules, "RPi.GPIO", gpio)
    monkeypatch.delitem(sys.modules, "enclosure.drivers.rpi_gpio", raising=False)
    return importlib.import_module("enclosure.drivers.rpi_gpio")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads the driver until the end of the test."""
    return partial(load_driver, monkeypatch=monkeypatch)


@pytest.fixture(params=[True, False], ids=["edges", "polled"])
def header(request: pytest.FixtureRequest) -> RpiGpio:
    header = RpiGpio(edges=request.param)
    header.drive(MUTE, False)
    return header


@pytest.fixture
def events() -> list[Event]:
    return []


@asynccontextmanager
async def controls(
    driver: ModuleType, on_event: Callable[[Event], None], *, knob: bool = False
) -> AsyncIterator[None]:
    lines = driver.RpiGpioLines({**BUTTONS, **KNOB} if knob else BUTTONS)
    buttons = {"talk": Button("talk", hold_s=1.0), "louder": Button("louder")}
    panel = Panel(buttons, ["mute"], {"knob": Encoder()} if knob else {})
    task = asyncio.create_task(ControlsDevice(lines, panel, on_event).run())
    await asyncio.sleep(0.001)
    try:
        yield
        await asyncio.sleep(0.2)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def press(header: RpiGpio, line: int, length_s: float = 0.1) -> None:
    header.press(line)
    await asyncio.sleep(length_s)
    header.release(line)
    await asyncio.sleep(0.1)


async def test_presses_holds_and_switches_are_reported(header: RpiGpio, load: Load, events: list[Event]) -> None:
    async with controls(load(header), events.append):
        await press(header, TALK)
        await press(header, LOUDER)
        await press(header, TALK, 1.5)
        header.drive(MUTE, True)
    assert events == [*CONNECTED_UNMUTED, Pressed("talk"), Pressed("louder"), Held("talk"), Switched("mute", True)]
    assert not header.inputs
    assert not header.callbacks


async def test_contacts_that_bounce_are_one_press(header: RpiGpio, load: Load, events: list[Event]) -> None:
    async with controls(load(header), events.append):
        for _ in range(8):
            header.press(LOUDER)
            await asyncio.sleep(0.002)
            header.release(LOUDER)
            await asyncio.sleep(0.002)
        await press(header, LOUDER)
    assert events == [*CONNECTED_UNMUTED, Pressed("louder")]


@given(
    bounces=st.lists(st.floats(0, 0.9), max_size=30),
    held_s=st.floats(1.5 * DEBOUNCE_S, 0.9),
    edges=st.booleans(),
)
def test_a_press_is_one_however_its_contacts_bounce(bounces: list[float], held_s: float, edges: bool) -> None:
    """A bounce is shorter than the debounce time; where lines are polled, all of them together are."""
    longest_s = DEBOUNCE_S / 2 if edges else DEBOUNCE_S / 2 / max(len(bounces), 1)

    async def bounce(header: RpiGpio) -> None:
        for share in bounces:
            for move in (header.press, header.release):
                move(LOUDER)
                await asyncio.sleep(share * longest_s)

    async def use() -> list[Event]:
        events: list[Event] = []
        header = RpiGpio(edges=edges)
        header.drive(MUTE, False)
        with pytest.MonkeyPatch.context() as patch:
            async with controls(load_driver(header, patch), events.append):
                await bounce(header)
                header.press(LOUDER)
                await asyncio.sleep(held_s)
                await bounce(header)
                header.release(LOUDER)
        return events

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(use()) == [*CONNECTED_UNMUTED, Pressed("louder")]


async def test_a_glitch_is_no_press(header: RpiGpio, load: Load, events: list[Event]) -> None:
    async with controls(load(header), events.append):
        await press(header, LOUDER, DEBOUNCE_S / 2)
    assert events == CONNECTED_UNMUTED


async def test_the_log_says_once_that_lines_are_polled(
    load: Load, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    async with controls(load(RpiGpio(edges=False)), events.append):
        await asyncio.sleep(60)
    (text,) = (record.message for record in caplog.records if "detects no edges" in record.message)
    assert text.endswith("as on all kernels from 6.6 on: lines are read every 10 ms")


async def test_40_detents_are_40_turns_where_there_are_edges(load: Load, events: list[Event]) -> None:
    header = RpiGpio(edges=True)
    header.drive(MUTE, False)
    async with controls(load(header), events.append, knob=True):
        for line, low in [(A, True), (B, True), (A, False), (B, False)] * 40:
            for level in (low, not low, low):
                header.drive(line, False if level else None)
    assert events == [*CONNECTED_UNMUTED, *[Turned(1)] * 40]


async def test_an_encoder_is_refused_where_lines_are_polled(
    load: Load, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    async with controls(load(RpiGpio(edges=False)), events.append, knob=True):
        await asyncio.sleep(600)
    detail = "RPi.GPIO would miss turns of an encoder: sudo apt install python3-libgpiod, or python3-rpi-lgpio"
    assert events == [BoardState("controls", PartState.MISSING, detail)]
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(" (")[0] for text in warnings] == [
        "RPi.GPIO detects no edges",
        f"controls: {detail}",
    ]


async def test_a_taken_line_is_reported_and_used_when_it_is_free(
    header: RpiGpio, load: Load, events: list[Event]
) -> None:
    header.taken.add(LOUDER)
    async with controls(load(header), events.append):
        await asyncio.sleep(1)
        assert events == [BoardState("controls", PartState.TAKEN, "GPIO22 is taken by another program")]
        header.taken.clear()
        await asyncio.sleep(31)
        await press(header, LOUDER)
    assert events[1:] == [*CONNECTED_UNMUTED, Pressed("louder")]


async def test_lines_that_can_no_longer_be_read_are_opened_again(
    header: RpiGpio, load: Load, events: list[Event]
) -> None:
    async with controls(load(header), events.append):
        header.gone = True
        await press(header, LOUDER)
        await asyncio.sleep(5)
        header.gone = False
        await asyncio.sleep(31)
        await press(header, LOUDER)
    lost = BoardState("controls", PartState.MISSING, "GPIO25: unknown handle")
    assert [event for event in events if event != lost][-3:] == [*CONNECTED_UNMUTED, Pressed("louder")]


async def test_an_output_is_inactive_until_it_is_set(load: Load) -> None:
    header = RpiGpio(edges=True)
    driver = load(header)
    for active_low in (False, True):
        power = driver.RpiGpioOutput(5, active_low)
        power.open()
        before = header.outputs[5]
        power.set(True)
        assert (before, header.outputs[5]) == (active_low, not active_low)
        power.close()
        power.close()
        assert not header.outputs
    header.taken.add(5)
    with pytest.raises(BoardError, match="GPIO5 is taken by another program") as raised:
        driver.RpiGpioOutput(5).open()
    assert raised.value.errno == errno.EBUSY


@pytest.mark.parametrize("changes", [{}, {"driver": "rpi_gpio"}], ids=["no gpiod", "asked for"])
async def test_a_picroft_with_rpi_gpio(
    changes: dict[str, Any], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    header = RpiGpio(edges=True)
    load(header)
    board = {"buttons": {"talk": {"gpio": TALK}}, "leds": {"kind": "gpio", "gpio": [27]}, **changes}
    async with device("picroft", board) as picroft:
        await press(header, TALK)
        await picroft.hear("recognizer_loop:record_begin")
        await asyncio.sleep(0.1)
        assert header.outputs[27]
        assert picroft.told == ["mycroft.mic.listen"]


async def test_no_raspberry_pi_is_a_configuration_error_that_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "RPi", None)
    with pytest.raises(ConfigError, match="sudo apt install python3-rpi-lgpio"):
        async with device("picroft", {"driver": "rpi_gpio", "buttons": {"talk": {"gpio": TALK}}}):
            pass


async def test_the_driver_runs_on_fake_rpi(load: Load) -> None:
    fake_rpi.toggle_print(False)
    gpio = fake_rpi.RPi.GPIO
    driver = load(gpio)
    for offset, level in ((TALK, 0), (LOUDER, 1), (MUTE, 0)):
        gpio.set_input(offset, level)
    lines = driver.RpiGpioLines(BUTTONS)
    assert lines.open() == {"talk": True, "louder": False, "mute": False}
    assert lines.read() == []
    lines.close()
    output = driver.RpiGpioOutput(27)
    output.open()
    output.set(True)
    output.close()
