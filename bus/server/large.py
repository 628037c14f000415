"""The check of a large frame, in steps of about a millisecond: no other client waits for the whole of it. Pure."""

import re
from collections.abc import Generator
from typing import Any

import msgspec

from bus.errors import FrameError
from bus.message import MAX_VALUES, MAX_WIDE, check, count_values

IN_STEPS = 256 * 1024
"""Bytes from which on a frame is checked in steps."""

STEP = 64 * 1024

LONG_TEXT = 8000
"""Bytes from which on a text counts as long; whatever is escaped in it, it has more characters than any type."""

MAX_REST = 2 * 2**20
"""Bytes that a frame may have besides its long texts. Those are checked at once, in some 10 ms."""

MAX_REST_VALUES = 50_000
"""Brackets and commas of these."""

# Nothing follows the repetition, so that each is linear. The first stops at a text that is long, escaped, or cut.
_REST = re.compile(rb'(?:[^"]+|"[^"\\]{0,2000}")*')
_TEXT = re.compile(rb'(?:[^"\\]+|\\[^u]|\\u(?![dD][89abAB])....|\\u[dD][89abAB]..\\u....)*', re.DOTALL)
"""Whole characters: both halves of a surrogate pair, or none."""

_LONG = b'"%b"' % (b"x" * LONG_TEXT)[:1001]
"""What stands for a long text; longer than a type may be."""

_decode_text = msgspec.json.Decoder(str).decode


def check_in_steps(frame: bytes | bytearray, *, text_data: bool = False) -> Generator[None, None, dict[str, Any]]:
    """As `bus.message.check`, but for the limits above; long texts are not the real ones in what is returned."""
    rest = bytearray()
    at = 0
    while at < len(frame):
        stop = _end(_REST, frame, at, min(at + STEP, len(frame)))
        if stop > at:
            rest += frame[at:stop]
        else:
            stop = 1 + (yield from _end_of_text(frame, at + 1))
            rest += _LONG if stop - at > LONG_TEXT else frame[at:stop]
        if len(rest) > MAX_REST:
            raise FrameError(f"more than {MAX_REST} bytes besides texts of {LONG_TEXT} bytes")
        at = stop
        yield
    yield from _count(frame)
    if count_values(rest) > MAX_REST_VALUES:
        raise FrameError(f"more than {MAX_REST_VALUES} values besides texts of {LONG_TEXT} bytes")
    return check(bytes(rest), text_data=text_data)


def _end_of_text(frame: bytes | bytearray, at: int) -> Generator[None, None, int]:
    """Where the text ends that begins here. Raises FrameError."""
    while True:
        end = min(at + STEP, len(frame))
        for _ in range(3):  # not within a character of UTF-8
            end -= end < len(frame) and frame[end] & 0xC0 == 0x80
        stop = _end(_TEXT, frame, at, end)
        try:
            _decode_text(b'"%b"' % frame[at:stop])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FrameError(f"not a message: {error}") from error
        if frame[stop : stop + 1] == b'"':
            return stop
        if stop == at:
            raise FrameError("not a message: a text does not end, or has half a character")
        at = stop
        yield


def _count(frame: bytes | bytearray) -> Generator[None, None, None]:
    """The limits of `check` for the whole frame, which its receivers have, too. Raises FrameError."""
    values = 0
    for at in range(0, len(frame), STEP):
        part = frame[at : at + STEP + 1]
        if len(frame) > MAX_WIDE and (not part.isascii() or b"\\u" in part):
            raise FrameError(f"not ASCII, and longer than {MAX_WIDE} bytes")
        values += count_values(part[:STEP])
        if values > MAX_VALUES:
            raise FrameError(f"more than {MAX_VALUES} values")
        yield


def _end(pattern: re.Pattern[bytes], frame: bytes | bytearray, start: int, end: int) -> int:
    found = pattern.match(frame, start, end)
    assert found is not None, "it matches nothing, too"
    return found.end()
