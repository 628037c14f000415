"""Input devices of the kernel, as a folder of /sys and pipes in place of /dev/input."""

import errno
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EV_SYN, EV_KEY, EV_REL = 0, 1, 2
SYN_DROPPED = 3

GRAB, CLOCK, KEYS = 0x40044590, 0x400445A0, 0x80604518


class InputDevices:
    """Input devices behind the kernel's requests, of which each is a pipe."""

    def __init__(self, folder: Path) -> None:
        self.sysfs, self.devices = folder / "sys", folder / "dev"
        self.sysfs.mkdir()
        self.devices.mkdir()
        self.grabbed: set[str] = set()
        self.taken: set[str] = set()
        self.down: dict[str, set[int]] = {}
        self._hands: dict[str, int] = {}

    def plug_in(
        self, event: str, name: str, *, keys: Sequence[int] = (), axes: Sequence[int] = (), bus: int = 0x19
    ) -> None:
        device = self.sysfs / event / "device"
        (device / "capabilities").mkdir(parents=True)
        (device / "id").mkdir()
        (device / "name").write_text(f"{name}\n")
        (device / "id/bustype").write_text(f"{bus:04x}\n")
        (device / "capabilities/rel").write_text(f"{sum(1 << axis for axis in axes):x}\n")
        bits = sum(1 << key for key in keys)
        words = [f"{bits >> 64 * word & (1 << 64) - 1:x}" for word in range(11, -1, -1)]
        (device / "capabilities/key").write_text(f"{' '.join(words)}\n")
        os.mkfifo(self.devices / event)
        self._hands[event] = os.open(self.devices / event, os.O_RDWR)
        self.down[event] = set()

    def send(self, event: str, kind: int, code: int, value: int, at: float = 1.0) -> None:
        if kind == EV_KEY and value < 2:
            (self.down[event].add if value else self.down[event].discard)(code)
        data = struct.pack("@llHHi", int(at), round(at % 1 * 1e6), kind, code, value)
        os.write(self._hands[event], data + struct.pack("@llHHi", int(at), 0, EV_SYN, 0, 0))

    def ioctl(self, file: int, request: int, argument: Any) -> int:
        event = Path(f"/proc/self/fd/{file}").readlink().name
        if request == GRAB:
            if event in self.taken:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            self.grabbed.add(event)
        elif request == KEYS:
            for key in self.down[event]:
                argument[key // 8] |= 1 << key % 8
        else:
            assert request == CLOCK
        return 0

    def close(self) -> None:
        for hand in self._hands.values():
            os.close(hand)
