"""smbus2: registers of a chip on an I2C bus."""

import contextlib
import errno
from collections.abc import Iterator, Sequence

import smbus2

from enclosure.errors import BoardError

_NO_ANSWER = (errno.EREMOTEIO, errno.ENXIO, errno.ETIMEDOUT, errno.ENODEV)
"""Errors of an address without a chip: the first is that of the Raspberry Pi's bus, the last that of i2c-stub."""


class SmbusChip:
    """The I2c port on a chip at an address. The bus is opened with the first call, and again after an error.

    An access takes 0.1 ms for each byte at the bus' usual 100 kHz.
    """

    def __init__(self, bus: int, address: int) -> None:
        self._number = bus
        self._address = address
        self._bus: smbus2.SMBus | None = None

    def answers(self) -> bool:
        """Whether there is a chip, by a read of one byte: nothing is written to it. Raises BoardError.

        It is EBUSY where a kernel driver has the address.
        """
        try:
            with self._open() as bus:
                bus.read_byte(self._address)
        except BoardError as error:
            if error.errno not in _NO_ANSWER:
                raise
            return False
        return True

    def read(self, register: int) -> int:
        """The byte in a register. Raises BoardError."""
        with self._open() as bus:
            return int(bus.read_byte_data(self._address, register))

    def write(self, register: int, data: Sequence[int]) -> None:
        """Writes 1 to 32 bytes from a register on. Raises BoardError."""
        with self._open() as bus:
            if len(data) == 1:
                bus.write_byte_data(self._address, register, data[0])
            else:
                bus.write_i2c_block_data(self._address, register, list(data))

    def close(self) -> None:
        """Closes the bus."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    @contextlib.contextmanager
    def _open(self) -> Iterator[smbus2.SMBus]:
        try:
            if self._bus is None:
                self._bus = smbus2.SMBus(self._number)
            yield self._bus
        except OSError as error:
            self.close()
            what = f"I2C bus {self._number}, address 0x{self._address:02x}"
            hint = " (dtparam=i2c_arm=on in config.txt makes the bus)" if error.errno == errno.ENOENT else ""
            raise BoardError(error.errno, f"{what}: {error.strerror}{hint}") from error
