"""HiveMessages, in pieces that fit into messages of Noise. Pure.

A HiveMessage has a type and a payload: a message of the bus for `bus` and `shared_bus`, another HiveMessage for
the types that travel further (HIVEMIND-MSG-1).
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bridges.hive.errors import HubError
from bus.errors import FrameError
from bus.message import Message

CHUNK = 65000
"""Maximum number of bytes of a HiveMessage in one message of Noise; a longer one goes into several."""

MAX_MESSAGE = 256 * 1024
"""Maximum size of a HiveMessage in bytes. Parsed, it may take thirty times as much."""

_JSON, _BINARY, _FIRST_JSON, _FIRST_BINARY, _MORE, _LAST = range(6)
"""The first byte of a message of Noise says what follows: a whole HiveMessage, or a part of one."""

_LOGGER = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


class HiveMessage(msgspec.Struct):
    """A HiveMessage of the hub; its payload is not parsed yet."""

    msg_type: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    metadata: dict[str, Any] | None = None
    target_site_id: str | None = None
    route: list[Any] | None = None


_decode = msgspec.json.Decoder(HiveMessage).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def hive_message(raw: bytes | msgspec.Raw) -> HiveMessage:
    """A HiveMessage from its JSON, or from the payload of another one. Raises FrameError."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(f"not a HiveMessage: {error}") from error


def bus_message(payload: msgspec.Raw) -> Message:
    """The message of the bus in a payload, checked as a frame of the bus is. Raises FrameError."""
    return Message.deserialize(bytes(payload))


def fields(payload: msgspec.Raw) -> dict[str, Any]:
    """The payload as an object. Raises FrameError."""
    try:
        return _decode_object(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(f"not an object: {error}") from error


def hive_json(msg_type: str, payload: object, **more: object) -> bytes:
    """The JSON of a HiveMessage."""
    return _encode({"msg_type": msg_type, "payload": payload, **more})


def canonical(payload: Mapping[str, Any]) -> bytes:
    """The JSON of an object as both sides write it into the prologue: keys sorted, no spaces."""
    return _encode_sorted(payload)


def pieces(message: bytes) -> Iterator[bytes]:
    """The plaintexts of the messages of Noise that carry a HiveMessage, in their order."""
    if len(message) <= CHUNK:
        yield bytes([_JSON]) + message
        return
    for start in range(0, len(message), CHUNK):
        last = start + CHUNK >= len(message)
        yield bytes([_FIRST_JSON if not start else _LAST if last else _MORE]) + message[start : start + CHUNK]


class Assembler:
    """Puts HiveMessages together again."""

    def __init__(self) -> None:
        self._parts: bytearray | None = None
        """The pieces so far of a HiveMessage; None between two."""
        self._is_kept = False
        """Whether it is wanted: it is JSON, and not too long."""

    def add(self, plaintext: bytes) -> bytes | None:
        """The JSON of the HiveMessage that is complete with this piece; None without one.

        Binary ones, which are audio, and too long ones are left out. Raises HubError for pieces in a wrong order.
        """
        if not plaintext or plaintext[0] > _LAST or (plaintext[0] < _MORE) != (self._parts is None):
            raise HubError("the hub has sent pieces of a message in a wrong order")
        kind, body = plaintext[0], plaintext[1:]
        if kind in (_JSON, _BINARY):
            return body if kind == _JSON else None
        if self._parts is None:
            self._parts, self._is_kept = bytearray(), kind == _FIRST_JSON
        if self._is_kept and len(self._parts) + len(body) > MAX_MESSAGE:
            _LOGGER.warning("a message of the hub is dropped: it has more than %d bytes", MAX_MESSAGE)
            self._is_kept = False
            self._parts.clear()
        if self._is_kept:
            self._parts += body
        if kind != _LAST:
            return None
        parts, self._parts = self._parts, None
        return bytes(parts) if self._is_kept else None
