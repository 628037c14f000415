"""Controls on a GPIO chip: what is done at the lines, and what is reported."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from enclosure.controls.button import Button
from enclosure.controls.device import ControlsDevice
from enclosure.controls.encoder import Encoder
from enclosure.controls.panel import Panel
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, Held, PartState, Pressed, Switched, Turned
from enclosure.ports import InputLine
from hw_sim.boards.gpiod import Gpio

TALK, LOUDER, MUTE, A, B = 17, 22, 25, 5, 6
DEBOUNCE_S = 0.02

LINES = {
    "talk": InputLine(TALK, True, "up", DEBOUNCE_S),
    "louder": InputLine(LOUDER, True, "up", DEBOUNCE_S),
    "mute": InputLine(MUTE, False, "up", DEBOUNCE_S),
    "knob.a": InputLine(A, True, "up", 0),
    "knob.b": InputLine(B, True, "up", 0),
}

CONNECTED = BoardState("controls", PartState.CONNECTED)
CONNECTED_UNMUTED = [CONNECTED, Switched("mute", False)]


@asynccontextmanager
async def controls(on_event: Callable[[Event], None]) -> AsyncIterator[None]:
    from enclosure.drivers.gpiod import GpiodLines  # noqa: PLC0415  # of the fake

    panel = Panel({"talk": Button("talk", hold_s=1.0), "louder": Button("louder")}, ["mute"], {"knob": Encoder()})
    task = asyncio.create_task(ControlsDevice(GpiodLines(LINES), panel, on_event).run())
    await asyncio.sleep(0.001)
    try:
        yield
        await asyncio.sleep(0.001)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def press(gpio: Gpio, line: int, length_s: float) -> None:
    gpio.press(line)
    await asyncio.sleep(length_s)
    gpio.release(line)
    await asyncio.sleep(0.1)


@pytest.fixture
def slider_is_live(gpio: Gpio) -> None:
    gpio.drive(MUTE, False)


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.mark.usefixtures("slider_is_live")
async def test_presses_and_holds_are_reported(gpio: Gpio, events: list[Event]) -> None:
    async with controls(events.append):
        await press(gpio, TALK, 0.2)
        await press(gpio, LOUDER, 0.2)
        await press(gpio, TALK, 1.5)
    assert events == [*CONNECTED_UNMUTED, Pressed("talk"), Pressed("louder"), Held("talk")]


@pytest.mark.usefixtures("slider_is_live")
async def test_a_hold_is_reported_while_the_button_is_down(gpio: Gpio, events: list[Event]) -> None:
    async with controls(events.append):
        gpio.press(TALK)
        await asyncio.sleep(1.05)
        assert events[-1] == Held("talk")


@pytest.mark.usefixtures("slider_is_live")
async def test_contacts_that_bounce_are_one_press(gpio: Gpio, events: list[Event]) -> None:
    async with controls(events.append):
        for _ in range(8):
            gpio.press(LOUDER)
            await asyncio.sleep(0.002)
            gpio.release(LOUDER)
            await asyncio.sleep(0.002)
        await press(gpio, LOUDER, 0.1)
    assert events == [*CONNECTED_UNMUTED, Pressed("louder")]


async def test_a_slider_that_is_on_mute_at_the_start_is_reported(gpio: Gpio, events: list[Event]) -> None:
    gpio.drive(MUTE, True)
    async with controls(events.append):
        gpio.drive(MUTE, False)
        await asyncio.sleep(0.1)
    assert events == [CONNECTED, Switched("mute", True), Switched("mute", False)]


@pytest.mark.usefixtures("slider_is_live")
async def test_no_detent_is_lost_at_speed_while_the_loop_is_busy(gpio: Gpio, events: list[Event]) -> None:
    """40 detents, each edge bouncing twice, of which nothing is read before the end."""
    async with controls(events.append):
        for line, low in [(A, True), (B, True), (A, False), (B, False)] * 40:
            for level in (low, not low, low):
                gpio.drive(line, False if level else None)
        await asyncio.sleep(0.001)
    assert events == [*CONNECTED_UNMUTED, *[Turned(1)] * 40]


@pytest.mark.usefixtures("slider_is_live")
async def test_a_line_of_another_program_names_it_and_is_taken_when_it_is_free(
    gpio: Gpio, events: list[Event]
) -> None:
    gpio.take(LOUDER, "ovos-hotkeys")
    async with controls(events.append):
        assert events == [BoardState("controls", PartState.TAKEN, "GPIO22 is taken by ovos-hotkeys")]
        gpio.take(LOUDER, "")
        await asyncio.sleep(31)
        await press(gpio, LOUDER, 0.1)
    assert events[1:] == [*CONNECTED_UNMUTED, Pressed("louder")]


async def test_a_chip_that_goes_away_is_found_under_another_number(gpio: Gpio, events: list[Event]) -> None:
    gpio.drive(MUTE, True)
    async with controls(events.append):
        gpio.press(TALK)
        await asyncio.sleep(0.1)
        gpio.pull_out()
        await asyncio.sleep(5)
        gpio.release(TALK)
        gpio.drive(MUTE, False)
        gpio.plug_in(4)
        await asyncio.sleep(31)
        await press(gpio, LOUDER, 0.1)
    states = [event.state for event in events if isinstance(event, BoardState)]
    assert states == [PartState.CONNECTED, PartState.MISSING, PartState.MISSING, PartState.CONNECTED]
    rest = [event for event in events if not isinstance(event, BoardState)]
    assert rest == [Switched("mute", True), Switched("mute", False), Pressed("louder")]


async def test_another_chip_that_cannot_be_opened_does_not_hide_that_of_the_header(
    gpio: Gpio, events: list[Event], tmp_path: Path
) -> None:
    gpio.pull_out()
    (tmp_path / "gpiochip0").touch()
    async with controls(events.append):
        gpio.plug_in(4)
        await asyncio.sleep(31)
    assert [event.state for event in events if isinstance(event, BoardState)] == [
        PartState.MISSING,
        PartState.CONNECTED,
    ]


async def test_without_a_chip_the_state_says_what_is_missing(gpio: Gpio, events: list[Event]) -> None:
    gpio.pull_out()
    async with controls(events.append):
        await asyncio.sleep(60)
    detail = "no GPIO chip pinctrl-bcm2835 or pinctrl-bcm2711 or pinctrl-rp1; there are: none"
    assert events == [BoardState("controls", PartState.MISSING, detail)]


async def test_an_output_is_inactive_until_it_is_set(gpio: Gpio) -> None:
    from enclosure.drivers.gpiod import GpiodOutput  # noqa: PLC0415  # of the fake

    power = GpiodOutput(5)
    levels = []
    power.open()
    levels.append(gpio.lines[5].level)
    power.set(True)
    levels.append(gpio.lines[5].level)
    assert levels == [False, True]
    with pytest.raises(BoardError, match="GPIO5 is taken by mycroft-enclosure") as raised:
        GpiodOutput(5).open()
    assert raised.value.errno == errno.EBUSY
    power.close()
    power.close()
    assert not gpio.lines[5].consumer
