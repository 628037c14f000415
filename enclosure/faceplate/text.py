"""Texts for the mouth: what the firmware's fonts can show, how wide it is, and what it looks like. Pure."""

import unicodedata
from collections.abc import Iterator

from enclosure.display import EMPTY, HEIGHT, WIDTH, Bitmap, Weather
from enclosure.faceplate.protocol import WEATHER_X

MAX_TEXT = 1000
"""Characters of a text that are shown; to scroll them all takes some ten minutes."""

STEP_S = 0.159
"""A text wider than the mouth moves one pixel in this time (the real firmware, measured; 0.18 with eyes open)."""

SCROLL_PIXELS = 4
"""One step of a text that the host scrolls, about a letter; its picture takes 0.24 s on the line."""

TOP = 2
"""The row of the mouth in which texts begin."""

# The columns of each glyph from space to underscore, in hexadecimal, the lowest bit uppermost (the real firmware
# v1.4.2, measured); a gap of one follows.
_FONT = """
00 17 030003 0a1f0a1f0a 00000000 130b041a19 0a15191a 03 0e11 110e 050205 04041f0404 1008 040404 10
100c0601 0e110e 121f10 12191512 15150a 0c0a1f08 17150d 0e151508 011d0503 0a15150a 0205150e 0a 100a
040a 0a0a0a 0a04 02011906 0e010d150f 1e05051e 1f150a 0e11110a 1f110e 1f1511 1f0505 0e11190a
1f04041f 111f11 09110f 1f040a11 1f1010 1f0204021f 1f0204081f 0e11110e 1f0502 0e11110916 1f051a
12151509 011f01 0f10100f 030c100c03 0f100c100f 1b041b 031c03 19151513 1f11 01060c10 111f 020102
101010
"""
_GLYPHS = tuple(map(bytes.fromhex, _FONT.split()))
# The columns of each glyph of the temperature, 8 rows high, in the same way; a gap of one follows. The last is the
# degree sign.
_LARGE_FONT = """
7e81817e 0402ff e291918e 4291917e 1f10fc1e 9f919161 7e919162 0101f907 6e91916e 4e91917e 080808 0303
"""
_LARGE = dict(
    zip(
        "0123456789-\N{DEGREE SIGN}",
        map(bytes.fromhex, _LARGE_FONT.split()),
        strict=True,
    )
)
_TEMPERATURE_X = {1: 18, 2: 16, 3: 14}
"""The column of a temperature of so many characters; one of 3 that begins with a minus sign is at 13."""

# In ASCII, but not in the font.
_REPLACED = str.maketrans({"`": "'", "{": "(", "|": "!", "}": ")", "~": "-", "$": "S"})


def displayable(text: str) -> str:
    """The text in characters that the font has: one line, transliterated, in capitals, without needless space."""
    text = text[:MAX_TEXT]
    if not text.isascii():
        from text_unidecode import unidecode  # noqa: PLC0415  # its table is loaded for those who need it

        text = unidecode(unicodedata.normalize("NFC", text))
    printable = "".join(letter if " " <= letter <= "~" else " " for letter in text)
    return " ".join(printable.translate(_REPLACED).upper().split())


def width(text: str) -> int:
    """Pixels that a displayable text takes; one of up to 32 stands still."""
    return max(len(_columns(text)) - 1, 0)


def duration_s(text: str) -> float:
    """How long it takes until all of a displayable text has been seen; 0 where it does not move."""
    pixels = width(text)
    return 0.0 if pixels <= WIDTH else (pixels + WIDTH) * STEP_S


def drawn(text: str) -> Bitmap:
    """What the mouth looks like while a displayable text stands still on it; a longer text is cut off."""
    columns = tuple(column << TOP for column in _columns(text)[:WIDTH])
    return Bitmap(HEIGHT, columns).over(EMPTY, max((WIDTH - width(text)) // 2, 0), 0)


def weather_drawn(weather: Weather) -> Bitmap:
    """What the mouth looks like with a weather on it."""
    temperature = weather.temperature
    x = 13 if len(temperature) == 3 and temperature.startswith("-") else _TEMPERATURE_X[len(temperature)]
    columns = b"".join(_LARGE[letter] + b"\0" for letter in f"{temperature}\N{DEGREE SIGN}")
    picture = weather.bitmap.over(EMPTY, WEATHER_X, 0)
    return Bitmap(HEIGHT, tuple(columns[: WIDTH - x])).over(picture, x, 0)


def scrolled(text: str) -> Iterator[Bitmap]:
    """What a displayable text looks like while it passes from the right to the left, step by step."""
    columns = (*bytes(WIDTH), *_columns(text), *bytes(WIDTH))
    for start in range(SCROLL_PIXELS, len(columns) - WIDTH, SCROLL_PIXELS):
        yield Bitmap(HEIGHT, tuple(column << TOP for column in columns[start : start + WIDTH]))


def _columns(text: str) -> bytes:
    return b"".join(_GLYPHS[ord(letter) - ord(" ")] + b"\0" for letter in text)
