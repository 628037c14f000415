import asyncio
import errno
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from enclosure.activity import Activity
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, PartState, QuestionShown
from enclosure.leds.device import LedDisplay
from enclosure.leds.lights import GpioLights
from enclosure.leds.looks import BLACK
from enclosure.leds.scene import MUTED
from tests.conftest import until

DARK = (BLACK,) * 3
RED = (MUTED.colour,) * 3
MUTE = replace(Activity(), muted=True)


class Ring:
    """Three LEDs that record, and that can be away."""

    count, interval_s = 3, 0.05

    def __init__(self) -> None:
        self.frames: list[Sequence[tuple[int, int, int]]] = []
        self.away = self.powered = False

    def open(self) -> None:
        self.powered = True

    def show(self, frame: Sequence[tuple[int, int, int]]) -> None:
        if self.away:
            raise BoardError(errno.EREMOTEIO, "the ring does not answer")
        assert self.powered
        self.frames.append(frame)

    def close(self) -> None:
        self.powered = False


@pytest.fixture
def ring() -> Ring:
    return Ring()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
async def display(ring: Ring, events: list[Event]) -> AsyncIterator[LedDisplay]:
    shown = LedDisplay(ring, 1.0, events.append)
    task = asyncio.create_task(shown.run())
    await asyncio.sleep(1)
    yield shown
    task.cancel()
    await asyncio.wait([task])


async def test_an_idle_ring_gets_one_dark_frame(ring: Ring, display: LedDisplay, events: list[Event]) -> None:
    await asyncio.sleep(3600)
    assert ring.frames == [DARK]
    assert events == [BoardState("lights", PartState.CONNECTED)]


@pytest.mark.parametrize("activity", [Activity(), MUTE, replace(Activity(), recording=True)])
async def test_a_ring_that_does_not_move_has_no_timer(ring: Ring, display: LedDisplay, activity: Activity) -> None:
    display.indicate(replace(Activity(), speaking=True))
    await asyncio.sleep(10)
    display.indicate(activity)
    display.show_volume(0.5)
    await asyncio.sleep(60)
    timers: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # of asyncio's own loops
    assert not [timer for timer in timers if not timer.cancelled()]


async def test_no_frame_is_sent_twice(ring: Ring, display: LedDisplay) -> None:
    display.indicate(MUTE)
    await asyncio.sleep(10)
    display.indicate(replace(MUTE, playing=True))
    await asyncio.sleep(10)
    display.indicate(replace(Activity(), thinking=True))
    await asyncio.sleep(10)
    assert ring.frames[:2] == [DARK, RED]
    assert all(before != after for before, after in zip(ring.frames, ring.frames[1:], strict=False))


async def test_a_ring_that_moves_gets_as_many_frames_as_it_can_show(ring: Ring, display: LedDisplay) -> None:
    display.indicate(replace(Activity(), thinking=True))
    ring.frames.clear()
    await asyncio.sleep(1.01)
    assert 18 <= len(ring.frames) <= 21


async def test_a_ring_that_was_away_shows_what_lasts(ring: Ring, display: LedDisplay, events: list[Event]) -> None:
    ring.away = True
    display.indicate(MUTE)
    await asyncio.sleep(60)
    ring.away = False
    ring.frames.clear()
    await asyncio.sleep(31)
    assert ring.frames == [RED]
    states = [event.state for event in events if isinstance(event, BoardState)]
    assert states == [PartState.CONNECTED, PartState.MISSING, PartState.CONNECTED]


async def test_the_ring_is_dark_and_without_power_at_the_end(ring: Ring, display: LedDisplay) -> None:
    display.indicate(MUTE)
    await until(lambda: ring.frames[-1] == RED, "red")
    await display.close()
    assert ring.frames[-1] == DARK
    assert not ring.powered


async def test_a_ring_that_is_away_does_not_hold_up_the_end(ring: Ring, display: LedDisplay) -> None:
    ring.away = True
    display.indicate(MUTE)
    await asyncio.sleep(60)
    await display.close()


async def test_a_question_is_never_readable(display: LedDisplay, events: list[Event]) -> None:
    display.ask("WIPE?")
    assert events[-1] == QuestionShown(False)


class Line:
    """A GPIO line that records what it is set to."""

    def __init__(self) -> None:
        self.levels: list[bool] = []

    def open(self) -> None:
        self.levels.append(False)

    def set(self, active: bool) -> None:
        self.levels.append(active)

    def close(self) -> None:
        """The test looks at its levels only."""


async def test_a_plain_led_is_set_only_when_it_changes() -> None:
    line = Line()
    display = LedDisplay(GpioLights(line), None, lambda _: None)
    task = asyncio.create_task(display.run())
    display.indicate(replace(Activity(), thinking=True))  # breathing, in a second
    await asyncio.sleep(3.01)
    assert 6 <= len(line.levels) <= 8
    assert all(before != after for before, after in zip(line.levels, line.levels[1:], strict=False))
    task.cancel()
    await asyncio.wait([task])


async def test_brightness_has_an_upper_limit(ring: Ring, events: list[Event]) -> None:
    display = LedDisplay(ring, 0.2, events.append)
    display.indicate(MUTE)
    task = asyncio.create_task(display.run())
    await asyncio.sleep(1)
    assert ring.frames == [((51, 0, 0),) * 3]
    task.cancel()
    await asyncio.wait([task])
