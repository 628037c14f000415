import asyncio
import errno
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from enclosure.activity import Activity
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, PartState, QuestionShown
from enclosure.leds.device import LedDisplay
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


async def test_brightness_has_an_upper_limit(ring: Ring, events: list[Event]) -> None:
    display = LedDisplay(ring, 0.2, events.append)
    display.indicate(MUTE)
    task = asyncio.create_task(display.run())
    await asyncio.sleep(1)
    assert ring.frames == [((51, 0, 0),) * 3]
    task.cancel()
    await asyncio.wait([task])
