"""Signs of a board on a device: its files, its I2C bus, and its faceplate."""

import os
import sys
from pathlib import Path

import pytest

from enclosure.config import load_profile, profile_names
from enclosure.detect import identify, signs
from enclosure.detect.evidence import look
from enclosure.drivers.serial import AsyncSerial
from hw_sim.boards.i2c import Buses, RegisterChip
from hw_sim.faceplate import Faceplate

BOARDS = {name: load_profile(name) for name in profile_names()}


class Chip(RegisterChip):
    """A chip that counts what is done to it."""

    def __init__(self, **registers: int) -> None:
        super().__init__()
        self.reads: list[int] = []
        for name, value in registers.items():
            self.registers[int(name.removeprefix("r"), 16)] = value

    def read(self, register: int) -> int:
        self.reads.append(register)
        return super().read(register)


@pytest.fixture
def i2c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Buses:
    """I2C bus 1, and its device file."""
    buses = Buses(1)
    monkeypatch.setitem(sys.modules, "smbus2", buses.module)
    monkeypatch.delitem(sys.modules, "enclosure.drivers.smbus", raising=False)
    write(tmp_path, {"dev/i2c-1": ""})
    return buses


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_what_the_kernel_reports_is_seen(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "sys/firmware/devicetree/base/hat/product": "AIY Voice Bonnet\0",
            "sys/firmware/devicetree/base/sj201-rev10-pwm-fan@0/status": "okay\0",
            "sys/class/sound/card0/id": "Headphones\n",
            "sys/class/sound/card1/id": "sj201\n",
            "sys/bus/usb/devices/1-1/idVendor": "2886\n",
            "sys/bus/usb/devices/1-1/idProduct": "0018\n",
        },
    )
    assert look(BOARDS, tmp_path).seen == {
        signs.hat("AIY Voice Bonnet"),
        signs.node("sj201-rev10-pwm-fan@0"),
        signs.card("Headphones"),
        signs.card("sj201"),
        signs.usb("2886:0018"),
    }


@pytest.mark.parametrize(("attiny", "platform"), [(True, "sj201_r6"), (False, "sj201_r10")])
async def test_an_sj201_is_known_by_its_chips(attiny: bool, platform: str, i2c: Buses, tmp_path: Path) -> None:
    i2c.chips[1, 0x2C], i2c.chips[1, 0x2F] = Chip(), Chip()
    if attiny:
        i2c.chips[1, 0x04] = Chip(rf4=0xF4)
    verdict, _ = await identify(BOARDS, root=tmp_path)
    assert verdict.platform == platform
    assert not any(chip.writes for chip in i2c.chips.values())


def test_a_register_is_read_only_where_the_other_chips_answer(i2c: Buses, tmp_path: Path) -> None:
    """To read it, its number is written to a chip that might be anything."""
    unknown = i2c.chips[1, 0x04] = Chip(rf4=0xF4)
    i2c.chips[1, 0x2F] = Chip()
    assert look(BOARDS, tmp_path).seen == {signs.chip(0x2F)}
    assert not unknown.reads


def test_only_addresses_that_a_profile_names_are_read(i2c: Buses, tmp_path: Path) -> None:
    others = [
        i2c.chips.setdefault((1, address), Chip()) for address in range(0x03, 0x78) if address not in (0x2C, 0x2F)
    ]
    look(BOARDS, tmp_path)
    assert all(isinstance(chip, Chip) and not chip.reads and not chip.writes for chip in others)


def test_the_chip_of_a_kernel_driver_is_known_without_a_read(i2c: Buses, tmp_path: Path) -> None:
    i2c.taken.add((1, 0x2F))
    i2c.chips[1, 0x2C] = Chip()
    (tmp_path / "sys/bus/i2c/devices/1-002f/driver").mkdir(parents=True)
    assert look(BOARDS, tmp_path).seen == {signs.chip(0x2C), signs.chip(0x2F)}


def test_a_bus_that_this_user_may_not_use_is_reported(
    i2c: Buses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(number: int) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(i2c.module, "SMBus", forbidden)
    evidence = look(BOARDS, tmp_path)
    assert not evidence.seen
    assert [line for line in evidence.unseen if "Permission denied" in line]


def test_a_missing_bus_or_package_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "dtparam=i2c_arm=on" in look(BOARDS, tmp_path).unseen[0]
    write(tmp_path, {"dev/i2c-1": ""})
    monkeypatch.setitem(sys.modules, "smbus2", None)
    monkeypatch.delitem(sys.modules, "enclosure.drivers.smbus", raising=False)
    assert look(BOARDS, tmp_path).unseen == ("I2C: sudo apt install python3-smbus2",)


@pytest.mark.real_time
async def test_a_faceplate_is_asked_for_its_version(faceplate: Faceplate) -> None:
    verdict, evidence = await identify(BOARDS, port=str(faceplate.link))
    assert verdict.platform == "mycroft_mark_1", evidence


@pytest.mark.real_time
async def test_a_port_that_another_program_has_is_left_alone(faceplate: Faceplate) -> None:
    daemons = AsyncSerial(str(faceplate.link), 9600)
    verdict, evidence = await identify(BOARDS, port=str(faceplate.link), bus_url="unix:/nonexistent")
    daemons.close()
    assert verdict.platform is None
    assert f"faceplate: {faceplate.link}: another program has it" in evidence.unseen
    assert not faceplate.spoken_to.is_set()


async def test_a_port_that_is_the_console_of_the_kernel_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"sys/class/tty/console/active": "tty1 ttyAMA0\n", "dev/ttyAMA0": "no terminal"})
    _, evidence = await identify(BOARDS, root=tmp_path)
    assert f"faceplate: {tmp_path}/dev/ttyAMA0 is the console of the kernel" in evidence.unseen


async def test_no_faceplate_is_asked_on_a_board_that_is_known(tmp_path: Path) -> None:
    write(tmp_path, {"sys/class/sound/card1/id": "seeed4micvoicec\n", "dev/ttyAMA0": "no terminal"})
    verdict, evidence = await identify(BOARDS, root=tmp_path)
    assert verdict.platform == "respeaker_4mic"
    assert not [line for line in evidence.unseen if "faceplate" in line]


async def test_a_port_that_two_profiles_name_is_asked_once(tmp_path: Path) -> None:
    write(tmp_path, {"sys/class/tty/console/active": "tty1 ttyAMA0\n", "dev/ttyAMA0": "no terminal"})
    _, evidence = await identify({**BOARDS, "mine": BOARDS["mycroft_mark_1"]}, ["mine"], root=tmp_path)
    assert len([line for line in evidence.unseen if "faceplate" in line]) == 1
