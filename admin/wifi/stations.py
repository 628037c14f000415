"""The devices in the network of an access point, as the kernel lists them (genetlink.h, nl80211.h)."""

import socket
import struct
import sys
from collections.abc import Iterator

_NETLINK_GENERIC = 16

# Types, flags, commands and attributes of messages.
_ERROR, _DONE, _CONTROL = 2, 3, 16
_REQUEST, _DUMP = 0x1, 0x300
_GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 3, 1, 2
_GET_STATION, _NEW_STATION, _INTERFACE_INDEX = 17, 19, 3

_HEADER = struct.Struct("=IHHIIBBxx")
"""Length, type, flags, number and port of a message; command and version of its family."""
_ATTRIBUTE = struct.Struct("=HH")
"""Length and type."""

TIMEOUT_S = 1.0
"""The kernel answers at once."""

_MAX_ANSWER = 65536


def count_stations(interface: str) -> int:
    """The number of devices in the network of an access point. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_GENERIC) as kernel:
        kernel.settimeout(TIMEOUT_S)
        kernel.send(_request(_CONTROL, _REQUEST, _GET_FAMILY, _FAMILY_NAME, b"nl80211\0"))
        family = _family_of(kernel.recv(_MAX_ANSWER))
        index = struct.pack("=I", socket.if_nametoindex(interface))
        kernel.send(_request(family, _REQUEST | _DUMP, _GET_STATION, _INTERFACE_INDEX, index))
        count = 0
        while True:
            for kind, command, _ in _messages(kernel.recv(_MAX_ANSWER)):
                if kind in (_DONE, _ERROR):
                    return count
                count += command == _NEW_STATION


def _request(kind: int, flags: int, command: int, attribute: int, value: bytes) -> bytes:
    body = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), attribute) + value
    body += b"\0" * (-len(body) % 4)
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 0, 0, command, 1) + body


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, command and attributes of each message in an answer."""
    while len(data) >= _HEADER.size:
        length, kind, _, _, _, command, _ = _HEADER.unpack_from(data)
        length = max(length, _HEADER.size)
        yield kind, command, data[_HEADER.size : length]
        data = data[length + -length % 4 :]


def _family_of(answer: bytes) -> int:
    """The number of the family that an answer describes. Raises OSError where there is none."""
    for kind, _, attributes in _messages(answer):
        for attribute, value in () if kind == _ERROR else _attributes(attributes):
            if attribute == _FAMILY_ID:
                return int.from_bytes(value, sys.byteorder)
    raise OSError("the kernel has no wifi")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, attribute = _ATTRIBUTE.unpack_from(data)
        length = max(length, _ATTRIBUTE.size)
        yield attribute, data[_ATTRIBUTE.size : length]
        data = data[length + -length % 4 :]
