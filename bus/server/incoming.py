"""Messages out of the WebSocket frames of a client (RFC 6455, 5.2). No I/O."""

from websockets.frames import Frame, Opcode

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover  # it is built without where there is no compiler
    from websockets.utils import apply_mask

_FIN_TEXT = 0x81
_MASKED = 0x80
LARGE_HEAD = 14
"""Bytes before the payload of a masked frame with a size of 64 bits."""

_LARGE = 2**16 - 1
_LONGEST_HEAD = 8
"""Bytes before the payload of a masked frame with a size of 16 bits."""


def text_payloads(data: memoryview, most: int) -> tuple[list[bytes], int, bool]:
    """The payloads of the whole, masked text frames of up to 64 KB that `data` begins with, at most so many.

    Then where the rest begins, and whether that is the beginning of such a frame. Nearly all frames are like that;
    `websockets` reads the others, and takes twice as long for each.
    """
    payloads: list[bytes] = []
    at, end = 0, len(data)
    while at < end and len(payloads) < most:
        if data[at] != _FIN_TEXT or (end - at > 1 and not _MASKED < data[at + 1] + 1 < 0x100):
            return payloads, at, False
        if end - at < _LONGEST_HEAD and (end - at < 6 or data[at + 1] == _MASKED | 126):
            return payloads, at, True
        size, mask = data[at + 1] & 0x7F, at + 2
        if size == 126:
            size, mask = data[at + 2] << 8 | data[at + 3], at + 4
        payload, stop = mask + 4, mask + 4 + size
        if stop > end:
            return payloads, at, True
        payloads.append(apply_mask(data[payload:stop], bytes(data[mask:payload])))
        at = stop
    return payloads, at, False


class LargeText:
    """A whole text frame of more than 64 KB, which is unmasked as it arrives."""

    def __init__(self, size: int, mask: bytes) -> None:
        self.payload = bytearray()
        self._missing = size
        self._mask = mask
        self._kept = True

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self._missing

    def discard(self) -> None:
        """Keeps nothing of it."""
        self._kept = False
        self.payload = bytearray()

    def add(self, data: memoryview) -> int:
        """Adds what it is missing of `data`; returns its bytes."""
        part = data[: self._missing]
        self._missing -= len(part)
        if self._kept:
            turned = len(self.payload) % len(self._mask)
            self.payload += apply_mask(part, self._mask[turned:] + self._mask[:turned])
        return len(part)


def begins_large(data: memoryview) -> bool:
    """Whether `data` begins with the head of a whole text frame of more than 64 KB, complete or not."""
    return len(data) > 1 and data[0] == _FIN_TEXT and data[1] == _MASKED | 127


def large_text(data: memoryview, most: int) -> LargeText | None:
    """The frame that `data` begins with, to which all but the LARGE_HEAD has to be added; None beyond `most`."""
    size = int.from_bytes(data[2:10])
    return LargeText(size, bytes(data[10:LARGE_HEAD])) if _LARGE < size <= most else None


def frame_size(data: memoryview) -> int:
    """Bytes of the frame that `data` begins with, its head included; 0 where the size itself is not complete."""
    if len(data) < 2:
        return 0
    size, masked = data[1] & 0x7F, data[1] & _MASKED
    head = {126: 4, 127: 10}.get(size, 2)
    if len(data) < head:
        return 0
    if head > 2:
        size = int.from_bytes(data[2:head])
    return head + (4 if masked else 0) + size


class Fragments:
    """The message that a client is sending, in one frame or in fragments."""

    def __init__(self) -> None:
        self.is_binary = False
        self.is_open = False
        """Whether more fragments are to come."""
        self._parts = bytearray()

    @property
    def size(self) -> int:
        """Bytes of a message that is not complete."""
        return len(self._parts)

    def add(self, frame: Frame) -> bytes | None:
        """Adds a frame; the payload, once it is complete. Control frames come between fragments."""
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self.is_binary = opcode is Opcode.BINARY
            if frame.fin:
                return bytes(frame.data)  # no copy
        elif opcode is not Opcode.CONT:
            return None
        self._parts += frame.data
        self.is_open = not frame.fin
        if self.is_open:
            return None
        payload = bytes(self._parts)
        self._parts = bytearray()
        return payload
