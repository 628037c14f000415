"""Wyoming's wire: bytes to events, and back. Pure.

An event is a line of JSON, then `data_length` bytes of JSON without a newline, then `payload_length` bytes. Older
programs write `data` into the line; both are merged (wyoming/event.py of the package wyoming 1.10).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from bridges.voice.errors import SatelliteError

MAX_LINE = 64 * 1024
MAX_DATA = 256 * 1024
"""Bytes of an event's data; the description of a wake service with a hundred models has some 50 KB."""

MAX_PAYLOAD = 256 * 1024
"""Bytes of a payload: eight seconds of sound, as satellites send it. They send 64 ms at a time."""

_Type = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True)
class WyomingEvent:
    """One event."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


class _Line(msgspec.Struct):
    type: _Type
    data: dict[str, Any] | None = None
    data_length: Annotated[int, msgspec.Meta(ge=0, le=MAX_DATA)] | None = None
    payload_length: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAYLOAD)] | None = None


_decode_line = msgspec.json.Decoder(_Line).decode
_decode_data = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class Parser:
    """Cuts what arrives into events; keeps less than one event."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._line: _Line | None = None
        """The line of the event whose data and payload have not all arrived."""

    def feed(self, data: bytes) -> Iterator[WyomingEvent]:
        """The events that end in this data. Raises SatelliteError; then there is no next event."""
        self._unread += data
        while (event := self._next()) is not None:
            yield event

    def _next(self) -> WyomingEvent | None:
        if self._line is None:
            self._line = self._next_line()
            if self._line is None:
                return None
        data_length, payload_length = self._line.data_length or 0, self._line.payload_length or 0
        if len(self._unread) < data_length + payload_length:
            return None
        line, self._line = self._line, None
        data = {**(line.data or {}), **(_checked(_decode_data, self._take(data_length)) if data_length else {})}
        return WyomingEvent(line.type, data, self._take(payload_length))

    def _next_line(self) -> _Line | None:
        if length := self._unread.find(b"\n", 0, MAX_LINE) + 1:
            line: _Line = _checked(_decode_line, self._take(length))
            return line
        if len(self._unread) >= MAX_LINE:
            raise SatelliteError(f"a line of more than {MAX_LINE} bytes")
        return None

    def _take(self, length: int) -> bytes:
        taken = bytes(self._unread[:length])
        del self._unread[:length]
        return taken


def encode(event: WyomingEvent) -> bytes:
    """The bytes of an event."""
    data = _encode(event.data) if event.data else b""
    line: dict[str, Any] = {"type": event.type}
    if data:
        line["data_length"] = len(data)
    if event.payload:
        line["payload_length"] = len(event.payload)
    return b"%b\n%b%b" % (_encode(line), data, event.payload)


def _checked(decode: Any, raw: bytes) -> Any:
    try:
        return decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SatelliteError(f"no event of Wyoming: {error}") from error
