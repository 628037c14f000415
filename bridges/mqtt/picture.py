"""The face of a Mark 1 as a PNG image (W3C PNG, 2003: an image with a palette). Pure.

Pillow would add 3 MB to a bridge of 17.
"""

import math
import struct
import zlib
from collections.abc import Sequence

Rgb = tuple[int, int, int]

EYE = 12
"""Pixels of an eye, clockwise from the top; the first eye is the one on the viewer's left."""

SIZE = 216, 144
EYES_AT, EYE_RADIUS, DOT = ((60, 42), (156, 42)), 28, 10
MOUTH_AT, CELL, CELL_GAP = (12, 86), 6, 1

GROUND, UNLIT, MOUTH_LIT = (11, 12, 13), (28, 30, 33), (244, 247, 255)


def face(eyes: Sequence[Rgb], mouth: Sequence[str]) -> bytes:
    """An image of the 24 pixels of the eyes, and of the mouth's 8 rows of 32 cells, where # is lit."""
    palette = [GROUND, UNLIT, MOUTH_LIT, *sorted({colour for colour in eyes if any(colour)})]
    rows = [bytearray(SIZE[0]) for _ in range(SIZE[1])]
    for index, colour in enumerate(eyes):
        turn = (index % EYE + 0.5) / EYE * 2 * math.pi
        x, y = EYES_AT[index // EYE]
        left = round(x + EYE_RADIUS * math.sin(turn) - DOT / 2)
        top = round(y - EYE_RADIUS * math.cos(turn) - DOT / 2)
        _fill(rows, left, top, DOT, palette.index(colour if any(colour) else UNLIT))
    for y, cells in enumerate(mouth):
        for x, cell in enumerate(cells):
            lit = palette.index(MOUTH_LIT if cell == "#" else UNLIT)
            _fill(rows, MOUTH_AT[0] + CELL * x, MOUTH_AT[1] + CELL * y, CELL - CELL_GAP, lit)
    return _png(rows, palette)


def _fill(rows: Sequence[bytearray], left: int, top: int, size: int, index: int) -> None:
    for row in rows[top : top + size]:
        row[left : left + size] = bytes((index,)) * size


def _png(rows: Sequence[bytearray], palette: Sequence[Rgb]) -> bytes:
    """An image whose bytes are indices of the palette."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)  # 8 bits, with a palette
    data = zlib.compress(b"".join(b"\0" + row for row in rows))  # no filter
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(map(bytes, palette))), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
