"""The ring of a ReSpeaker USB Mic Array behind the kernel's usbfs, as far as its users need it."""

import ctypes
import errno
import os
import struct
from pathlib import Path

_TRANSFER = struct.Struct("@BBHHHIP")
_CONTROL = 0xC0185500 if struct.calcsize("P") == 8 else 0xC0105500
"""USBDEVFS_CONTROL, of a structure of 24 or 16 bytes."""


class UsbRing:
    """One array. `ioctl` goes where a program imports that of fcntl; `sysfs` and `devices` are its folders."""

    def __init__(self, folder: Path) -> None:
        self.sysfs, self.devices = folder / "sysfs", folder / "devices"
        self.colours = bytes(36)
        """Red, green and blue of each LED."""
        self.brightness = 10
        self.requests: list[tuple[int, bytes]] = []
        self.plug_in(1, 2, "1d6b", "0002")  # a root hub
        self.plug_in(1, 4)

    def plug_in(self, bus: int, number: int, vendor: str = "2886", product: str = "0018") -> None:
        """A device comes, perhaps under another number."""
        node = self.devices / f"{bus:03}" / f"{number:03}"
        node.parent.mkdir(parents=True, exist_ok=True)
        node.touch()
        device = self.sysfs / f"{bus}-{number}"
        device.mkdir(parents=True)
        values = {"idVendor": vendor, "idProduct": product, "busnum": str(bus), "devnum": str(number)}
        for name, value in values.items():
            (device / name).write_text(f"{value}\n")

    def pull_out(self, bus: int, number: int) -> None:
        """A device goes away."""
        (self.devices / f"{bus:03}" / f"{number:03}").unlink()
        device = self.sysfs / f"{bus}-{number}"
        for file in device.iterdir():
            file.unlink()
        device.rmdir()

    def ioctl(self, file: int, request: int, transfer: bytes) -> int:
        """A request of a program; raises OSError as the kernel does."""
        if not Path(f"/proc/self/fd/{file}").exists() or os.fstat(file).st_nlink == 0:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        kind, number, value, index, length, _, address = _TRANSFER.unpack(transfer)
        if (request, kind, number, index) != (_CONTROL, 0x40, 0, 0x1C):
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))  # the device stalls
        self._receive(value, ctypes.string_at(address, length))
        return 0

    def _receive(self, value: int, data: bytes) -> None:
        self.requests.append((value, data))
        if value == 6:
            self.colours = b"".join(data[start : start + 3] for start in range(0, len(data), 4))
        elif value == 0x20:
            self.brightness = data[0]
