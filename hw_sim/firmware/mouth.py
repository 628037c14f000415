"""The mouth: text, icons, visemes and animations."""

import math
from collections.abc import Sequence
from enum import Enum, auto
from functools import cache

from hw_sim.firmware import glyphs
from hw_sim.firmware.board import MOUTH_COLUMNS, MOUTH_ROWS, Board
from hw_sim.firmware.glyphs import Picture
from hw_sim.firmware.parse import digits, dispatch, signed
from hw_sim.firmware.timing import (
    ICON_MS,
    ICON_OPTION_MS,
    ICON_SCAN_MS,
    LISTEN_FRAME_MS,
    MOUTH_COLUMN_MS,
    MOUTH_SHOW_MS,
    MOUTH_SPLIT_COLUMN_MS,
    TALK_FRAME_MS,
    TEXT_MS,
    TEXT_STEP_MS,
    THINK_FRAME_MS,
    WEATHER_MS,
    Steps,
)

MAX_TEXT = 100  # a longer text, which takes two copies more, is blank
FAKE_TALK_FRAMES = 6
TEXT_ROW, TEXT_HEIGHT = 2, 5
MAX_ICON = 60  # characters of an icon in one line that are read
MAX_ICON_PART = 61  # characters of the first part of an icon that have room
MAX_WHOLE_ICON = 89  # characters of an icon in two parts


class MouthMode(Enum):
    NONE = auto()
    TALK = auto()
    LISTEN = auto()
    THINK = auto()
    TEXT = auto()
    VISEME = auto()
    ICON = auto()


class Canvas:
    """The picture in memory that a display shows next; drawing returns how long it took, in ms."""

    def __init__(self, board: Board) -> None:
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


def text_width(text: str) -> int:
    return sum(len(glyph) + 1 for glyph in _glyphs(text, glyphs.SMALL_FONT)) - 1


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


class MouthProgram:
    """The mouth: text, icons, visemes and animations."""

    def __init__(self, board: Board) -> None:
        self._clock = board.clock
        self._canvas = Canvas(board)
        self.face = MouthMode.NONE
        self._last_face = MouthMode.NONE
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
        return dispatch(
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
        self.face = MouthMode.NONE
        self._text_width = self._text_pos = 0
        self._canvas.clear()
        return self._canvas.show()

    def update(self) -> Steps:
        """What the main loop asks for each time."""
        match self.face:
            case MouthMode.TALK:
                yield from self._talk()
            case MouthMode.LISTEN:
                yield from self.listen()
            case MouthMode.THINK:
                yield from self._think()
            case MouthMode.TEXT:
                yield from self._update_text()
            case MouthMode.NONE if self._last_face is not MouthMode.NONE:
                yield from self.reset()
        self._last_face = self.face

    def cycle_ms(self) -> float:
        """How long an update takes that changes nothing."""
        return MOUTH_COLUMNS * MOUTH_COLUMN_MS + MOUTH_SHOW_MS if self.face is MouthMode.TALK else 0.0

    def due(self) -> float:
        """When an update has something to do."""
        moves = self.face in (MouthMode.LISTEN, MouthMode.THINK, MouthMode.TEXT)
        return self._clock.when(self._next + 1) if moves else math.inf

    def _talk(self) -> Steps:
        self.face = MouthMode.TALK
        return self._show_frame(glyphs.TALK[0])

    def _fake_talk(self) -> Steps:
        """Shows a frame of an animation that the next update replaces."""
        if self.face is not MouthMode.TALK:
            self._begin(MouthMode.TALK, FAKE_TALK_FRAMES)
        if self._clock.millis() > self._next:
            last = len(glyphs.TALK) - 1
            yield from self._show_frame(glyphs.TALK[min(self._frame, last)])
            self._frame += 1 if self._frame < last else -1
            self._end_frame(TALK_FRAME_MS)
        if self._frames_left == 0:
            self._begin(MouthMode.TALK, FAKE_TALK_FRAMES)

    def listen(self) -> Steps:
        if self.face is not MouthMode.LISTEN:
            self._begin(MouthMode.LISTEN)
        if self._clock.millis() > self._next:
            yield from self._show_frame(glyphs.LISTEN[self._frame])
            self._frame = (self._frame + 1) % len(glyphs.LISTEN)
            self._end_frame(LISTEN_FRAME_MS)

    def _think(self) -> Steps:
        there_and_back = (*glyphs.THINK, *reversed(glyphs.THINK))
        if self.face is not MouthMode.THINK:
            self._begin(MouthMode.THINK, len(there_and_back))
        if self._clock.millis() > self._next:
            yield from self._show_frame(there_and_back[self._frame])
            self._frame += 1
            self._end_frame(THINK_FRAME_MS)
        if self._frames_left == 0:
            self._begin(MouthMode.THINK, len(there_and_back))

    def _begin(self, face: MouthMode, frames: int = 0) -> None:
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
        self._text_width = text_width(self._text)
        self._text_pos = 0
        self._begin(MouthMode.TEXT)
        yield from self._update_text()

    def _update_text(self) -> Steps:
        if self._clock.millis() > self._next:
            self._canvas.clear()
            x = MOUTH_COLUMNS - self._text_pos
            yield self._canvas.draw_text(self._text, glyphs.SMALL_FONT, TEXT_HEIGHT, x, TEXT_ROW)
            yield from self._canvas.show()
            if self._text_width > MOUTH_COLUMNS:
                self._text_pos = (self._text_pos + 1) % (self._text_width + MOUTH_COLUMNS)
            else:
                self._text_pos = MOUTH_COLUMNS - (MOUTH_COLUMNS - self._text_width) // 2
            self._end_frame(TEXT_STEP_MS)

    def _show_viseme(self, text: str) -> Steps:
        if self.face not in (MouthMode.TEXT, MouthMode.ICON):
            self.face = MouthMode.VISEME
            code = signed(ord(text[0]), 8) - ord("0") if text else 0
            yield from self._show_frame(glyphs.VISEMES[min(max(code, 0), len(glyphs.VISEMES) - 1)])

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
        yield WEATHER_MS
        yield from self.reset()
        yield from self._show_icon(icon)
        degrees = temperature.partition("\0")[0] + "\\"  # which is a degree sign in the large font
        yield self._canvas.draw_text(degrees, glyphs.LARGE_FONT, MOUTH_ROWS, self._temperature_x, 0)
        yield from self._canvas.show()

    def _show_icon(self, text: str) -> Steps:
        code = self._whole_icon(text.partition("\0")[0])
        yield ICON_MS
        x = y = 0
        clear = "1"
        options = code.count("=")
        if code.startswith("x="):
            number, _, code = code[2:].partition(",")
            x = digits(number, 8)
        if code.startswith("y="):
            number, _, code = code[2:].partition(",")
            y = digits(number, 8)
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
        yield options * ICON_OPTION_MS + len(data) ** 2 * ICON_SCAN_MS
        if clear == "1":
            self._canvas.clear()
        nibbles = [ord(letter) - ord("A") & 0xF for letter in data if "A" <= letter < "\x80"]
        for column in range(min(width & 0xFF, len(nibbles) // 2)):
            low, high = nibbles[2 * column : 2 * column + 2]
            yield self._canvas.draw((low | high << 4,), signed(height, 8), signed(x + column, 8), signed(y, 8))
        self.face = MouthMode.ICON
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
