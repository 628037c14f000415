"""The board: clock, pins and ports, and what interrupts and chips do, whatever the program does."""

import math
from collections import deque
from collections.abc import Iterable

from hw_sim.firmware.events import Event, Eyes, Led, Mouth, MouthLevel, Reset, Sent, Speaker
from hw_sim.firmware.timing import (
    EDGE_MS,
    HALF_BIT_MS,
    IN_BYTE_MS,
    KNOB_TICK_MS,
    OUT_BYTE_MS,
    TIMER_TICK_MS,
    WRITE_MS,
    Steps,
)

EYE_PIXELS = 24
EYE = EYE_PIXELS // 2
MOUTH_COLUMNS = 32
MOUTH_ROWS = 8

INPUT_RING = 63  # bytes that wait to be read: Arduino's ring of 64 keeps one free
OUTPUT_WAITING = 64  # bytes that wait to be sent: such a ring and the data register
MAX_MOUTH_LEVEL = 16


class Restart(Exception):  # noqa: N818 (it is no error)
    """The program jumps to address 0."""


class Clock:
    """Virtual time, and the millis() that the program makes of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.runs_from = 0.0

    def millis(self) -> int:
        return int((self.now - self.runs_from) / TIMER_TICK_MS) * 128 // 125

    def when(self, millis: int) -> float:
        """The time at which `millis()` reaches a value."""
        return self.runs_from + TIMER_TICK_MS * math.ceil(millis * 125 / 128)


class Board:
    """Pins and ports: what interrupts and chips do, whatever the program is at."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        self.serial = Serial(self.clock)
        self.knob = Knob(self.clock)
        self.eyes: tuple[int, ...] = (0,) * EYE_PIXELS
        self.unscaled_eyes: tuple[int, ...] = (0,) * EYE_PIXELS
        self.mouth: tuple[int, ...] = (0,) * MOUTH_ROWS
        self.mouth_level = 0
        self.speaker = False
        self.in_menu = False
        """Whether the program's menu is open."""

    def restart(self) -> None:
        """Lights, amplifier and the knob in the user's hand stay as they are."""
        self.events.append(Reset(self.clock.now))
        self.knob.stop()

    def show_eyes(self, pixels: Iterable[int], unscaled: Iterable[int]) -> None:
        shown = tuple(pixels)
        self.unscaled_eyes = tuple(unscaled)
        if shown != self.eyes:
            self.eyes = shown
            self.events.append(Eyes(self.clock.now, shown))

    def show_mouth(self, columns: Iterable[int]) -> None:
        rows = [0] * MOUTH_ROWS
        for column in columns:
            for y in range(MOUTH_ROWS):
                rows[y] = rows[y] << 1 | (column >> y & 1)
        if (shown := tuple(rows)) != self.mouth:
            self.mouth = shown
            self.events.append(Mouth(self.clock.now, shown))

    def set_mouth_level(self, level: int) -> None:
        if level != self.mouth_level:
            self.mouth_level = level
            self.events.append(MouthLevel(self.clock.now, level))

    def switch_speaker(self, *, on: bool) -> None:
        if on != self.speaker:
            self.speaker = on
            self.events.append(Speaker(self.clock.now, on))

    def switch_led(self, *, on: bool) -> None:
        self.events.append(Led(self.clock.now, on))


class Serial:
    """The serial port: 9600 baud both ways, a ring of bytes each way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._arriving: deque[tuple[float, int]] = deque()
        self._arrived_last = 0.0
        self._ring: deque[int] = deque()
        self._sent: deque[Sent] = deque()
        self._idle_from = 0.0  # when the last byte is out

    def receive(self, data: bytes) -> None:
        for byte in data:
            self._arrived_last = max(self._arrived_last, self._clock.now) + IN_BYTE_MS
            self._arriving.append((self._arrived_last - HALF_BIT_MS, byte))

    def next_arrival(self) -> float:
        return self._arriving[0][0] if self._arriving else math.inf

    def interrupt(self) -> None:
        """Bytes that arrived go into the ring; what finds no room is lost."""
        while self.next_arrival() <= self._clock.now:
            _, byte = self._arriving.popleft()
            if len(self._ring) < INPUT_RING:
                self._ring.append(byte)

    def open(self) -> None:
        """The port comes up: what arrived before, or began to, is lost."""
        self._ring.clear()
        while self.next_arrival() - IN_BYTE_MS < self._clock.now:
            self._arriving.popleft()

    @property
    def available(self) -> bool:
        return bool(self._ring)

    def read(self) -> int:
        return self._ring.popleft()

    def flush(self) -> Steps:
        """Wait until everything is out."""
        yield max(0.0, self._idle_from - self._clock.now)

    def write(self, data: bytes) -> Steps:
        """Queue bytes for sending; waits while the ring is full."""
        for byte in data:
            wait = self._idle_from - self._clock.now - OUTPUT_WAITING * OUT_BYTE_MS
            if wait > 0:
                yield wait
            self._idle_from = max(self._idle_from, self._clock.now) + OUT_BYTE_MS
            self._sent.append(Sent(self._idle_from, byte))
        yield len(data) * WRITE_MS

    def println(self, text: str) -> Steps:
        return self.write(text.encode("latin-1") + b"\r\n")

    def next_sent(self) -> float:
        return self._sent[0].ms if self._sent else math.inf

    def take_sent(self) -> list[Sent]:
        taken = []
        while self.next_sent() <= self._clock.now:
            taken.append(self._sent.popleft())
        return taken


class Knob:
    """Button and rotary encoder, as a 1 ms timer interrupt sees them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ticks_from = math.inf  # the timer starts when setup() is done
        self._button: dict[float, bool] = {}  # tick -> is down, not seen yet
        self._edges: deque[tuple[float, int]] = deque()  # tick, +1 for clockwise, not seen yet
        self._last_edge = -math.inf
        self._down_from = math.inf
        self._clicked = False
        self._delta = 0

    def start(self) -> None:
        self._ticks_from = self._clock.now

    def stop(self) -> None:
        """The program restarts and forgets; a button that is held will be new to it."""
        if math.isfinite(self._down_from):
            self._button = {self._clock.now: True, **self._button}
        self._ticks_from = self._down_from = math.inf
        self._clicked = False
        self._delta = 0

    def move_button(self, *, down: bool) -> None:
        self._button[self._tick_after(self._clock.now)] = down

    def turn(self, detents: int) -> None:
        step = 1 if detents > 0 else -1
        for _ in range(2 * abs(detents)):
            self._last_edge = max(self._clock.now, self._last_edge + EDGE_MS)
            self._edges.append((self._tick_after(self._last_edge), step))

    def _tick_after(self, ms: float) -> float:
        if ms <= self._ticks_from:
            return ms
        return self._ticks_from + math.ceil((ms - self._ticks_from) / KNOB_TICK_MS) * KNOB_TICK_MS

    def next_change(self) -> float:
        """The next tick at which the interrupt sees something new."""
        button = next(iter(self._button), math.inf)
        edge = self._edges[0][0] if self._edges else math.inf
        return max(min(button, edge), self._ticks_from)

    def interrupt(self) -> None:
        """See what changed at the ticks until now."""
        now = self._clock.now
        if now < self._ticks_from:
            return
        while (tick := next(iter(self._button), math.inf)) <= now:
            if not self._button.pop(tick):
                self._down_from = math.inf
            elif not math.isfinite(self._down_from):
                self._down_from = max(tick, self._ticks_from)
                self._clicked = True
        while self._edges and self._edges[0][0] <= now:
            self._delta += self._edges.popleft()[1]

    def held_ms(self) -> int:
        """How many ticks the button has been down."""
        held = self._clock.now - self._down_from
        return int(held / KNOB_TICK_MS) + 1 if held >= 0 else 0

    @property
    def moved(self) -> bool:
        """Whether `clicked` or `direction` would report something."""
        return self._clicked or self._delta >> 1 != 0

    def clicked(self) -> bool:
        """Whether a press began since the last call."""
        clicked, self._clicked = self._clicked, False
        return clicked

    def direction(self) -> int:
        """Which way the knob went since the last call: +1 clockwise, -1, or 0; several detents are one."""
        detents = self._delta >> 1  # rounds down: backwards, the first edge is a detent already
        self._delta &= 1
        return (detents > 0) - (detents < 0)
