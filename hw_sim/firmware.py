"""The Mark 1 faceplate firmware v1.4.2, as a state machine with virtual time and no I/O.

It stands in for the Arduino behind the face: bytes, button and knob go in; bytes, light and pictures come out,
at the time and in the order in which the real firmware gives them. What it does and all durations were measured
on the real firmware, run on a simulated ATmega328P (faceplate-traces.md). All times are ms since the board left
reset.

The program on the board is one loop that does everything, and it blocks while it paints, waits or reads. Here it
is a generator that says how long each step takes; interrupts (serial port, knob) work between the steps. A turn of
the loop that changes nothing is not repeated until something is due, so that a face at rest costs nothing.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, partial
from operator import attrgetter

from hw_sim import pictures
from hw_sim.pictures import Picture

EYE_PIXELS = 24
EYE = EYE_PIXELS // 2
MOUTH_COLUMNS = 32
MOUTH_ROWS = 8

# Serial port
IN_BYTE_MS = 10 / 9.6  # start bit, 8 bits, stop bit at 9600 baud
HALF_BIT_MS = 0.5 / 9.6  # a byte is there in the middle of its stop bit
OUT_BYTE_MS = 1.04  # the board's own 9615 baud, the nearest that 16 MHz gives
INPUT_RING = 63  # bytes that wait to be read: Arduino's ring of 64 keeps one free
OUTPUT_WAITING = 64  # bytes that wait to be sent: such a ring and the data register
READ_TIMEOUT_MS = 1000  # of silence end a line without a newline

# Memory, in characters. The first was measured, the others lie between what was seen to work and what was not.
MAX_LINE = 438  # the rest of a longer line is read and lost
MAX_COMMAND = 240  # a longer line is echoed, but there is no room for the copy that is carried out
MAX_TEXT = 100  # a longer text, which takes two copies more, is blank

# How long the program takes: fitted to the frames of faceplate-traces, most come within 0.3 ms
MOUTH_LEVEL_AT_MS = 1.6  # after a reset
MOUTH_BLANK_AT_MS = 6.0  # after a reset
BOOT_MS = 20.51  # from reset to clock and serial port
LOOP_MS = 0.025  # a turn of the main loop, without what it calls
POLL_MS = 0.02  # look whether a byte has come
READ_MS = 0.042  # take a byte from the ring
WRITE_MS = 0.0133  # put a byte into the ring, and the interrupt that sends it
ECHO_MS = 0.036  # from the end of a line to its echo
COMMAND_MS = 0.06  # from the echo to the family of the command
PREFIX_MS = 0.02  # compare with one of the commands of the family
ANIMATE_MS = 0.35  # find out which side an animation is for
ICON_SCAN_MS = 0.0006  # x length squared: the end of an icon is searched at each character
EYES_SHOW_MS = 0.73  # 24 pixels on the wire
EYES_STEP_MS = 1.7806  # set one pixel, show all, wait 1 ms
EYES_FRAME_MS = 0.094  # work out a frame of an animation
MOUTH_SHOW_MS = 4.497  # 64 cells on the wire
MOUTH_COLUMN_MS = 0.0871  # draw 8 pixels
MOUTH_SPLIT_COLUMN_MS = 0.167  # the same where the top is not at row 0 or 4
TEXT_MS = 0.08  # draw a text of which nothing is visible
DELAY_MS = 1.0166  # a wait of 1 ms in the hardware test

TIMER_TICK_MS = 1.024  # Timer 0: millis() moves at its overflows only
KNOB_TICK_MS = 1.0  # Timer 1: the interrupt that samples button and knob
EDGE_MS = 5.0  # between the two quadrature edges of a detent

# Button: ms held, or released, until it counts (read in the source, as all below)
NOTICED_MS = 5
TRIGGERED_MS = 10
MENU_HOLD_MS = 2000
RELEASED_MS = 5
MENU_TIMEOUT_MS = 5000

BOOT_LEVEL = 30
BOOT_COLOUR = 0x70656A
WHITE = 0xFFFFFF
MIN_MENU_LEVEL, MAX_MENU_LEVEL = 1, 30
MAX_MOUTH_LEVEL = 16
VOLUME_RING_MS = 3000
BLINK_MS = 500.0
RESET_BLINK_MS = 1000.0

TALK_FRAME_MS = LISTEN_FRAME_MS = 70
THINK_FRAME_MS = 120
TEXT_STEP_MS = 150
FAKE_TALK_FRAMES = 6
TEXT_ROW, TEXT_HEIGHT = 2, 5
MAX_ICON = 60  # characters of an icon in one line that are read
MAX_ICON_PART = 61  # characters of the first part of an icon that have room
MAX_WHOLE_ICON = 89  # characters of an icon in two parts

TEST_LISTEN_TURNS = 7500
TEST_MUTES = 10
TEST_MUTED_MS, TEST_UNMUTED_MS = 166.0, 333.0

BANNER = "Mycroft Mark 1 v1.4.2"


@dataclass(frozen=True, slots=True)
class Sent:
    """One byte left the serial port; its last bit is out at `ms`."""

    ms: float
    byte: int


@dataclass(frozen=True, slots=True)
class Eyes:
    """The 24 eye pixels changed: 0xrrggbb as on the wire (colour x level / 256); 0-11 the `r` eye, 12-23 `l`."""

    ms: float
    pixels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mouth:
    """The mouth changed: 8 rows from the top, 32 bits each, most significant bit leftmost."""

    ms: float
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """The amplifier was switched."""

    ms: float
    on: bool


@dataclass(frozen=True, slots=True)
class Led:
    """The LED of the board was switched."""

    ms: float
    on: bool


@dataclass(frozen=True, slots=True)
class MouthLevel:
    """The mouth got a brightness of 1 to 16."""

    ms: float
    level: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The program restarts itself."""

    ms: float


Event = Sent | Eyes | Mouth | Speaker | Led | MouthLevel | Reset


@dataclass(frozen=True, slots=True)
class _Idle:
    """The program repeats a turn of `cycle_ms` that changes nothing, until there is input or `until`."""

    cycle_ms: float
    until: float


Steps = Generator[float | _Idle, None, None]  # each value: so many ms pass


class Firmware:
    """The faceplate. The caller moves time on with `advance` and may give input in between."""

    def __init__(self) -> None:
        """The board leaves reset at 0 ms."""
        self._board = _Board()
        self._program = _program(self._board)
        self._step: float | _Idle = 0.0
        self._step_began = 0.0

    @property
    def now(self) -> float:
        """The virtual time in ms, where the last `advance` stopped."""
        return self._board.clock.now

    @property
    def eyes(self) -> tuple[int, ...]:
        """The eye pixels now, as in `Eyes`."""
        return self._board.eyes

    @property
    def mouth(self) -> tuple[int, ...]:
        """The mouth now, as in `Mouth`."""
        return self._board.mouth

    @property
    def speaker(self) -> bool:
        """Whether the amplifier is on."""
        return self._board.speaker

    def receive(self, data: bytes) -> None:
        """Bytes begin to arrive now, or after those that still arrive, at 9600 baud."""
        self._board.serial.receive(data)

    def press(self) -> None:
        """Push the button and hold it."""
        self._board.knob.move_button(down=True)

    def release(self) -> None:
        """Let go of the button."""
        self._board.knob.move_button(down=False)

    def turn(self, detents: int) -> None:
        """Turn the knob by so many detents, > 0 clockwise, 10 ms each, after those that it still turns."""
        self._board.knob.turn(detents)

    def advance(self, to_ms: float) -> list[Event]:
        """Run until `to_ms` and return what happened, in order of time."""
        board = self._board
        while (at := self._step_ends()) <= to_ms:
            board.clock.now = self._step_began = at
            board.serial.interrupt()
            board.knob.interrupt()
            try:
                self._step = next(self._program)
            except _Restart:
                board.restart()
                self._program = _program(board)
                self._step = 0.0
        board.clock.now = max(board.clock.now, to_ms)
        events = [*board.serial.take_sent(), *board.events]
        board.events.clear()
        return sorted(events, key=attrgetter("ms"))

    def wake_at(self) -> float | None:
        """When something happens by itself next, None if nothing does without input."""
        at = min(self._step_ends(), self._board.serial.next_sent())
        return at if math.isfinite(at) else None

    def _step_ends(self) -> float:
        step = self._step
        if not isinstance(step, _Idle):
            return self._step_began + step
        due = min(step.until, self._board.serial.next_arrival(), self._board.knob.next_change())
        if not math.isfinite(due):
            return due
        cycles = max(0, math.ceil((due - self._step_began) / step.cycle_ms))
        return self._step_began + cycles * step.cycle_ms


class _Restart(Exception):  # noqa: N818 (it is no error)
    """The program jumps to address 0."""


class _Clock:
    """Virtual time, and the millis() that the program makes of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.runs_from = 0.0

    def millis(self) -> int:
        return int((self.now - self.runs_from) / TIMER_TICK_MS) * 128 // 125

    def when(self, millis: int) -> float:
        """The time at which `millis()` reaches a value."""
        return self.runs_from + TIMER_TICK_MS * math.ceil(millis * 125 / 128)


class _Board:
    """Pins and ports: what interrupts and chips do, whatever the program is at."""

    def __init__(self) -> None:
        self.clock = _Clock()
        self.events: list[Event] = []
        self.serial = _Serial(self.clock)
        self.knob = _Knob(self.clock)
        self.eyes: tuple[int, ...] = (0,) * EYE_PIXELS
        self.mouth: tuple[int, ...] = (0,) * MOUTH_ROWS
        self.mouth_level = 0
        self.speaker = False

    def restart(self) -> None:
        """Lights, amplifier and the knob in the user's hand stay as they are."""
        self.events.append(Reset(self.clock.now))
        self.knob.stop()

    def show_eyes(self, pixels: Iterable[int]) -> None:
        shown = tuple(pixels)
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


class _Serial:
    """The serial port: 9600 baud both ways, a ring of bytes each way."""

    def __init__(self, clock: _Clock) -> None:
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


class _Knob:
    """Button and rotary encoder, as a 1 ms timer interrupt sees them."""

    def __init__(self, clock: _Clock) -> None:
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
        """Whether there is news for `clicked` or `direction`."""
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


def _program(board: _Board) -> Steps:
    """One life of the program, from reset to reset."""
    yield MOUTH_LEVEL_AT_MS
    board.set_mouth_level(MAX_MOUTH_LEVEL)
    yield MOUTH_BLANK_AT_MS - MOUTH_LEVEL_AT_MS
    board.show_mouth([0] * MOUTH_COLUMNS)
    yield BOOT_MS - MOUTH_BLANK_AT_MS
    board.clock.runs_from = board.clock.now
    board.serial.open()
    yield from _Loop(board).run()


class _Loop:
    """setup() and loop()."""

    def __init__(self, board: _Board) -> None:
        self._board = board
        self._serial = board.serial
        self._knob = board.knob
        self._clock = board.clock
        self._eyes = _EyesProgram(board)
        self._mouth = _MouthProgram(board)
        self._menu = _Menu(board, self._eyes)
        self._test = _HardwareTest(board, self._eyes, self._mouth)
        self._pressed = False
        self._triggered = False
        self._was_clicked = False
        self._released_at = 0
        self._last_interaction = 0

    def run(self) -> Steps:
        yield from self._serial.println(f"{BANNER} - Connected")
        yield from self._eyes.start(_Anim.SPIN, _Side.BOTH)
        self._board.switch_speaker(on=True)
        self._knob.start()
        while True:
            if self._serial.available:
                yield from self._command()
            while not self._serial.available:
                began = self._clock.now
                yield from self._turn()
                if self._settled(self._clock.now - began):
                    yield self._idle()

    def _command(self) -> Steps:
        """Read a line, echo it, carry it out."""
        line = yield from self._read_line()
        yield from self._serial.flush()
        yield ECHO_MS
        yield from self._serial.println(f"Command: {line}")
        yield COMMAND_MS
        if len(line) <= MAX_COMMAND:
            yield from self._carry_out(line)

    def _carry_out(self, line: str) -> Steps:
        family, _, command = line.partition(".")
        match family:
            case "mouth" if not self._menu.entered:
                yield from self._mouth.command(command)
            case "eyes":
                yield from self._eyes.command(command)
            case "system":
                yield from self._system(command)
            case "weather" if not self._menu.entered:
                yield from self._mouth.weather(command)
            case "test" if command.startswith("begin"):
                yield from self._test.run()

    def _read_line(self) -> Generator[float | _Idle, None, str]:
        line = bytearray()
        while True:
            deadline = self._clock.now + READ_TIMEOUT_MS
            while not self._serial.available:
                if self._clock.now >= deadline:
                    return line.decode("latin-1")
                yield _Idle(POLL_MS, deadline)
            byte = self._serial.read()
            yield READ_MS
            if byte == ord("\n"):
                return line.decode("latin-1")
            if len(line) < MAX_LINE:
                line.append(byte)

    def _system(self, command: str) -> Steps:
        return _dispatch(
            command,
            ("reset", lambda _: self._reset()),
            ("mute", lambda _: self._switch_speaker(on=False)),
            ("unmute", lambda _: self._switch_speaker(on=True)),
            ("blink=", lambda text: self._blink(_to_int(text), BLINK_MS)),
            ("version", lambda _: self._serial.println(BANNER)),
        )

    def _reset(self) -> Steps:
        yield from self._blink(1, RESET_BLINK_MS)
        raise _Restart

    def _switch_speaker(self, *, on: bool) -> Steps:
        self._board.switch_speaker(on=on)
        yield from ()

    def _blink(self, times: int, ms: float) -> Steps:
        for _ in range(times):
            self._board.switch_led(on=True)
            yield ms
            self._board.switch_led(on=False)
            yield ms

    def _turn(self) -> Steps:
        """One turn of the loop while no byte waits."""
        eyes, mouth, menu = self._eyes, self._mouth, self._menu
        yield LOOP_MS
        yield from self._handle_button()
        if menu.test_chosen:
            yield from self._test.run()
            menu.test_chosen = False
        direction = self._knob.direction()
        if menu.entered:
            if direction:
                self._last_interaction = self._clock.millis()
                yield from menu.turn(direction)
            elif self._clock.millis() - self._last_interaction > MENU_TIMEOUT_MS:
                yield from menu.leave()
            return
        if direction:
            yield from self._serial.println("volume.up" if direction > 0 else "volume.down")
        yield from eyes.update()
        yield from mouth.update()
        if mouth.face is not _Face.NONE and eyes.anim is _Anim.SPIN:
            yield from eyes.reset()

    def _handle_button(self) -> Steps:
        held_ms, menu = self._knob.held_ms(), self._menu
        if held_ms > NOTICED_MS:
            if not self._pressed:
                self._pressed = True
                self._triggered = False
            self._released_at = 0
        elif not self._knob.clicked() and self._pressed:
            if not self._released_at:
                self._released_at = self._clock.millis()
            elif self._clock.millis() - self._released_at > RELEASED_MS:
                self._pressed = False
                self._released_at = 0

        if self._pressed:
            if 0 < held_ms < TRIGGERED_MS:
                self._triggered = False
            elif held_ms >= TRIGGERED_MS and not self._triggered:
                self._triggered = True
                self._was_clicked = not menu.entered
                if menu.entered:
                    yield from menu.press()
            if held_ms >= MENU_HOLD_MS:
                self._was_clicked = False
                self._last_interaction = self._clock.millis()
                yield from self._eyes.on()
                yield from menu.enter()
        elif self._was_clicked:
            self._was_clicked = self._triggered = False
            yield from self._serial.println("mycroft.stop")

    def _cycle_ms(self) -> float:
        """How long a turn takes that changes nothing."""
        if self._menu.entered:
            return LOOP_MS
        return LOOP_MS + self._eyes.cycle_ms() + self._mouth.cycle_ms()

    def _settled(self, turn_ms: float) -> bool:
        """A turn that took no longer than an idle one changed nothing, so the next will not, without input."""
        unchanged = math.isclose(turn_ms, self._cycle_ms(), abs_tol=1e-6)
        return unchanged and not self._serial.available and not self._knob.moved

    def _idle(self) -> _Idle:
        if self._menu.entered:
            until = self._clock.when(self._last_interaction + MENU_TIMEOUT_MS + 1)
        else:
            until = min(self._eyes.due(), self._mouth.due())
        if self._pressed or self._knob.held_ms():
            until = min(until, self._clock.now + KNOB_TICK_MS)
        # What comes due in the middle of a turn is seen in that turn.
        return _Idle(self._cycle_ms(), until - self._cycle_ms())


def _dispatch(command: str, *actions: tuple[str, Callable[[str], Steps]]) -> Steps:
    """Do what the first fitting prefix stands for, with the text behind it."""
    for prefix, act in actions:
        yield PREFIX_MS
        if command.startswith(prefix):
            yield from act(command.removeprefix(prefix))
            return


def _to_int(text: str) -> int:
    """The decimal number that a text begins with, else 0; wraps at 32 bits, like atol()."""
    match = re.match(r"[ \t-\r]*([+-]?[0-9]+)", text)
    return _signed(int(match[1]), 32) if match else 0


def _digits(text: str, bits: int) -> int:
    """What the firmware makes of a number that it parses itself: any character counts as a digit."""
    value = 0
    for character in text:
        value = (value * 10 + ord(character) - ord("0")) % (1 << bits)
    return value


def _signed(value: int, bits: int) -> int:
    """What a signed integer of so many bits holds."""
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


class _Anim(Enum):
    NONE = auto()
    BLINK = auto()
    NARROW = auto()
    LOOK = auto()
    UNLOOK = auto()
    WIDEN = auto()
    VOLUME = auto()
    SPIN = auto()
    TIMED_SPIN = auto()
    REFILL = auto()


class _Side(Enum):
    BOTH = "b"
    LEFT = "l"
    RIGHT = "r"
    UP = "u"
    DOWN = "d"
    CROSS = "c"


class _State(Enum):
    OPEN = auto()
    LOOKING = auto()
    NARROWED = auto()
    ANIMATING = auto()
    CUSTOM = auto()


_FRAME_MS = {
    _Anim.BLINK: 35,
    _Anim.LOOK: 70,
    _Anim.UNLOOK: 70,
    _Anim.NARROW: 140,
    _Anim.WIDEN: 140,
    _Anim.SPIN: 60,
    _Anim.TIMED_SPIN: 60,
    _Anim.REFILL: 60,
}
_LOOK_FRAMES = 6
# The pixel where a look begins to darken the eye, and an unlook to light it.
_LOOK_FROM = {_Side.UP: 5, _Side.DOWN: 11, _Side.LEFT: 8, _Side.RIGHT: 2, _Side.CROSS: 2}
_UNLOOK_FROM = {_Side.UP: 11, _Side.DOWN: 5, _Side.LEFT: 2, _Side.RIGHT: 8, _Side.CROSS: 8}


class _EyesProgram:
    """The eyes: pixels, colour and level, and one animation at a time."""

    def __init__(self, board: _Board) -> None:
        self._board = board
        self._clock = board.clock
        self.level = BOOT_LEVEL
        self._colour = BOOT_COLOUR
        self._pixels = [0] * EYE_PIXELS  # what a show sends: scaled by the level
        self._state = _State.OPEN
        self.anim = _Anim.NONE
        self._side = _Side.BOTH
        self._look_side = _Side.BOTH
        self._queued: tuple[_Anim, _Side] | None = None
        self._next = 0  # millis() of the next frame
        self._end = 0  # millis() of the end of a timed spin
        self._frame_ms = 0
        self._pos = 0  # of spin, refill, look
        self._last_pos = 0
        self._end_pos = 0
        self._first = 0  # the two pixels that a look moves apart
        self._second = 0
        self._look_from = 0
        self._left_jump = EYE
        self._lid = 0  # how far blink, narrow and widen are
        self._opening = False

    def command(self, command: str) -> Steps:
        return _dispatch(
            command,
            ("color=", self._set_colour),
            ("level=", lambda text: self.set_level(_to_int(text))),
            ("fill=", self._fill),
            ("volume=", self._show_volume),
            ("spin=", self._spin_for),
            ("on", lambda _: self.on()),
            ("off", lambda _: self._off()),
            ("set", self._set_pixel),
            ("reset", lambda _: self.reset()),
            ("blink", partial(self._animate, _Anim.BLINK)),
            ("narrow", partial(self._animate, _Anim.NARROW)),
            ("look", partial(self._animate, _Anim.LOOK)),
            ("widen", partial(self._animate, _Anim.WIDEN)),
            ("unlook", partial(self._animate, _Anim.UNLOOK)),
            ("spin", partial(self._animate, _Anim.SPIN)),
        )

    def _animate(self, anim: _Anim, text: str) -> Steps:
        # Without an argument the firmware takes the first letter of the command for one.
        letter = text[1:2] if text.startswith("=") else anim.name[0].lower()
        side = _Side(letter) if letter in _SIDES else _Side.BOTH
        yield ANIMATE_MS
        yield from self.start(anim, side)

    def _set_colour(self, text: str) -> Steps:
        self._colour = _to_int(text) & 0xFFFFFF
        return self.on()

    def set_level(self, level: int) -> Steps:
        """Tells the level, 0 to 255, and paints with it."""
        before, self.level = self.level, level & 0xFF
        yield from self._board.serial.println("update")
        yield from self._board.serial.println(str(self.level))
        if self.level != before:
            self._rescale(before)
        yield from self.on()

    def _rescale(self, before: int) -> None:
        """Bring pixels that were painted at another level to this one; loses bits, and none comes back from 0."""
        scale = ((self.level + 1 << 8) - 1) // before if before else 0
        self._pixels = [
            _each_channel(pixel, lambda channel: channel * scale >> 8 & 0xFF) for pixel in self._pixels
        ]

    def on(self) -> Steps:
        """Light all pixels."""
        return self.paint(self._colour)

    def _off(self) -> Steps:
        self.anim = _Anim.NONE
        self._state = _State.CUSTOM
        return self.paint(0)

    def reset(self) -> Steps:
        """Back to all lit; a spin refills its ring first."""
        if self.anim in (_Anim.SPIN, _Anim.TIMED_SPIN):
            yield from self.start(_Anim.REFILL, self._side)
        else:
            yield from self.on()
            self._state = _State.OPEN
            self.anim = _Anim.NONE

    def _fill(self, text: str) -> Steps:
        last = _to_int(text) & 0xFF
        if last == EYE_PIXELS - 1:
            yield from self.reset()
            return
        self.anim = _Anim.NONE
        self._state = _State.CUSTOM
        yield from self._paint_each([self._colour if i <= last else 0 for i in range(EYE_PIXELS)])
        yield max(0, last - EYE_PIXELS + 1) * EYES_STEP_MS  # it paints pixels that are not there

    def _show_volume(self, text: str) -> Steps:
        last = _to_int(text) & 0xFF
        self._side = _Side.BOTH
        self.anim = _Anim.VOLUME
        for i in range(EYE_PIXELS):
            self._set(i, self._colour if i % EYE <= last else 0)
        yield from self._show()
        self._next = self._clock.millis() + VOLUME_RING_MS

    def _set_pixel(self, text: str) -> Steps:
        index, _, colour = text[1:].partition(",")
        pixel = _digits(index, 8)
        if pixel < EYE_PIXELS:
            self.anim = _Anim.NONE
            self._state = _State.CUSTOM
            self._set(pixel, _digits(colour.partition(",")[0], 32))
            yield from self._show()
            yield EYES_STEP_MS - EYES_SHOW_MS

    def _spin_for(self, text: str) -> Steps:
        self._end = (self._clock.millis() + _signed(_to_int(text), 16)) % (1 << 32)
        return self.start(_Anim.TIMED_SPIN, _Side.BOTH)

    def paint(self, colour: int, side: _Side = _Side.BOTH) -> Steps:
        """Light one eye or both in a colour, darken the rest; pixel by pixel, which takes 42 ms."""
        lit = _eyes_of(side)
        return self._paint_each([colour if i // EYE in lit else 0 for i in range(EYE_PIXELS)])

    def _paint_each(self, colours: list[int]) -> Steps:
        scaled = [self._scaled(colour) for colour in colours]
        if scaled == self._pixels and tuple(scaled) == self._board.eyes:
            yield EYE_PIXELS * EYES_STEP_MS
            return
        for i, pixel in enumerate(scaled):
            self._pixels[i] = pixel
            yield from self._show()
            yield EYES_STEP_MS - EYES_SHOW_MS

    def _scaled(self, colour: int) -> int:
        if self.level == 255:
            return colour & 0xFFFFFF
        return _each_channel(colour, lambda channel: channel * (self.level + 1) >> 8)

    def _set(self, index: int, colour: int) -> None:
        if index < EYE_PIXELS:
            self._pixels[index] = self._scaled(colour)

    def _show(self) -> Steps:
        yield EYES_SHOW_MS
        self._board.show_eyes(self._pixels)

    def start(self, anim: _Anim, side: _Side) -> Steps:
        """Start an animation. Eyes that look or are narrowed go back first, and it waits for that."""
        if self._state is _State.NARROWED and anim is not _Anim.WIDEN:
            self._queued = anim, side
            anim, side = _Anim.WIDEN, _Side.BOTH
        elif self._state is _State.LOOKING and anim is not _Anim.UNLOOK:
            self._queued = anim, side
            anim, side = _Anim.UNLOOK, self._look_side
        self.anim = anim
        self._side = side
        if anim is _Anim.LOOK:
            self._look_side = side
        if anim not in (_Anim.WIDEN, _Anim.UNLOOK, _Anim.REFILL):
            yield from self.on()
        self._state = _State.ANIMATING
        self._set_up()
        yield from self._frame()

    def _set_up(self) -> None:
        self._next = 0
        self._frame_ms = _FRAME_MS[self.anim]
        self._left_jump = EYE
        match self.anim:
            case _Anim.BLINK | _Anim.NARROW:
                self._lid = 0
                self._opening = False
            case _Anim.WIDEN:
                self._lid = 2
                self._opening = True
            case _Anim.SPIN | _Anim.TIMED_SPIN:
                self._pos = 0
            case _Anim.REFILL:
                self._end_pos = self._pos
            case _Anim.LOOK | _Anim.UNLOOK:
                unlook = self.anim is _Anim.UNLOOK
                self._pos, self._end_pos = (_LOOK_FRAMES, 0) if unlook else (0, _LOOK_FRAMES)
                starts = _UNLOOK_FROM if unlook else _LOOK_FROM
                self._look_from = starts.get(self._side, self._look_from)  # both: wherever the last one began
                self._first = self._look_from
                self._second = (self._look_from + 1) % EYE
                if self._side is _Side.CROSS:
                    self._left_jump += EYE // 2

    def update(self) -> Steps:
        """What the main loop asks for each time."""
        match self.anim:
            case _Anim.NONE:
                if self._state is _State.OPEN:
                    yield from self.on()
            case _Anim.VOLUME:
                if self._clock.millis() > self._next:
                    self.anim = _Anim.NONE
            case _Anim.TIMED_SPIN if self._clock.millis() > self._end:
                yield from self._off()
            case _:
                yield from self._frame()

    def cycle_ms(self) -> float:
        """How long an update takes that changes nothing."""
        return EYE_PIXELS * EYES_STEP_MS if self.anim is _Anim.NONE and self._state is _State.OPEN else 0.0

    def due(self) -> float:
        """When an update has something to do."""
        match self.anim:
            case _Anim.NONE:
                return math.inf
            case _Anim.VOLUME:
                return self._clock.when(self._next + 1)
            case _Anim.TIMED_SPIN:
                return self._clock.when(min(self._next, self._end + 1))
            case _:
                return self._clock.when(self._next)

    def _frame(self) -> Steps:
        if self._clock.millis() < self._next:
            return
        self._draw()
        yield EYES_FRAME_MS
        yield from self._show()
        yield from self._move_on()
        self._next = self._clock.millis() + self._frame_ms

    def _draw(self) -> None:
        match self.anim:
            case _Anim.BLINK | _Anim.NARROW | _Anim.WIDEN:
                self._draw_lids(self._colour if self._opening else 0)
            case _Anim.LOOK | _Anim.UNLOOK:
                self._draw_look(self._colour if self.anim is _Anim.UNLOOK else 0)
            case _Anim.SPIN | _Anim.TIMED_SPIN | _Anim.REFILL:
                for eye in _eyes_of(self._side):
                    self._set(self._pos + eye * EYE, self._colour)
                    if self.anim is not _Anim.REFILL:
                        self._set(self._last_pos + eye * EYE, 0)

    def _draw_lids(self, colour: int) -> None:
        for eye in _eyes_of(self._side):
            for pixel in (self._lid, EYE - 1 - self._lid, EYE // 2 + self._lid, EYE // 2 - 1 - self._lid):
                self._set(pixel + eye * EYE, colour)

    def _draw_look(self, colour: int) -> None:
        for pixel in (self._first, self._second):
            self._set(pixel, colour)
            self._set((pixel + self._left_jump) % EYE + EYE, colour)

    def _move_on(self) -> Steps:
        """Go to the next frame, or end the animation."""
        match self.anim:
            case _Anim.BLINK | _Anim.NARROW | _Anim.WIDEN:
                yield from self._move_lids()
            case _Anim.LOOK | _Anim.UNLOOK:
                yield from self._move_look()
            case _Anim.SPIN | _Anim.TIMED_SPIN:
                self._last_pos = self._pos
                self._pos = (self._pos + 1) % EYE
            case _Anim.REFILL:
                self._pos += 1
                if self._pos == self._end_pos:  # never, if it began at 0: then it goes on for ever
                    yield from self._finish(_State.OPEN)
                if self._pos >= EYE:
                    self._pos = 0

    def _move_lids(self) -> Steps:
        self._lid += -1 if self._opening else 1
        match self.anim:
            case _Anim.BLINK if not self._opening:
                self._opening = self._lid > 2
            case _Anim.BLINK if self._lid == 0:
                yield from self._finish(_State.OPEN)
            case _Anim.NARROW if self._lid == 2:
                yield from self._finish(_State.NARROWED)
            case _Anim.WIDEN if self._lid < 0:
                yield from self._finish(_State.OPEN)

    def _move_look(self) -> Steps:
        step, end = (1, _State.LOOKING) if self.anim is _Anim.LOOK else (-1, _State.OPEN)
        self._pos += step
        if self._pos == self._end_pos:
            yield from self._finish(end)
            return
        # Two slips of the firmware: 12 is a pixel of the other eye, and below 0 the first one wraps to 255.
        self._first = (self._first + step) & 0xFF if self._first + step <= EYE else 0
        self._second = self._second - step if self._second - step >= 0 else EYE

    def _finish(self, state: _State) -> Steps:
        self._state = state
        self.anim = _Anim.NONE
        if self._queued:
            anim, side = self._queued
            self._queued = None
            yield from self.start(anim, side)


_SIDES = {side.value for side in _Side}


def _eyes_of(side: _Side) -> tuple[int, ...]:
    """The eyes, 0 for `r` and 1 for `l`, that a side stands for."""
    return {_Side.BOTH: (0, 1), _Side.RIGHT: (0,), _Side.LEFT: (1,)}.get(side, ())


def _each_channel(colour: int, change: Callable[[int], int]) -> int:
    red, green, blue = (change(colour >> shift & 0xFF) for shift in (16, 8, 0))
    return red << 16 | green << 8 | blue


class _Face(Enum):
    NONE = auto()
    TALK = auto()
    LISTEN = auto()
    THINK = auto()
    TEXT = auto()
    VISEME = auto()
    ICON = auto()


class _Canvas:
    """The picture in memory that a display shows next; drawing returns how long it took, in ms."""

    def __init__(self, board: _Board) -> None:
        self._board = board
        self._columns = [0] * MOUTH_COLUMNS

    def clear(self) -> None:
        self._columns = [0] * MOUTH_COLUMNS

    def show(self) -> Steps:
        yield MOUTH_SHOW_MS
        self._board.show_mouth(self._columns)

    def draw(self, picture: Sequence[int], height: int, x: int, y: int) -> float:
        """Draw columns of a height; x and y may be outside."""
        mask = _rows_drawn(height, y)
        visible = 0
        for at, column in enumerate(picture, x):
            if 0 <= at < MOUTH_COLUMNS:
                shifted = column << y if y >= 0 else column >> -y
                self._columns[at] = self._columns[at] & ~mask | shifted & mask
                visible += 1
        return visible * (MOUTH_SPLIT_COLUMN_MS if y % 4 else MOUTH_COLUMN_MS)

    def draw_text(self, text: str, font: dict[str, Picture], height: int, x: int, y: int) -> float:
        """Draw a line of text, each glyph with an empty column behind it."""
        ms = TEXT_MS
        for glyph in _glyphs(text, font):
            if x >= MOUTH_COLUMNS:
                break
            ms += self.draw((*glyph, 0), height, x, y)
            x += len(glyph) + 1
        return ms


def _glyphs(text: str, font: dict[str, Picture]) -> list[Picture]:
    """The glyphs of those characters that the font has."""
    return [font[character.upper()] for character in text if character.upper() in font]


def _text_width(text: str) -> int:
    return sum(len(glyph) + 1 for glyph in _glyphs(text, pictures.SMALL_FONT)) - 1


@cache
def _rows_drawn(height: int, y: int) -> int:
    """The rows, as bits, that a picture replaces, computed the way of the firmware, 4 rows at a time.

    It loses a row of pictures that are low and not at a multiple of 4.
    """
    shift, rows, begun = y % 4, 0, False
    for top in range(y, y + height + 4, 4):
        done = top - y
        if done >= height and not begun:
            break
        if not -4 < top < MOUTH_ROWS:
            continue
        if done >= height:
            part = 0xF >> (4 - shift)
        else:
            left = height - done + (shift if begun else 0)
            part = 0xF if height - top >= 4 else 0xF >> max(0, 4 - left)
            if shift and not begun:
                part = part & 0xF << shift if top > 0 else 0
        rows |= part << max(0, top - shift)
        begun = shift > 0
    return rows


class _MouthProgram:
    """The mouth: text, icons, visemes and animations."""

    def __init__(self, board: _Board) -> None:
        self._clock = board.clock
        self._canvas = _Canvas(board)
        self.face = _Face.NONE
        self._last_face = _Face.NONE
        self._frame = 0
        self._frames_left = 0
        self._next = 0  # millis() after which the next frame is drawn
        self._text = ""
        self._text_width = 0
        self._text_pos = 0
        self._icon_part = ""
        self._icon_waits = False  # for its second part
        self._temperature_x = 0

    def command(self, command: str) -> Steps:
        return _dispatch(
            command,
            ("reset", lambda _: self.reset()),
            ("faketalk", lambda _: self._fake_talk()),
            ("talk", lambda _: self._talk()),
            ("listen", lambda _: self.listen()),
            ("think", lambda _: self._think()),
            ("text=", self._write),
            ("icon", lambda text: self._show_icon(text[1:])),
            ("viseme=", self._show_viseme),
        )

    def fill(self) -> Steps:
        """Light every pixel, whatever the mouth is at."""
        yield self._canvas.draw((0xFF,) * MOUTH_COLUMNS, MOUTH_ROWS, 0, 0)
        yield from self._canvas.show()

    def reset(self) -> Steps:
        self.face = _Face.NONE
        self._text_width = self._text_pos = 0
        self._canvas.clear()
        return self._canvas.show()

    def update(self) -> Steps:
        """What the main loop asks for each time."""
        match self.face:
            case _Face.TALK:
                yield from self._talk()
            case _Face.LISTEN:
                yield from self.listen()
            case _Face.THINK:
                yield from self._think()
            case _Face.TEXT:
                yield from self._update_text()
            case _Face.NONE if self._last_face is not _Face.NONE:
                yield from self.reset()
        self._last_face = self.face

    def cycle_ms(self) -> float:
        """How long an update takes that changes nothing."""
        return MOUTH_COLUMNS * MOUTH_COLUMN_MS + MOUTH_SHOW_MS if self.face is _Face.TALK else 0.0

    def due(self) -> float:
        """When an update has something to do."""
        moves = self.face in (_Face.LISTEN, _Face.THINK, _Face.TEXT)
        return self._clock.when(self._next + 1) if moves else math.inf

    def _talk(self) -> Steps:
        self.face = _Face.TALK
        return self._show_frame(pictures.TALK[0])

    def _fake_talk(self) -> Steps:
        """Shows a frame of an animation that the next update replaces."""
        if self.face is not _Face.TALK:
            self._begin(_Face.TALK, FAKE_TALK_FRAMES)
        if self._clock.millis() > self._next:
            last = len(pictures.TALK) - 1
            yield from self._show_frame(pictures.TALK[min(self._frame, last)])
            self._frame += 1 if self._frame < last else -1
            self._end_frame(TALK_FRAME_MS)
        if self._frames_left == 0:
            self._begin(_Face.TALK, FAKE_TALK_FRAMES)

    def listen(self) -> Steps:
        if self.face is not _Face.LISTEN:
            self._begin(_Face.LISTEN)
        if self._clock.millis() > self._next:
            yield from self._show_frame(pictures.LISTEN[self._frame])
            self._frame = (self._frame + 1) % len(pictures.LISTEN)
            self._end_frame(LISTEN_FRAME_MS)

    def _think(self) -> Steps:
        there_and_back = (*pictures.THINK, *reversed(pictures.THINK))
        if self.face is not _Face.THINK:
            self._begin(_Face.THINK, len(there_and_back))
        if self._clock.millis() > self._next:
            yield from self._show_frame(there_and_back[self._frame])
            self._frame += 1
            self._end_frame(THINK_FRAME_MS)
        if self._frames_left == 0:
            self._begin(_Face.THINK, len(there_and_back))

    def _begin(self, face: _Face, frames: int = 0) -> None:
        self.face = face
        self._frame = 0
        self._frames_left = frames
        self._next = 0

    def _end_frame(self, ms: int) -> None:
        self._frames_left -= 1
        self._next = self._clock.millis() + ms

    def _show_frame(self, picture: Picture) -> Steps:
        self._canvas.clear()
        yield self._canvas.draw(picture, MOUTH_ROWS, 0, 0)
        yield from self._canvas.show()

    def _write(self, text: str) -> Steps:
        self._text = text.partition("\0")[0] if len(text) <= MAX_TEXT else ""
        self._text_width = _text_width(self._text)
        self._text_pos = 0
        self._begin(_Face.TEXT)
        yield from self._update_text()

    def _update_text(self) -> Steps:
        if self._clock.millis() > self._next:
            self._canvas.clear()
            x = MOUTH_COLUMNS - self._text_pos
            yield self._canvas.draw_text(self._text, pictures.SMALL_FONT, TEXT_HEIGHT, x, TEXT_ROW)
            yield from self._canvas.show()
            if self._text_width > MOUTH_COLUMNS:
                self._text_pos = (self._text_pos + 1) % (self._text_width + MOUTH_COLUMNS)
            else:
                self._text_pos = MOUTH_COLUMNS - (MOUTH_COLUMNS - self._text_width) // 2
            self._end_frame(TEXT_STEP_MS)

    def _show_viseme(self, text: str) -> Steps:
        if self.face not in (_Face.TEXT, _Face.ICON):
            self.face = _Face.VISEME
            code = _signed(ord(text[0]), 8) - ord("0") if text else 0
            yield from self._show_frame(pictures.VISEMES[min(max(code, 0), len(pictures.VISEMES) - 1)])

    def weather(self, command: str) -> Steps:
        """Icon and temperature side by side."""
        if not command.startswith("display="):
            return
        temperature, _, icon = command.removeprefix("display=").partition(",")
        match len(temperature):
            case 1:
                self._temperature_x = 18
            case 2:
                self._temperature_x = 16
            case 3:
                self._temperature_x = 13 if temperature.startswith("-") else 14
        yield from self.reset()
        yield from self._show_icon(icon)
        degrees = temperature.partition("\0")[0] + "\\"  # which is a degree sign in the large font
        yield self._canvas.draw_text(degrees, pictures.LARGE_FONT, MOUTH_ROWS, self._temperature_x, 0)
        yield from self._canvas.show()

    def _show_icon(self, text: str) -> Steps:
        code = self._whole_icon(text.partition("\0")[0])
        x = y = 0
        clear = "1"
        if code.startswith("x="):
            number, _, code = code[2:].partition(",")
            x = _digits(number, 8)
        if code.startswith("y="):
            number, _, code = code[2:].partition(",")
            y = _digits(number, 8)
        if code.startswith("cP="):
            clear, code = code[3:4], code[5:]
        if code.startswith("cT="):
            code = code.partition(",")[2]
        if len(code) < 2:
            return
        width, height = (ord(letter) - ord("A") for letter in code[:2])
        data = code[2:]
        if len(data) < 2 * (width & 0xFF):
            return
        yield len(data) ** 2 * ICON_SCAN_MS
        if clear == "1":
            self._canvas.clear()
        nibbles = [ord(letter) - ord("A") & 0xF for letter in data if "A" <= letter < "\x80"]
        for column in range(min(width & 0xFF, len(nibbles) // 2)):
            low, high = nibbles[2 * column : 2 * column + 2]
            yield self._canvas.draw((low | high << 4,), _signed(height, 8), _signed(x + column, 8), _signed(y, 8))
        self.face = _Face.ICON
        yield from self._canvas.show()

    def _whole_icon(self, code: str) -> str:
        """An icon may come in two parts, `...$` and then `$...`; empty while it is not whole."""
        if code.endswith("$"):
            part = code[:-1][:MAX_ICON_PART]
            self._icon_part = part + self._icon_part[len(part) :]  # a longer one before leaves its tail
            self._icon_waits = self._icon_waits or bool(part)
            return ""
        if not code.startswith("$"):
            return code[:MAX_ICON]
        waited, self._icon_waits = self._icon_waits, False
        whole = self._icon_part + code[1:]
        return whole if waited and len(whole) <= MAX_WHOLE_ICON else ""


class _Page(Enum):
    MAIN = auto()
    LEVEL = auto()
    RESET = auto()
    SSH = auto()


_ENTRIES = ("ILLUM", "WI-FI", "REBOOT", "OFF", "TEST", "SSH", "RESET", "DEMO", "EXIT")
_MESSAGES = {
    "WI-FI": "unit.setwifi",
    "REBOOT": "unit.reboot",
    "OFF": "unit.shutdown",
    "DEMO": "mycroft.mark1.demo",
}


class _Menu:
    """The menu that a long press opens, on the mouth's display but with a memory of its own."""

    def __init__(self, board: _Board, eyes: _EyesProgram) -> None:
        self._board = board
        self._eyes = eyes
        self._canvas = _Canvas(board)
        self.entered = False
        self.test_chosen = False
        self._page = _Page.MAIN
        self._entry = 0
        self._yes = False

    def enter(self) -> Steps:
        self.entered = True
        yield from self._draw()
        yield from self._canvas.show()

    def leave(self) -> Steps:
        self._page = _Page.MAIN
        self.entered = False
        self._canvas.clear()
        return self._canvas.show()

    def turn(self, direction: int) -> Steps:
        if self._page is _Page.LEVEL:
            level = self._eyes.level + direction
            if MIN_MENU_LEVEL <= level <= MAX_MENU_LEVEL:
                yield from self._eyes.set_level(level)
            self._match_mouth_level()
        else:
            # Counter-clockwise is forward. On the other pages too this moves the entry of the main page.
            self._yes = direction < 0
            self._entry = min(max(self._entry - direction, 0), len(_ENTRIES) - 1)
        yield from self._draw()

    def _match_mouth_level(self) -> None:
        level = int(self._eyes.level / MAX_MENU_LEVEL * (MAX_MOUTH_LEVEL - 1)) + 1
        if level < MAX_MOUTH_LEVEL:  # the firmware takes the highest for out of range
            self._board.set_mouth_level(level)

    def press(self) -> Steps:
        match self._page:
            case _Page.MAIN:
                yield from self._choose(_ENTRIES[self._entry])
            case _Page.LEVEL:
                self._entry = _ENTRIES.index("ILLUM")
                yield from self._open(_Page.MAIN)
            case _Page.SSH:
                yield from self._board.serial.println("unit.enable-ssh" if self._yes else "unit.disable-ssh")
                self._entry = _ENTRIES.index("SSH")
                yield from self.leave()
            case _Page.RESET:
                self._entry = _ENTRIES.index("RESET")
                if self._yes:
                    yield from self._board.serial.println("unit.factory-reset")
                    yield from self.leave()
                else:
                    yield from self._open(_Page.MAIN)

    def _choose(self, entry: str) -> Steps:
        pages = {"ILLUM": _Page.LEVEL, "SSH": _Page.SSH, "RESET": _Page.RESET}
        if entry in pages:
            if entry != "ILLUM":
                self._yes = False
            yield from self._open(pages[entry])
            return
        if entry in _MESSAGES:
            yield from self._board.serial.println(_MESSAGES[entry])
        self.test_chosen = entry == "TEST"
        yield from self.leave()

    def _open(self, page: _Page) -> Steps:
        self._page = page
        return self._draw()

    def _draw(self) -> Steps:
        match self._page:
            case _Page.MAIN:
                back, text, more = self._entry > 0, _ENTRIES[self._entry], self._entry < len(_ENTRIES) - 1
            case _Page.LEVEL:
                level = self._eyes.level
                back, text, more = False, "AUTO" if level >= MAX_MENU_LEVEL else str(level), False
            case _Page.RESET:
                back, text, more = self._yes, "WIPE" if self._yes else "NO", not self._yes
            case _Page.SSH:
                back, text, more = self._yes, "ALLOW" if self._yes else "BLOCK", not self._yes
        self._canvas.clear()
        yield self._draw_text(text, (MOUTH_COLUMNS - _text_width(text)) // 2)
        if back:
            yield self._draw_text("<", 0)
        if more:
            yield self._draw_text(">", 30)
        yield from self._canvas.show()

    def _draw_text(self, text: str, x: int) -> float:
        return self._canvas.draw_text(text, pictures.SMALL_FONT, TEXT_HEIGHT, x, TEXT_ROW)


class _HardwareTest:
    """The test of the assembly line: eyes and mouth white, knob, three colours, microphone, amplifier."""

    def __init__(self, board: _Board, eyes: _EyesProgram, mouth: _MouthProgram) -> None:
        self._board = board
        self._eyes = eyes
        self._mouth = mouth

    def run(self) -> Steps:
        yield from self._eyes.paint(WHITE)
        yield from self._mouth.fill()
        yield from self._board.serial.println("system.test.begin")
        yield from self._try_knob()
        yield from self._eyes.paint(WHITE)
        for colour in (0xFF0000, 0x00FF00, 0x0000FF):
            yield from self._eyes.paint(colour)
            yield from self._await_press()
        yield from self._eyes.paint(WHITE)
        yield from self._board.serial.println("mic.test")
        yield from self._mouth.listen()
        for _ in range(TEST_LISTEN_TURNS):
            yield DELAY_MS
            yield from self._mouth.update()
        yield from self._mouth.reset()
        for _ in range(TEST_MUTES):
            self._board.switch_speaker(on=False)
            yield TEST_MUTED_MS
            self._board.switch_speaker(on=True)
            yield TEST_UNMUTED_MS
        yield from self._board.serial.println("system.test.end")

    def _try_knob(self) -> Steps:
        """Turning lights one eye, until a press."""
        knob = self._board.knob
        while not knob.clicked():
            if direction := knob.direction():
                yield from self._eyes.paint(WHITE, _Side.RIGHT if direction > 0 else _Side.LEFT)
            elif not knob.moved:
                yield _Idle(DELAY_MS, math.inf)

    def _await_press(self) -> Steps:
        while not self._board.knob.clicked():
            yield _Idle(DELAY_MS, math.inf)
