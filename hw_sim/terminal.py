"""A device in a terminal: what it shows, keys for its controls, and below them what goes on. Loads curses."""

import asyncio
import contextlib
import curses
import itertools
import locale
import logging
import math
import os
import select
import signal
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, cast

from hw_sim.face import LIT, Rgb, visible
from hw_sim.firmware.board import EYE, MOUTH_COLUMNS
from hw_sim.inputs import Hand, Push, Release, Slide, Turn
from hw_sim.panel import Viewer

FRAME_S = 1 / 20
"""Between two looks at the device."""

PRESS_S, HOLD_S = 0.15, 2.2
"""How long a key holds a button, as terminals report no release: as a finger, and until the menu opens."""

LOG_LINES = 100

HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
ASCII_HALVES = {(False, False): " ", (True, False): "'", (False, True): ".", (True, True): ":"}
"""The characters for two rows of the mouth, by their pixels."""
LIGHTS, ASCII_LIGHTS = {True: "●", False: "·"}, {True: "O", False: "."}
"""The characters for a light, by whether it is lit."""

RING_WIDTH, RING_HEIGHT = 15, 7
WIDTH, HEIGHT = MOUTH_COLUMNS + 4, RING_HEIGHT + 8
"""The smallest terminal."""

KEYS = "space press   h hold   left/right turn   1-9 press   m mute   q quit"


@dataclass(frozen=True, slots=True)
class Cell:
    """Something at a place of the screen; without a colour it has that of the text."""

    y: int
    x: int
    text: str
    colour: Rgb | None = None


def cells(board: Mapping[str, Any], state: Mapping[str, Any], *, unicode: bool) -> Iterator[Cell]:
    """A device, as `Viewer` describes it."""
    lights = LIGHTS if unicode else ASCII_LIGHTS
    if not board["face"]:
        yield from _ring(0, state["lights"], board, lights)
        for name, muted in state["muted"].items():
            yield Cell(RING_HEIGHT, 0, f"{name}: {'muted' if muted else 'on'}")
        return
    for number in (0, 1):
        eye = state["eyes"][number * EYE : (number + 1) * EYE]
        yield from _ring(number * (WIDTH - RING_WIDTH), eye, board, lights)
    halves = HALVES if unicode else ASCII_HALVES
    rows = state["mouth"]
    for y, (upper, lower) in enumerate(zip(rows[::2], rows[1::2], strict=True)):
        text = "".join(halves[a == LIT, b == LIT] for a, b in zip(upper, lower, strict=True))
        yield Cell(RING_HEIGHT + 1 + y, 2, text)
    if not state["plugged"]:
        yield Cell(RING_HEIGHT, 2, "the faceplate is unplugged")


def _ring(x: int, colours: Sequence[str], board: Mapping[str, Any], lights: Mapping[bool, str]) -> Iterator[Cell]:
    """Lights in a ring, the first one at the top; those of an eye begin half a light to the right of it."""
    offset = 0.5 if board["face"] else 0.0
    for index, code in enumerate(colours):
        turn = 2 * math.pi * (index + offset) / len(colours)
        red, green, blue = (int(code[at : at + 2], 16) for at in (0, 2, 4))
        lit = any((red, green, blue))
        colour = visible((red, green, blue), board["full"]) if lit else None
        across, down = RING_WIDTH // 2, RING_HEIGHT // 2
        yield Cell(
            round(down - down * math.cos(turn)), x + round(across + across * math.sin(turn)), lights[lit], colour
        )


def _restore() -> None:
    with contextlib.suppress(curses.error):  # of a terminal that is gone
        curses.endwin()


class Terminal:
    """The screen. Use as a context manager, which restores the terminal; raises ValueError where there is none."""

    def __init__(self) -> None:
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._moves: set[asyncio.Task[None]] = set()
        self._stack = contextlib.ExitStack()
        self._screen: curses.window
        self._unicode = False
        self._pairs = itertools.count(1)
        self._colours: dict[int, int] = {}
        """Attributes by the number of a colour."""

    def __enter__(self) -> "Terminal":
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise ValueError("--terminal needs a terminal")
        locale.setlocale(locale.LC_ALL, "")
        self._unicode = locale.getpreferredencoding(False).upper() == "UTF-8"
        try:
            curses.setupterm()
            self._screen = curses.initscr()
        except curses.error as error:
            raise ValueError(f"cannot use the terminal {os.environ.get('TERM', '')!r}: {error}") from error
        self._stack.callback(_restore)
        curses.noecho()
        curses.cbreak()
        self._screen.keypad(True)
        self._screen.nodelay(True)
        with contextlib.suppress(curses.error):  # of terminals without
            curses.curs_set(0)
        with contextlib.suppress(curses.error):
            curses.start_color()
            curses.use_default_colors()
        lines = cast("TextIO", self)  # what else would be printed over the screen goes into its log
        self._stack.enter_context(contextlib.redirect_stderr(lines))
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and (before := handler.setStream(lines)):
                self._stack.callback(handler.setStream, before)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def report(self, source: str, what: str) -> None:
        """Adds a line to the log, as the simulator's own report does."""
        self.write(f"{source:<9} {what}" if source else what)

    def write(self, text: str) -> int:
        """Adds lines to the log."""
        self._log.extend(line for line in text.splitlines() if line.strip())
        return len(text)

    def flush(self) -> None:
        """Has nothing to do."""

    async def run(self, viewer: Viewer) -> None:
        """Shows a device and works its controls until cancelled."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, self._resize)
        loop.add_reader(sys.stdin.fileno(), self._read_keys, viewer)
        shown: object = None
        try:
            while True:
                state = (viewer.state(), self._screen.getmaxyx(), list(self._log))
                if state != shown:
                    shown = state
                    self._draw(viewer.board, state[0])
                await asyncio.sleep(FRAME_S)
        finally:
            loop.remove_reader(sys.stdin.fileno())
            loop.remove_signal_handler(signal.SIGWINCH)

    def _draw(self, board: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        screen = self._screen
        screen.erase()
        height, width = screen.getmaxyx()
        if height < HEIGHT or width < WIDTH:
            self._put(Cell(0, 0, f"{WIDTH} x {HEIGHT} at least"))
        else:
            for cell in cells(board, state, unicode=self._unicode):
                self._put(cell)
            self._put(Cell(HEIGHT - 2, 0, KEYS))
            room = height - HEIGHT
            for y, line in enumerate(list(self._log)[-room:] if room else ()):
                self._put(Cell(HEIGHT + y, 0, line))
        screen.refresh()

    def _put(self, cell: Cell) -> None:
        printable = "".join(letter if letter.isprintable() else " " for letter in cell.text)
        width = self._screen.getmaxyx()[1]
        with contextlib.suppress(curses.error):  # the last place of the screen cannot be left
            self._screen.addnstr(cell.y, cell.x, printable, width - cell.x, self._attribute(cell.colour))

    def _attribute(self, colour: Rgb | None) -> int:
        if colour is None or not curses.has_colors():
            return 0
        if curses.COLORS >= 256:
            red, green, blue = (round(part / 51) for part in colour)
            number = 16 + 36 * red + 6 * green + blue
        else:
            number = sum(1 << bit for bit, part in enumerate(colour) if part > 127)
        if number not in self._colours:
            pair = next(self._pairs)
            if pair >= curses.COLOR_PAIRS:
                return 0
            curses.init_pair(pair, number, -1)
            self._colours[number] = curses.color_pair(pair)
        return self._colours[number]

    def _resize(self) -> None:
        size = os.get_terminal_size()
        curses.resizeterm(size.lines, size.columns)

    def _read_keys(self, viewer: Viewer) -> None:
        while (key := self._screen.getch()) != curses.ERR:
            self._key(viewer, key)
        hang_up = select.poll()
        hang_up.register(sys.stdin, 0)
        if hang_up.poll(0):  # the terminal is gone, and its end would be read again and again
            signal.raise_signal(signal.SIGTERM)

    def _key(self, viewer: Viewer, key: int) -> None:
        buttons, encoders, switches = (viewer.board[kind] for kind in ("buttons", "encoders", "switches"))
        number = key - ord("1")
        if key == ord("q"):
            signal.raise_signal(signal.SIGTERM)
        elif key in (ord(" "), ord("\n"), curses.KEY_ENTER) and buttons:
            self._begin(viewer, buttons[0], PRESS_S)
        elif key == ord("h") and buttons:
            self._begin(viewer, buttons[0], HOLD_S)
        elif 0 <= number < len(buttons):
            self._begin(viewer, buttons[number], PRESS_S)
        elif key in (curses.KEY_LEFT, curses.KEY_RIGHT) and encoders:
            self._do(viewer, Turn(encoders[0], 1 if key == curses.KEY_RIGHT else -1))
        elif key == ord("m") and switches:
            muted = cast("Mapping[str, bool]", viewer.state()["muted"])[switches[0]]
            self._do(viewer, Slide(switches[0], not muted))

    def _begin(self, viewer: Viewer, button: str, seconds: float) -> None:
        async def press() -> None:
            self._do(viewer, Push(button))
            await asyncio.sleep(seconds)
            self._do(viewer, Release(button))

        task = asyncio.create_task(press())
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)

    def _do(self, viewer: Viewer, hand: Hand) -> None:
        viewer.do(hand)
