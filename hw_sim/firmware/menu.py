"""The menu that a long press opens, and the hardware test in it."""

import math
from enum import Enum, auto

from hw_sim.firmware import glyphs
from hw_sim.firmware.board import MAX_MOUTH_LEVEL, MOUTH_COLUMNS, Board
from hw_sim.firmware.eyes import EyesProgram, Side
from hw_sim.firmware.mouth import TEXT_HEIGHT, TEXT_ROW, Canvas, MouthProgram, text_width
from hw_sim.firmware.timing import DELAY_MS, TEST_MUTED_MS, TEST_UNMUTED_MS, Idle, Steps

WHITE = 0xFFFFFF
MIN_MENU_LEVEL, MAX_MENU_LEVEL = 1, 30
TEST_LISTEN_TURNS = 7500
TEST_MUTES = 10


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


class Menu:
    """The menu that a long press opens, on the mouth's display but with a memory of its own."""

    def __init__(self, board: Board, eyes: EyesProgram) -> None:
        self._board = board
        self._eyes = eyes
        self._canvas = Canvas(board)
        board.in_menu = False
        self.test_chosen = False
        self._page = _Page.MAIN
        self._entry = 0
        self._yes = False

    @property
    def entered(self) -> bool:
        return self._board.in_menu

    def enter(self) -> Steps:
        self._board.in_menu = True
        yield from self._draw()
        yield from self._canvas.show()

    def leave(self) -> Steps:
        self._page = _Page.MAIN
        self._board.in_menu = False
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
        yield self._draw_text(text, (MOUTH_COLUMNS - text_width(text)) // 2)
        if back:
            yield self._draw_text("<", 0)
        if more:
            yield self._draw_text(">", 30)
        yield from self._canvas.show()

    def _draw_text(self, text: str, x: int) -> float:
        return self._canvas.draw_text(text, glyphs.SMALL_FONT, TEXT_HEIGHT, x, TEXT_ROW)


class HardwareTest:
    """The test of the assembly line: eyes and mouth white, knob, three colours, microphone, amplifier."""

    def __init__(self, board: Board, eyes: EyesProgram, mouth: MouthProgram) -> None:
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
                yield from self._eyes.paint(WHITE, Side.RIGHT if direction > 0 else Side.LEFT)
            elif not knob.moved:
                yield Idle(DELAY_MS, math.inf)

    def _await_press(self) -> Steps:
        while not self._board.knob.clicked():
            yield Idle(DELAY_MS, math.inf)
