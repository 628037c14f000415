"""The eyes: pixels, colour and level, and one animation at a time."""

import math
from collections.abc import Callable
from enum import Enum, auto
from functools import partial

from hw_sim.firmware.board import EYE, EYE_PIXELS, Board
from hw_sim.firmware.parse import digits, dispatch, signed, to_int
from hw_sim.firmware.timing import ANIMATE_MS, EYES_FRAME_MS, EYES_SHOW_MS, EYES_STEP_MS, VOLUME_RING_MS, Steps

BOOT_LEVEL = 30
BOOT_COLOUR = 0x70656A


class Anim(Enum):
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


class Side(Enum):
    BOTH = "b"
    LEFT = "l"
    RIGHT = "r"
    UP = "u"
    DOWN = "d"
    CROSS = "c"


class EyesMode(Enum):
    OPEN = auto()
    LOOKING = auto()
    NARROWED = auto()
    ANIMATING = auto()
    CUSTOM = auto()


_FRAME_MS = {
    Anim.BLINK: 35,
    Anim.LOOK: 70,
    Anim.UNLOOK: 70,
    Anim.NARROW: 140,
    Anim.WIDEN: 140,
    Anim.SPIN: 60,
    Anim.TIMED_SPIN: 60,
    Anim.REFILL: 60,
}
_LOOK_FRAMES = 6
# The pixel where a look begins to darken the eye, and an unlook to light it.
_LOOK_FROM = {Side.UP: 5, Side.DOWN: 11, Side.LEFT: 8, Side.RIGHT: 2, Side.CROSS: 2}
_UNLOOK_FROM = {Side.UP: 11, Side.DOWN: 5, Side.LEFT: 2, Side.RIGHT: 8, Side.CROSS: 8}


class EyesProgram:
    """The eyes: pixels, colour and level, and one animation at a time."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._clock = board.clock
        self.level = BOOT_LEVEL
        self._colour = BOOT_COLOUR
        self._pixels = [0] * EYE_PIXELS  # what a show sends: scaled by the level
        self._unscaled = [0] * EYE_PIXELS  # what was asked for; the real firmware does not keep it
        self._state = EyesMode.OPEN
        self.anim = Anim.NONE
        self._side = Side.BOTH
        self._look_side = Side.BOTH
        self._queued: tuple[Anim, Side] | None = None
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
        return dispatch(
            command,
            ("color=", self._set_colour),
            ("level=", lambda text: self.set_level(to_int(text))),
            ("fill=", self._fill),
            ("volume=", self._show_volume),
            ("spin=", self._spin_for),
            ("on", lambda _: self.on()),
            ("off", lambda _: self._off()),
            ("set", self._set_pixel),
            ("reset", lambda _: self.reset()),
            ("blink", partial(self._animate, Anim.BLINK)),
            ("narrow", partial(self._animate, Anim.NARROW)),
            ("look", partial(self._animate, Anim.LOOK)),
            ("widen", partial(self._animate, Anim.WIDEN)),
            ("unlook", partial(self._animate, Anim.UNLOOK)),
            ("spin", partial(self._animate, Anim.SPIN)),
        )

    def _animate(self, anim: Anim, text: str) -> Steps:
        # Without an argument the firmware takes the first letter of the command for one.
        letter = text[1:2] if text.startswith("=") else anim.name[0].lower()
        side = Side(letter) if letter in _SIDES else Side.BOTH
        yield ANIMATE_MS
        yield from self.start(anim, side)

    def _set_colour(self, text: str) -> Steps:
        self._colour = to_int(text) & 0xFFFFFF
        return self.on()

    def set_level(self, level: int) -> Steps:
        """Report the level, 0 to 255, and paint with it."""
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
        self.anim = Anim.NONE
        self._state = EyesMode.CUSTOM
        return self.paint(0)

    def reset(self) -> Steps:
        """Back to all lit; a spin refills its ring first."""
        if self.anim in (Anim.SPIN, Anim.TIMED_SPIN):
            yield from self.start(Anim.REFILL, self._side)
        else:
            yield from self.on()
            self._state = EyesMode.OPEN
            self.anim = Anim.NONE

    def _fill(self, text: str) -> Steps:
        last = to_int(text) & 0xFF
        if last == EYE_PIXELS - 1:
            yield from self.reset()
            return
        self.anim = Anim.NONE
        self._state = EyesMode.CUSTOM
        yield from self._paint_each([self._colour if i <= last else 0 for i in range(EYE_PIXELS)])
        yield max(0, last - EYE_PIXELS + 1) * EYES_STEP_MS  # it paints pixels that are not there

    def _show_volume(self, text: str) -> Steps:
        last = to_int(text) & 0xFF
        self._side = Side.BOTH
        self.anim = Anim.VOLUME
        for i in range(EYE_PIXELS):
            self._set(i, self._colour if i % EYE <= last else 0)
        yield from self._show()
        self._next = self._clock.millis() + VOLUME_RING_MS

    def _set_pixel(self, text: str) -> Steps:
        index, _, colour = text[1:].partition(",")
        pixel = digits(index, 8)
        if pixel < EYE_PIXELS:
            self.anim = Anim.NONE
            self._state = EyesMode.CUSTOM
            self._set(pixel, digits(colour.partition(",")[0], 32))
            yield from self._show()
            yield EYES_STEP_MS - EYES_SHOW_MS

    def _spin_for(self, text: str) -> Steps:
        self._end = (self._clock.millis() + signed(to_int(text), 16)) % (1 << 32)
        return self.start(Anim.TIMED_SPIN, Side.BOTH)

    def paint(self, colour: int, side: Side = Side.BOTH) -> Steps:
        """Light one eye or both in a colour, darken the rest; pixel by pixel, which takes 42 ms."""
        lit = _eyes_of(side)
        return self._paint_each([colour if i // EYE in lit else 0 for i in range(EYE_PIXELS)])

    def _paint_each(self, colours: list[int]) -> Steps:
        scaled = [self._scaled(colour) for colour in colours]
        if scaled == self._pixels and tuple(scaled) == self._board.eyes:
            self._unscaled = list(colours)
            self._board.unscaled_eyes = tuple(colours)
            yield EYE_PIXELS * EYES_STEP_MS
            return
        for i, colour in enumerate(colours):
            self._set(i, colour)
            yield from self._show()
            yield EYES_STEP_MS - EYES_SHOW_MS

    def _scaled(self, colour: int) -> int:
        if self.level == 255:
            return colour & 0xFFFFFF
        return _each_channel(colour, lambda channel: channel * (self.level + 1) >> 8)

    def _set(self, index: int, colour: int) -> None:
        if index < EYE_PIXELS:
            self._pixels[index] = self._scaled(colour)
            self._unscaled[index] = colour & 0xFFFFFF

    def _show(self) -> Steps:
        yield EYES_SHOW_MS
        self._board.show_eyes(self._pixels, self._unscaled)

    def start(self, anim: Anim, side: Side) -> Steps:
        """Start an animation. Eyes that look or are narrowed go back first, and it waits for that."""
        if self._state is EyesMode.NARROWED and anim is not Anim.WIDEN:
            self._queued = anim, side
            anim, side = Anim.WIDEN, Side.BOTH
        elif self._state is EyesMode.LOOKING and anim is not Anim.UNLOOK:
            self._queued = anim, side
            anim, side = Anim.UNLOOK, self._look_side
        self.anim = anim
        self._side = side
        if anim is Anim.LOOK:
            self._look_side = side
        if anim not in (Anim.WIDEN, Anim.UNLOOK, Anim.REFILL):
            yield from self.on()
        self._state = EyesMode.ANIMATING
        self._set_up()
        yield from self._frame()

    def _set_up(self) -> None:
        self._next = 0
        self._frame_ms = _FRAME_MS[self.anim]
        self._left_jump = EYE
        match self.anim:
            case Anim.BLINK | Anim.NARROW:
                self._lid = 0
                self._opening = False
            case Anim.WIDEN:
                self._lid = 2
                self._opening = True
            case Anim.SPIN | Anim.TIMED_SPIN:
                self._pos = 0
            case Anim.REFILL:
                self._end_pos = self._pos
            case Anim.LOOK | Anim.UNLOOK:
                unlook = self.anim is Anim.UNLOOK
                self._pos, self._end_pos = (_LOOK_FRAMES, 0) if unlook else (0, _LOOK_FRAMES)
                starts = _UNLOOK_FROM if unlook else _LOOK_FROM
                self._look_from = starts.get(self._side, self._look_from)  # both: wherever the last one began
                self._first = self._look_from
                self._second = (self._look_from + 1) % EYE
                if self._side is Side.CROSS:
                    self._left_jump += EYE // 2

    def update(self) -> Steps:
        """What the main loop asks for each time."""
        match self.anim:
            case Anim.NONE:
                if self._state is EyesMode.OPEN:
                    yield from self.on()
            case Anim.VOLUME:
                if self._clock.millis() > self._next:
                    self.anim = Anim.NONE
            case Anim.TIMED_SPIN if self._clock.millis() > self._end:
                yield from self._off()
            case _:
                yield from self._frame()

    def cycle_ms(self) -> float:
        """How long an update takes that changes nothing."""
        return EYE_PIXELS * EYES_STEP_MS if self.anim is Anim.NONE and self._state is EyesMode.OPEN else 0.0

    def due(self) -> float:
        """When an update has something to do."""
        match self.anim:
            case Anim.NONE:
                return math.inf
            case Anim.VOLUME:
                return self._clock.when(self._next + 1)
            case Anim.TIMED_SPIN:
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
            case Anim.BLINK | Anim.NARROW | Anim.WIDEN:
                self._draw_lids(self._colour if self._opening else 0)
            case Anim.LOOK | Anim.UNLOOK:
                self._draw_look(self._colour if self.anim is Anim.UNLOOK else 0)
            case Anim.SPIN | Anim.TIMED_SPIN | Anim.REFILL:
                for eye in _eyes_of(self._side):
                    self._set(self._pos + eye * EYE, self._colour)
                    if self.anim is not Anim.REFILL:
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
            case Anim.BLINK | Anim.NARROW | Anim.WIDEN:
                yield from self._move_lids()
            case Anim.LOOK | Anim.UNLOOK:
                yield from self._move_look()
            case Anim.SPIN | Anim.TIMED_SPIN:
                self._last_pos = self._pos
                self._pos = (self._pos + 1) % EYE
            case Anim.REFILL:
                self._pos += 1
                if self._pos == self._end_pos:  # never, if it began at 0: then it does not end
                    yield from self._finish(EyesMode.OPEN)
                if self._pos >= EYE:
                    self._pos = 0

    def _move_lids(self) -> Steps:
        self._lid += -1 if self._opening else 1
        match self.anim:
            case Anim.BLINK if not self._opening:
                self._opening = self._lid > 2
            case Anim.BLINK if self._lid == 0:
                yield from self._finish(EyesMode.OPEN)
            case Anim.NARROW if self._lid == 2:
                yield from self._finish(EyesMode.NARROWED)
            case Anim.WIDEN if self._lid < 0:
                yield from self._finish(EyesMode.OPEN)

    def _move_look(self) -> Steps:
        step, end = (1, EyesMode.LOOKING) if self.anim is Anim.LOOK else (-1, EyesMode.OPEN)
        self._pos += step
        if self._pos == self._end_pos:
            yield from self._finish(end)
            return
        # Two slips of the firmware: 12 is a pixel of the other eye, and below 0 the first one wraps to 255.
        self._first = (self._first + step) & 0xFF if self._first + step <= EYE else 0
        self._second = self._second - step if self._second - step >= 0 else EYE

    def _finish(self, state: EyesMode) -> Steps:
        self._state = state
        self.anim = Anim.NONE
        if self._queued:
            anim, side = self._queued
            self._queued = None
            yield from self.start(anim, side)


_SIDES = {side.value for side in Side}


def _eyes_of(side: Side) -> tuple[int, ...]:
    """The eyes, 0 for `r` and 1 for `l`, that a side stands for."""
    return {Side.BOTH: (0, 1), Side.RIGHT: (0,), Side.LEFT: (1,)}.get(side, ())


def _each_channel(colour: int, change: Callable[[int], int]) -> int:
    red, green, blue = (change(colour >> shift & 0xFF) for shift in (16, 8, 0))
    return red << 16 | green << 8 | blue
