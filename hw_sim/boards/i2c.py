"""Chips on I2C buses behind the names of smbus2, as far as its users need them."""

import errno
import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

MAX_BLOCK = 32
"""Bytes of one SMBus transfer."""


class RegisterChip:
    """A chip with 256 registers. Writes are kept in `writes`, in order."""

    def __init__(self) -> None:
        self.registers = bytearray(256)
        self.writes: list[tuple[int, bytes]] = []

    def write(self, register: int, data: bytes) -> None:
        """The host writes from a register on."""
        self.writes.append((register, data))
        self.registers[register : register + len(data)] = data

    def read(self, register: int) -> int:
        """The host reads a register."""
        return self.registers[register]


class Buses:
    """I2C buses with their chips. `module` goes where a program imports smbus2 from."""

    def __init__(self, *numbers: int) -> None:
        self.chips: dict[tuple[int, int], RegisterChip] = {}
        """By bus and address."""
        self.taken: set[tuple[int, int]] = set()
        """Addresses that a kernel driver has."""
        self._numbers = numbers
        self.module: Any = SimpleNamespace(SMBus=lambda number: _SMBus(self, number))

    def exists(self, number: int) -> bool:
        """Whether there is such a bus."""
        return number in self._numbers


class _SMBus:
    def __init__(self, buses: Buses, number: int) -> None:
        if not buses.exists(number):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._buses = buses
        self._number = number
        self._open = True

    def read_byte(self, address: int) -> int:
        return self._chip(address).read(0)

    def read_byte_data(self, address: int, register: int) -> int:
        return self._chip(address).read(register)

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self._chip(address).write(register, bytes([value & 0xFF]))  # smbus2 truncates, too

    def write_i2c_block_data(self, address: int, register: int, data: Sequence[int]) -> None:
        if len(data) > MAX_BLOCK:
            raise ValueError("Data length cannot exceed 32 bytes")
        self._chip(address).write(register, bytes(value & 0xFF for value in data))

    def close(self) -> None:
        self._open = False

    def _chip(self, address: int) -> RegisterChip:
        if not self._open:
            raise TypeError("an integer is required (got type NoneType)")
        if (self._number, address) in self._buses.taken:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        if (self._number, address) not in self._buses.chips:
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        return self._buses.chips[self._number, address]
