"""Vendor requests to a USB device, through the kernel's usbfs. No library is needed for that.

They go to the device and to none of its interfaces, so it stays the kernel's sound card.
"""

import array
import errno
import fcntl
import os
import struct
from pathlib import Path

from enclosure.errors import BoardError

DEVICES = Path("/dev/bus/usb")
SYSFS = Path("/sys/bus/usb/devices")

TIMEOUT_MS = 1000
"""Time that a device has for its answer; the vendor's own library for the LEDs waits for 8 s."""

_OUT_VENDOR_DEVICE = 0x40
_TRANSFER = struct.Struct("@BBHHHIP")
"""struct usbdevfs_ctrltransfer: type, request, value, index, length, timeout, address of the data."""
_CONTROL = 0xC0005500 | _TRANSFER.size << 16
"""USBDEVFS_CONTROL of linux/usbdevice_fs.h."""


class UsbDevice:
    """The first device with these numbers. It is opened with the first request, and again after an error."""

    def __init__(self, vendor: int, product: int) -> None:
        self._vendor = vendor
        self._product = product
        self._file: int | None = None

    def request(self, value: int, index: int, data: bytes) -> None:
        """Sends vendor request 0 with data. Raises BoardError."""
        buffer = array.array("B", data)
        address, length = buffer.buffer_info()
        transfer = _TRANSFER.pack(_OUT_VENDOR_DEVICE, 0, value, index, length, TIMEOUT_MS, address)
        try:
            if self._file is None:
                self._file = os.open(self._find(), os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self._file, _CONTROL, transfer)
        except OSError as error:
            self.close()
            name = f"USB device {self._vendor:04x}:{self._product:04x}"
            raise BoardError(error.errno, f"{name}: {error.strerror}") from error

    def close(self) -> None:
        """Closes the device; may be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _find(self) -> Path:
        for device in sorted(SYSFS.glob("*/idVendor")):
            folder = device.parent
            try:
                vendor, product = (int((folder / name).read_text(), 16) for name in ("idVendor", "idProduct"))
                bus, number = (int((folder / name).read_text()) for name in ("busnum", "devnum"))
            except OSError:  # it was pulled out
                continue
            if (vendor, product) == (self._vendor, self._product):
                return DEVICES / f"{bus:03}/{number:03}"
        raise OSError(errno.ENODEV, "it is not plugged in")
