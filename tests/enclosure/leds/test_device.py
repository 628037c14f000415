import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import pytest

from enclosure.activity import Activity
from enclosure.display import EyesColor, EyesPixel, LightsBrightness
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, PartState, QuestionShown
from enclosure.leds.device import SHOW_AGAIN_S, LedDisplay
from enclosure.leds.lights import GpioLights
from enclosure.leds.looks import BLACK
from enclosure.leds.scene import MUTED
from enclosure.presence import RETRY_MAX_S
from tests.conftest import until

DARK = (BLACK,) * 3
RED = (MUTED.colour,) * 3
MUTE = replace(Activity(), muted=True)


class Ring:
    """Three LEDs that record, and that can be away."""

    count, interval_s = 3, 0.05

    def __init__(self) -> None:
        self.frames: list[Sequence[tuple[int, int, int]]] = []
        self.shown_at: list[float] = []
        self.opened_at: list[float] = []
        self.away = self.powered = False
        self.during_show: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        self.powered = True
        self.opened_at.append(self._loop.time())

    def show(self, frame: Sequence[tuple[int, int, int]]) -> None:
        if self.away:
            raise BoardError(errno.EREMOTEIO, "the ring does not answer")
        assert self.powered
        self.frames.append(frame)
        self.shown_at.append(self._loop.time())
        self.during_show()

    def close(self) -> None:
        self.powered = False


@pytest.fixture
async def ring() -> Ring:
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


async def test_a_dark_ring_has_no_timer(display: LedDisplay) -> None:
    display.indicate(replace(Activity(), speaking=True))
    await asyncio.sleep(10)
    display.indicate(Activity())
    display.show_volume(0.5)
    await asyncio.sleep(60)
    timers: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # of asyncio's own loops
    assert not [timer for timer in timers if not timer.cancelled()]


async def test_a_still_frame_is_shown_again_every_2_s(ring: Ring, display: LedDisplay) -> None:
    display.indicate(MUTE)
    await asyncio.sleep(10.1)
    assert ring.frames == [DARK, *([RED] * 6)]
    assert [after - before for before, after in pairwise(ring.shown_at)][1:] == pytest.approx([SHOW_AGAIN_S] * 5)


@pytest.mark.parametrize("activity", [replace(MUTE, playing=True), replace(Activity(), thinking=True)])
async def test_no_frame_is_sent_twice_in_less_time(ring: Ring, display: LedDisplay, activity: Activity) -> None:
    display.indicate(activity)
    await asyncio.sleep(10)
    shown = list(zip(ring.shown_at, ring.frames, strict=True))
    for (before_s, before), (after_s, after) in pairwise(shown):
        assert before != after or after_s - before_s >= SHOW_AGAIN_S - 1e-6


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
    assert set(ring.frames) == {RED}
    states = [event.state for event in events if isinstance(event, BoardState)]
    assert states == [PartState.CONNECTED, PartState.MISSING, PartState.CONNECTED]


async def test_a_ring_that_was_away_between_two_frames_shows_the_last_one_again(
    ring: Ring, display: LedDisplay
) -> None:
    display.indicate(MUTE)
    await asyncio.sleep(1)
    ring.frames.clear()
    await asyncio.sleep(SHOW_AGAIN_S)
    assert ring.frames == [RED]


async def test_the_ring_is_dark_and_without_power_at_the_end(ring: Ring, display: LedDisplay) -> None:
    display.indicate(MUTE)
    await until(lambda: ring.frames[-1] == RED, "red")
    await display.close()
    assert ring.frames[-1] == DARK
    assert not ring.powered


async def test_the_ring_is_dark_at_the_end_also_where_a_frame_was_under_way(
    ring: Ring, display: LedDisplay
) -> None:
    loop = asyncio.get_running_loop()

    def close() -> None:
        ring.during_show = lambda: None
        asyncio.run_coroutine_threadsafe(display.close(), loop)

    ring.during_show = close
    display.indicate(MUTE)
    await asyncio.sleep(1)
    assert ring.frames[-2:] == [RED, DARK]
    assert not ring.powered


async def test_a_flood_of_commands_gets_no_more_frames_than_the_ring_can_show(
    ring: Ring, display: LedDisplay
) -> None:
    for step in range(1000):
        display.show(EyesPixel(0, EyesColor(step % 255 + 1, 0, 0)))
        await asyncio.sleep(0.001)
    await asyncio.sleep(1)
    pauses = [after - before for before, after in pairwise(ring.shown_at)]
    assert min(pauses) >= ring.interval_s - 1e-6
    assert ring.frames[-1][0] == (999 % 255 + 1, 0, 0)


async def test_a_ring_that_is_away_is_tried_less_and_less_often(ring: Ring, display: LedDisplay) -> None:
    ring.away = True
    display.indicate(MUTE)
    await asyncio.sleep(600)
    assert len(ring.opened_at) < 30
    assert ring.opened_at[-1] - ring.opened_at[-2] == pytest.approx(RETRY_MAX_S)


async def test_a_loose_wire_is_reported_some_times_a_minute_at_most(
    ring: Ring, display: LedDisplay, events: list[Event]
) -> None:
    def let_go() -> None:
        ring.away = not ring.away

    ring.during_show = let_go
    display.indicate(replace(Activity(), thinking=True))
    for _ in range(6000):
        await asyncio.sleep(0.1)
        if not ring.powered:
            ring.away = False
    assert len(events) < 60


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

    @property
    def changes(self) -> list[bool]:
        """Each level that differs from the one before."""
        return [level for level, _ in groupby(self.levels)]


async def test_a_plain_led_that_breathes_is_switched_on_and_off() -> None:
    line = Line()
    display = LedDisplay(GpioLights(line), None, lambda _: None)
    task = asyncio.create_task(display.run())
    display.indicate(replace(Activity(), thinking=True))  # breathing, in a second
    await asyncio.sleep(3.01)
    assert 6 <= len(line.changes) <= 8
    task.cancel()
    await asyncio.wait([task])


async def test_a_plain_led_is_dark_at_brightness_0() -> None:
    line = Line()
    display = LedDisplay(GpioLights(line), None, lambda _: None)
    task = asyncio.create_task(display.run())
    display.indicate(MUTE)
    await asyncio.sleep(1)
    display.show(LightsBrightness(0))
    await asyncio.sleep(1)
    assert line.changes == [False, True, False]
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
