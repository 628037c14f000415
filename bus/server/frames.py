"""WebSocket frames as a server sends them (RFC 6455, 5.2). Pure."""

import struct

_FIN_TEXT = 0x81


def text_frame(payload: bytes | bytearray) -> bytes:
    """A whole, unmasked text frame, as a server sends it."""
    return text_head(len(payload)) + payload


def text_head(size: int) -> bytes:
    """What comes before a payload of that size."""
    if size < 126:
        return struct.pack("!BB", _FIN_TEXT, size)
    if size < 65536:
        return struct.pack("!BBH", _FIN_TEXT, 126, size)
    return struct.pack("!BBQ", _FIN_TEXT, 127, size)
