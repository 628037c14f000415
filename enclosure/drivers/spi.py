"""An SPI bus of the kernel's spidev: bytes go out, and what comes in is ignored. No library is needed for that."""

import errno
import fcntl
import os
import struct

from enclosure.errors import BoardError

MAX_BYTES = 4096
"""Longest transfer of spidev, in bytes (its parameter bufsiz)."""

_SET_MAX_SPEED_HZ = 0x40046B04
"""SPI_IOC_WR_MAX_SPEED_HZ of linux/spi/spidev.h."""


class SpiBus:
    """An SPI device, such as /dev/spidev0.0."""

    def __init__(self, path: str, speed_hz: int) -> None:
        self._path = path
        self._speed_hz = speed_hz
        self._file: int | None = None

    def write(self, data: bytes) -> None:
        """Sends bytes in one transfer, at most MAX_BYTES; opens the device first. Raises BoardError."""
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
                fcntl.ioctl(self._file, _SET_MAX_SPEED_HZ, struct.pack("=I", self._speed_hz))
            os.write(self._file, data)
        except OSError as error:
            self.close()
            hint = " (dtparam=spi=on in config.txt makes it)" if error.errno == errno.ENOENT else ""
            raise BoardError(error.errno, f"{self._path}: {error.strerror}{hint}") from error

    def close(self) -> None:
        """Closes the device; may be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
