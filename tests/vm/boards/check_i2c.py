"""Chips on a real kernel's I2C bus (i2c-stub), whose registers can be read back."""

import errno

import pytest

from enclosure.drivers.smbus import SmbusChip
from enclosure.errors import BoardError
from tests.vm.boards.hands import BUS


def check_registers_are_written_and_read_back() -> None:
    chip = SmbusChip(BUS, 0x2F)
    chip.write(0x4C, [0x60])
    chip.write(0x10, [1, 2, 3])
    assert [chip.read(register) for register in (0x4C, 0x10, 0x11, 0x12)] == [0x60, 1, 2, 3]
    chip.close()


def check_an_absent_chip_is_named() -> None:
    with pytest.raises(BoardError, match="address 0x30: No such device") as raised:
        SmbusChip(BUS, 0x30).read(0)
    assert raised.value.errno == errno.ENODEV


def check_an_absent_bus_is_named() -> None:
    with pytest.raises(BoardError, match="I2C bus 77, address 0x30: No such file"):
        SmbusChip(77, 0x30).read(0)
