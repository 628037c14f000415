"""Texts for the mouth: what its font can show, how wide it is, and how much the firmware can bear. Pure."""

import unicodedata

MAX_LENGTH = 32
"""Characters that one text line may carry. The length of a text grows the firmware's heap for good, and longer
ones have crashed it (the real firmware v1.4.2, measured: safe up to 40 where pictures are shown, too)."""

MAX_TEXT = 1000
"""Characters of a text that are shown; to see them all takes some ten minutes."""

MOUTH_WIDTH = 32
STEP_S = 0.159
"""A text wider than the mouth moves one pixel in this time (the real firmware, measured; 0.18 with eyes open)."""

# Pixels of each glyph from space to underscore (the real firmware v1.4.2, measured); a gap of one follows.
_WIDTHS = (
    *(1, 1, 3, 5, 4, 5, 4, 1, 2, 2, 3, 5, 2, 3, 1, 4, 3, 3, 4, 3, 4, 3, 4, 4, 4, 4, 1, 2, 2, 3, 2, 4),
    *(5, 4, 3, 4, 3, 3, 3, 4, 4, 3, 3, 4, 3, 5, 5, 4, 3, 5, 3, 4, 3, 4, 5, 5, 3, 3, 4, 2, 4, 2, 3, 3),
)
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
    """Pixels that a displayable text takes."""
    return sum(_WIDTHS[ord(letter) - ord(" ")] + 1 for letter in text)


def duration_s(text: str) -> float:
    """How long it takes until all of a displayable text has been seen; 0 where it does not move."""
    pixels = width(text)
    return 0.0 if pixels <= MOUTH_WIDTH else (pixels + MOUTH_WIDTH) * STEP_S


def pages(text: str) -> list[str]:
    """A displayable text in pieces of at most MAX_LENGTH characters, broken between words where there are any."""
    found = []
    while len(text) > MAX_LENGTH:
        end = text.rfind(" ", 0, MAX_LENGTH + 1)
        if end <= 0:
            end = MAX_LENGTH
        found.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*found, text]
