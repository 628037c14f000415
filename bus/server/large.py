"""The check of a large frame, in steps of a few milliseconds: no other client waits for the whole of it. Pure.

A frame is cut into parts of some 16 KB, at commas that are not in a text. Each part is decoded by itself, between
the brackets that are open at its beginning and at its end. What `bus.message.check` looks at is kept, and checked
at last: the keys of the frame, its context, and `lang` wherever it is.
"""

import re
from collections.abc import Generator
from typing import Any

import msgspec

from bus.errors import FrameError
from bus.message import MAX_DEPTH, MAX_VALUES, MAX_WIDE, brackets, check, count_values

IN_STEPS = 256 * 1024
"""Bytes from which on a frame is checked in steps."""

STEP = 64 * 1024
"""Bytes of a long text, or of a frame that is counted."""

PART = 16 * 1024
"""Bytes from which on a part ends with the next comma."""

LONG_TEXT = 8000
"""Bytes from which on a text counts as long; whatever is escaped in it, it has more characters than any type."""

MAX_PART = 5 * PART
"""Bytes of a part, without long texts; a message of the field has a comma long before."""

MAX_KEPT = 2 * 2**20
"""Bytes that the keys and the context of a frame may have, without long texts: they are checked at once."""

MAX_KEPT_VALUES = 50_000
"""Brackets and commas of these."""

# Nothing follows the repetitions, so that each is linear. The first two stop at a text that is longer, or cut.
_SHORT_TEXT = rb'"[^"\\]{0,2000}"|"(?:[^"\\]|\\.){0,2000}"'
_SHORT_TEXTS = re.compile(rb'(?:[^"]+|%b)*' % _SHORT_TEXT, re.DOTALL)
_TO_COMMA = re.compile(rb'(?:[^",]+|%b)*' % _SHORT_TEXT, re.DOTALL)
_TEXT = re.compile(rb'(?:[^"\\]+|\\[^u]|\\u(?![dD][89abAB])....|\\u[dD][89abAB]..\\u....)*', re.DOTALL)
"""Whole characters: both halves of a surrogate pair, or none."""

_CLOSING = {ord("["): b"]", ord("{"): b"}"}
_SPACE = b" \t\n\r"

_LONG = b'"%b"' % (b"x" * LONG_TEXT)[:1001]
"""What stands for a long text; longer than a type may be."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_decode_text = msgspec.json.Decoder(str).decode


def check_in_steps(frame: bytes | bytearray, *, text_data: bool = False) -> Generator[None, None, dict[str, Any]]:
    """As `bus.message.check`, but for the limits above; data and long texts are not whole in what is returned."""
    yield from _count(frame)
    parts = _Parts()
    part = bytearray()
    at = 0
    while at < len(frame):
        pattern = _SHORT_TEXTS if len(part) < PART else _TO_COMMA
        stop = _end(pattern, frame, at, min(at + PART, len(frame)))
        part += frame[at:stop]
        if frame[stop : stop + 1] == b"," and pattern is _TO_COMMA:
            parts.add(bytes(part))
            part.clear()
            stop += 1
        elif stop == at:
            stop = 1 + (yield from _end_of_text(frame, at + 1))
            part += _LONG if stop - at > LONG_TEXT else frame[at:stop]
        if len(part) > MAX_PART:
            raise FrameError(f"more than {MAX_PART - PART} bytes without a comma or a text of {LONG_TEXT} bytes")
        at = stop
        yield
    return check(parts.end(bytes(part)), text_data=text_data)


class _Parts:
    """The parts of a frame. All methods raise FrameError."""

    def __init__(self) -> None:
        self._open = b""
        """The brackets that are open where the next part begins."""
        self._key = ""
        """The key of the frame that the next part belongs to."""
        self._kept = bytearray()
        self._kept_open: bytes | None = None
        """The brackets that are open at the end of what is kept, where parts after it are not; None elsewhere."""

    def add(self, part: bytes) -> None:
        """A part that a comma follows."""
        trimmed = part.strip(_SPACE)
        if not trimmed or trimmed[-1] in b"[{":
            raise FrameError("not a message: a comma without a value before it")
        self._check(part)
        if not self._open:
            raise FrameError("not a message: a comma after the object")

    def end(self, part: bytes) -> bytes:
        """The last part; returns what is kept of all."""
        self._check(part)
        if self._open:
            raise FrameError("not a message: it does not end")
        return bytes(self._kept)

    def _check(self, part: bytes) -> None:
        before = self._open
        if before and part.lstrip(_SPACE)[:1] in (b"", b"]", b"}"):
            raise FrameError("not a message: a comma without a value after it")
        after, lowest = _follow(before, part)
        try:
            parsed = _decode(_opening(before) + part + _closing(after))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FrameError(f"not a message: {error}") from error
        if lowest < 2 or self._key == "context" or "lang" in parsed[""]:
            self._keep(part)
        elif self._kept_open is None:
            self._kept_open = before
        if lowest < 2:
            self._key = next(reversed(parsed), "")
        self._open = after

    def _keep(self, part: bytes) -> None:
        if self._kept_open is not None:  # what is left out is within one value of the frame
            self._kept += _closing(self._kept_open[2:])
            if len(self._open) > 2:
                part = _opening(self._open)[len(_opening(self._open[:2])) :] + part
            self._kept_open = None
        self._kept += b"," * bool(self._open) + part
        if len(self._kept) > MAX_KEPT or count_values(self._kept) > MAX_KEPT_VALUES:
            raise FrameError(
                f"keys and context have more than {MAX_KEPT} bytes besides texts of {LONG_TEXT} bytes, "
                f"or more than {MAX_KEPT_VALUES} values"
            )


def _follow(before: bytes, part: bytes) -> tuple[bytes, int]:
    """The brackets that are open after a part, and the least that are open anywhere in it. Raises FrameError."""
    levels = bytearray(before)
    lowest = len(levels)
    for bracket in brackets(part):
        if bracket in _CLOSING:
            levels.append(bracket)
            if len(levels) > MAX_DEPTH:
                raise FrameError(f"nested deeper than {MAX_DEPTH} levels")
        elif levels:
            levels.pop()
            lowest = min(lowest, len(levels))
        else:
            raise FrameError("not a message: a bracket is closed that is not open")
    return bytes(levels), lowest


def _opening(levels: bytes) -> bytes:
    """JSON that opens these brackets, each as a value of the one before."""
    return levels[:-1].replace(b"{", b'{"":') + levels[-1:]


def _closing(levels: bytes) -> bytes:
    """JSON that closes these brackets."""
    return b"".join(_CLOSING[level] for level in reversed(levels))


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
