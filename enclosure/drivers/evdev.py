"""Keys of a Linux input device: lines that a device tree overlay has given to the kernel. No library is needed.

The kernel's driver debounces and stamps the edges. The device is grabbed, so that a press does not type into the
console.
"""

import array
import asyncio
import errno
import fcntl
import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from enclosure.errors import BoardError
from enclosure.ports import Edge

DEVICES = Path("/dev/input")
CLASS = Path("/sys/class/input")

_EVENT = struct.Struct("@llHHi")
"""struct input_event: seconds, microseconds, type, code, value."""
_EV_SYN, _EV_KEY = 0, 1
_SYN_DROPPED = 3
_KEY_BYTES = 96
"""Bytes of a bit for each of the kernel's 0x300 keys."""

# linux/input.h
_EVIOCGRAB = 0x40044590
_EVIOCSCLOCKID = 0x400445A0
_EVIOCGKEY = 0x80004518 | _KEY_BYTES << 16


class EvdevLines:
    """The Lines port on the input device that has all of these keys; names of lines by key code."""

    def __init__(self, keys: Mapping[str, int]) -> None:
        self._keys = keys
        self._names = {code: name for name, code in keys.items()}
        self._file: int | None = None
        self._readable = asyncio.Event()

    def open(self) -> Mapping[str, bool]:
        """Opens and grabs the device; returns which keys are down. Raises BoardError."""
        path = self._find()
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(self._file, _EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
            fcntl.ioctl(self._file, _EVIOCGRAB, 1)
            levels = self._levels()
        except OSError as error:
            raise BoardError(error.errno, f"{path}: {error.strerror}") from error
        self._readable.clear()
        asyncio.get_running_loop().add_reader(self._file, self._readable.set)
        return levels

    async def wait(self) -> None:
        """Waits for an event, or for the device to go away."""
        await self._readable.wait()

    def read(self) -> Sequence[Edge]:
        """Edges since the last call. Raises BoardError when the device is gone."""
        assert self._file is not None
        self._readable.clear()
        try:
            data = os.read(self._file, 64 * _EVENT.size)
        except BlockingIOError:
            return []
        except OSError as error:
            raise BoardError(error.errno, f"input device: {error.strerror}") from error
        edges = []
        for seconds, micros, kind, code, value in _EVENT.iter_unpack(data):
            at = seconds + micros / 1e6
            if kind == _EV_KEY and code in self._names and value != 2:  # 2 is the repetition of a key that is held
                edges.append(Edge(self._names[code], bool(value), at))
            elif (kind, code) == (_EV_SYN, _SYN_DROPPED):
                edges += [Edge(name, active, at) for name, active in self._levels().items()]
        return edges

    def close(self) -> None:
        """Gives the device back."""
        if self._file is not None:
            asyncio.get_running_loop().remove_reader(self._file)
            os.close(self._file)
            self._file = None

    def _find(self) -> Path:
        """The device that has all of the keys."""
        for device in sorted(CLASS.glob("event*")):
            try:
                words = (device / "device/capabilities/key").read_text().split()
            except OSError:  # it went away
                continue
            bits = 0
            for word in words:
                bits = bits << 8 * struct.calcsize("@l") | int(word, 16)
            if all(bits >> code & 1 for code in self._names):
                return DEVICES / device.name
        keys = ", ".join(str(code) for code in self._names)
        raise BoardError(errno.ENODEV, f"no input device with the keys {keys} (an overlay in config.txt makes it)")

    def _levels(self) -> Mapping[str, bool]:
        assert self._file is not None
        down = array.array("B", bytes(_KEY_BYTES))
        fcntl.ioctl(self._file, _EVIOCGKEY, down)
        return {name: bool(down[code // 8] >> code % 8 & 1) for name, code in self._keys.items()}
