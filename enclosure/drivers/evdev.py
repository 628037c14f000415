"""Linux input devices: lines that a device tree overlay has given to the kernel. No library is needed.

The kernel's drivers (gpio-keys, rotary-encoder) debounce, decode and stamp what happens. Their devices are
grabbed, so that a press does not type into the console.
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
from typing import NamedTuple

from enclosure.errors import BoardError
from enclosure.ports import Edge, Turn

DEVICES = Path("/dev/input")
CLASS = Path("/sys/class/input")

_EVENT = struct.Struct("@llHHi")
"""struct input_event: seconds, microseconds, type, code, value."""
_EV_SYN, _EV_KEY, _EV_REL = 0, 1, 2
_SYN_DROPPED = 3
_KEY_BYTES = 96
"""Bytes of a bit for each of the kernel's 0x300 keys."""
_BUS_HOST = "0019"
"""The bus of what hangs on the processor itself, and not on USB, Bluetooth or a television."""

# linux/input.h
_EVIOCGRAB = 0x40044590
_EVIOCSCLOCKID = 0x400445A0
_EVIOCGKEY = 0x80004518 | _KEY_BYTES << 16


class Source(NamedTuple):
    """Where a control is: a key, or an axis of an encoder."""

    code: int
    device: str | None = None
    """Name of the input device; without it, the first on the processor's own pins that has the code."""
    is_axis: bool = False
    reverse: bool = False
    """Whether an axis counts the other way round."""

    @property
    def kind(self) -> int:
        """The type of its events."""
        return _EV_REL if self.is_axis else _EV_KEY


class EvdevLines:
    """The Lines port on input devices; `sources` by the names of controls."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._names: dict[int, dict[tuple[int, int], str]] = {}
        """For each open file, the names of its controls by type and code."""
        self._readable = asyncio.Event()

    def open(self) -> Mapping[str, bool]:
        """Opens and grabs the devices; returns which keys are down. Raises BoardError."""
        self._readable.clear()
        controls: dict[Path, dict[tuple[int, int], str]] = {}
        for name, source in self._sources.items():
            controls.setdefault(find(source), {})[source.kind, source.code] = name
        levels: dict[str, bool] = {}
        for path, names in controls.items():
            try:
                file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                self._names[file] = names
                fcntl.ioctl(file, _EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
                fcntl.ioctl(file, _EVIOCGRAB, 1)
                levels |= _levels(file, names)
            except OSError as error:
                raise BoardError(error.errno, f"{path}: {error.strerror}") from error
            asyncio.get_running_loop().add_reader(file, self._readable.set)
        return levels

    async def wait(self) -> None:
        """Waits for an event, or for a device to go away."""
        await self._readable.wait()

    def read(self) -> Sequence[Edge | Turn]:
        """What has happened since the last call. Raises BoardError when a device is gone."""
        self._readable.clear()
        try:
            changes = [change for file in self._names for change in self._read(file)]
        except OSError as error:
            raise BoardError(error.errno, f"input device: {error.strerror}") from error
        return sorted(changes, key=lambda change: change.at)

    def close(self) -> None:
        """Releases the devices; may be called twice, and without `open`."""
        for file in self._names:
            asyncio.get_running_loop().remove_reader(file)
            os.close(file)
        self._names = {}

    def _read(self, file: int) -> Sequence[Edge | Turn]:
        names = self._names[file]
        try:
            data = os.read(file, 64 * _EVENT.size)
        except BlockingIOError:
            return []
        changes: list[Edge | Turn] = []
        for seconds, micros, kind, code, value in _EVENT.iter_unpack(data):
            at = seconds + micros / 1e6
            if (kind, code) == (_EV_SYN, _SYN_DROPPED):
                changes += [Edge(name, active, at) for name, active in _levels(file, names).items()]
            elif (name := names.get((kind, code))) is None:
                continue
            elif kind == _EV_REL:
                changes.append(Turn(name, 1 if (value > 0) != self._sources[name].reverse else -1, at))
            elif value != 2:  # the repetition of a key that is held
                changes.append(Edge(name, bool(value), at))
        return changes


def find(source: Source) -> Path:
    """The device that has a key or an axis. Raises BoardError."""
    for device in sorted(CLASS.glob("event*")):
        try:
            name, bus = ((device / "device" / file).read_text().strip() for file in ("name", "id/bustype"))
            words = (device / "device/capabilities" / ("rel" if source.is_axis else "key")).read_text().split()
        except OSError:  # it went away
            continue
        bits = 0
        for word in words:
            bits = bits << 8 * struct.calcsize("@l") | int(word, 16)
        if bits >> source.code & 1 and (bus == _BUS_HOST if source.device is None else name == source.device):
            return DEVICES / device.name
    what = f"{'axis' if source.is_axis else 'key'} {source.code}"
    device_name = "" if source.device is None else f" named {source.device}"
    raise BoardError(
        errno.ENODEV, f"no input device{device_name} with the {what} (an overlay in config.txt makes it)"
    )


def _levels(file: int, names: Mapping[tuple[int, int], str]) -> Mapping[str, bool]:
    """Which of the keys are down."""
    down = array.array("B", bytes(_KEY_BYTES))
    fcntl.ioctl(file, _EVIOCGKEY, down)
    return {name: bool(down[code // 8] >> code % 8 & 1) for (kind, code), name in names.items() if kind == _EV_KEY}
