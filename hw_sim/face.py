"""What a person sees on a face: the text on the mouth, the colour of the eyes, and pictures as text. Pure."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

from hw_sim.firmware import glyphs
from hw_sim.firmware.board import MOUTH_COLUMNS, MOUTH_ROWS
from hw_sim.firmware.mouth import TEXT_ROW

LIT, DARK = "#", "."
"""The pixels of a picture as text."""

MAX_STEP = 4
"""Columns by which a text that scrolls moves at a time: 1 by the firmware, 4 where the host draws a long one."""

STANDS_MS = 100.0
"""A frame that is replaced sooner is half-drawn: a strip of a picture takes up to 70 ms on the line, and a step of
a text that scrolls 150 ms."""

ENDS_MS = 300.0
"""After so long an empty mouth has no text; between two passes of a text it is empty for up to 180 ms."""

_WORD_GAP = 3
"""Empty columns between two letters with a space between them, at least; other letters have 1."""

_LETTERS = {
    tuple(column << TEXT_ROW for column in glyph): letter
    for letter, glyph in glyphs.SMALL_FONT.items()
    if all(glyph)  # a space, "$" and a double quote have empty columns
}
_QUOTE = tuple(column << TEXT_ROW for column in glyphs.SMALL_FONT["'"])

EYES_FULL = 30
"""The wire value of the eyes at full brightness."""

_GAMMA = 0.6

Rgb = tuple[int, int, int]

Columns = tuple[int, ...]
"""A picture of any width; the lowest bit of a column is the top pixel."""


class Picture:
    """A picture of the mouth, 8 rows of 32 pixels. `str` has a line for each row, "#" is lit and "." is dark.

    It equals a text of the same picture, at any indentation. A text of another size is compared with the part of
    the mouth that is lit.
    """

    def __init__(self, rows: Iterable[int] = (0,) * MOUTH_ROWS) -> None:
        """The picture of 8 rows of 32 bits, the most significant bit leftmost."""
        self._text = "\n".join(f"{row:0{MOUTH_COLUMNS}b}".replace("0", DARK).replace("1", LIT) for row in rows)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Picture:\n{self}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str | Picture):
            return NotImplemented
        ours, theirs = _comparable(str(self), str(other))
        return ours == theirs

    __hash__ = None  # type: ignore[assignment]  # texts that it equals have another one


def difference(shown: str, expected: str) -> list[str]:
    """Where two pictures differ, as lines to print."""
    ours, theirs = _comparable(shown, expected)
    cells = {(True, True): LIT, (False, False): DARK, (True, False): "+", (False, True): "-"}
    rows = [
        "".join(cells[a == LIT, b == LIT] for a, b in itertools.zip_longest(our_row, their_row))
        for our_row, their_row in itertools.zip_longest(ours, theirs, fillvalue="")
    ]
    return [*rows, "+ is lit and should be dark, - is dark and should be lit"]


def colour_of(pixels: Iterable[int]) -> str:
    """The colour of the eyes, such as "#0000ff"; "#000000" while they are dark.

    Several colours are separated by spaces, that of most pixels first: "#0000ff #ff0000".
    """
    counted = Counter(pixel for pixel in pixels if pixel)
    return " ".join(f"#{colour:06x}" for colour, _ in counted.most_common()) or "#000000"


def visible(colour: Rgb, full: int) -> Rgb:
    """The colour that looks on a screen as a light does in a room; `full` is the highest value of the light."""
    red, green, blue = (min(255, round(255 * (part / full) ** _GAMMA)) for part in colour)
    return red, green, blue


class Reader:
    """Reads the text on the mouth from the frames that it shows.

    A text that scrolls is known as far as it has passed, and as a whole from the end of its first pass on.
    """

    def __init__(self) -> None:
        self._since = 0.0
        self._frame: Columns = (0,) * MOUTH_COLUMNS
        """What the mouth shows, since when."""
        self._passed: Columns = self._frame
        """All columns of the text that have been seen in this pass."""
        self._whole: Columns = ()
        """Those of a pass that has ended, without the empty ones before the text."""
        self._scrolls = False

    def see(self, ms: float, rows: Sequence[int]) -> None:
        """Takes the next frame, as the rows of `Firmware.mouth`, and when it appeared."""
        self._settle(ms)
        self._since, self._frame = ms, _columns(rows)

    def text(self, ms: float) -> str:
        """The text on the mouth in capitals; empty while it shows none."""
        self._settle(ms)
        passed = _without_margin(self._passed)
        if self._whole and self._whole[: len(passed)] == passed:
            return _read(self._whole)
        if self._scrolls:  # the letter at the edge may be cut
            while passed and passed[-1]:
                passed = passed[:-1]
        return _read(passed)

    def _settle(self, ms: float) -> None:
        """Adds the frame to the text once it has stood long enough."""
        stood_ms, frame, window = ms - self._since, self._frame, self._passed[-MOUTH_COLUMNS:]
        if stood_ms >= ENDS_MS and not any(frame):
            self._passed, self._whole, self._scrolls = frame, (), False
        elif stood_ms >= STANDS_MS and frame != window:
            steps = (step for step in range(1, MAX_STEP + 1) if frame[:-step] == window[step:])
            if any(frame) and (step := next(steps, 0)):
                self._passed += frame[-step:]
                self._scrolls = True
            else:
                ended = self._scrolls and not any(window[MAX_STEP:])
                self._whole = _without_margin(self._passed) if ended else ()
                self._passed, self._scrolls = frame, ended


def _columns(rows: Sequence[int]) -> Columns:
    bits = range(MOUTH_COLUMNS - 1, -1, -1)
    return tuple(sum((row >> bit & 1) << y for y, row in enumerate(rows)) for bit in bits)


def _without_margin(columns: Columns) -> Columns:
    return tuple(itertools.dropwhile(lambda column: not column, columns))


def _read(columns: Columns) -> str:
    """The text in a picture; empty if it is not one."""
    text, gap = "", 0
    last: Columns = ()
    for lit, run in itertools.groupby(columns, key=bool):
        glyph = tuple(run)
        if not lit:
            gap = len(glyph)
        elif glyph not in _LETTERS:
            return ""
        elif glyph == last == _QUOTE and gap == 1:
            text, last = text[:-1] + '"', ()
        else:
            text += " " if text and gap >= _WORD_GAP else ""
            text, last = text + _LETTERS[glyph], glyph
    return text


def _comparable(*pictures: str) -> list[list[str]]:
    """The rows of pictures; only what is lit of them unless all have the size of the mouth."""
    found = [_rows(picture) for picture in pictures]
    return found if all(map(_full_size, found)) else [_cropped(rows) for rows in found]


def _rows(picture: str) -> list[str]:
    lines = [line for line in picture.splitlines() if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return ["".join(LIT if cell == LIT else DARK for cell in line[margin:].rstrip()) for line in lines]


def _full_size(rows: list[str]) -> bool:
    return len(rows) == MOUTH_ROWS and all(len(row) == MOUTH_COLUMNS for row in rows)


def _cropped(rows: list[str]) -> list[str]:
    lit_rows = [y for y, row in enumerate(rows) if LIT in row]
    if not lit_rows:
        return []
    lit = [x for row in rows for x, cell in enumerate(row) if cell == LIT]
    return [row.ljust(max(lit) + 1, DARK)[min(lit) : max(lit) + 1] for row in rows[lit_rows[0] : lit_rows[-1] + 1]]
