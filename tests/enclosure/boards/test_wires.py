"""Chips on I2C and SPI, and how their failures are reported."""

import errno
import fcntl
from pathlib import Path

import pytest

from enclosure.drivers.spi import SpiBus
from enclosure.errors import BoardError
from hw_sim.boards.i2c import Buses, RegisterChip


def test_registers_are_written_and_read_back(i2c: Buses) -> None:
    from enclosure.drivers.smbus import SmbusChip  # noqa: PLC0415  # of the fake

    chip = SmbusChip(1, 0x2F)
    i2c.chips[1, 0x2F] = RegisterChip()
    chip.write(0x4C, [0x54])
    chip.write(0x10, range(32))
    assert (chip.read(0x4C), chip.read(0x2F)) == (0x54, 31)
    chip.close()
    chip.close()


@pytest.mark.parametrize(
    ("bus", "address", "number", "text"),
    [
        (7, 0x2F, errno.ENOENT, "I2C bus 7, address 0x2f: No such file or directory (dtparam=i2c_arm=on"),
        (1, 0x30, errno.EREMOTEIO, "I2C bus 1, address 0x30: Remote I/O error"),
        (1, 0x1A, errno.EBUSY, "I2C bus 1, address 0x1a: Device or resource busy"),
    ],
)
def test_what_cannot_be_reached_is_named(i2c: Buses, bus: int, address: int, number: int, text: str) -> None:
    from enclosure.drivers.smbus import SmbusChip  # noqa: PLC0415  # of the fake

    i2c.taken.add((1, 0x1A))
    with pytest.raises(BoardError) as raised:
        SmbusChip(bus, address).read(0)
    assert raised.value.errno == number
    assert str(raised.value.strerror).startswith(text)


def test_a_chip_that_comes_back_is_written_to_again(i2c: Buses) -> None:
    from enclosure.drivers.smbus import SmbusChip  # noqa: PLC0415  # of the fake

    chip = SmbusChip(1, 0x2F)
    with pytest.raises(BoardError):
        chip.write(0x4C, [0x54])
    i2c.chips[1, 0x2F] = RegisterChip()
    chip.write(0x4C, [0x54])
    assert i2c.chips[1, 0x2F].writes == [(0x4C, b"\x54")]


def test_spi_sets_the_speed_once_and_sends_each_frame_in_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spidev0.0"
    path.touch()
    speeds: list[bytes] = []
    monkeypatch.setattr(fcntl, "ioctl", lambda _file, _request, value: speeds.append(value))
    bus = SpiBus(str(path), 8_000_000)
    bus.write(b"one")
    bus.write(b"two")
    bus.close()
    bus.close()
    assert path.read_bytes() == b"onetwo"
    assert [int.from_bytes(speed, "little") for speed in speeds] == [8_000_000]


def test_an_spi_device_that_is_missing_names_its_switch(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"spidev0.0: No such file or directory \(dtparam=spi=on"):
        SpiBus(str(tmp_path / "spidev0.0"), 8_000_000).write(b"frame")


def test_a_file_that_is_no_spi_device_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "spidev0.0"
    path.touch()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(BoardError) as raised:
        SpiBus(str(path), 8_000_000).write(b"frame")
    assert raised.value.errno == errno.ENOTTY
    assert len(list(Path("/proc/self/fd").iterdir())) == before
