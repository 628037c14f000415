"""Detection of a board by chips on a real kernel's I2C bus (i2c-stub)."""

import subprocess

from enclosure.config import load_profile, profile_names
from enclosure.detect import identify, signs
from enclosure.detect.evidence import look
from enclosure.drivers.smbus import SmbusChip
from tests.docs.pages import BOARD, OUTPUT, blocks, marked
from tests.vm.boards.hands import BUS

BOARDS = {name: load_profile(name) for name in profile_names()}


async def check_the_two_revisions_of_the_sj201_are_told_apart() -> None:
    attiny = SmbusChip(BUS, 0x04)
    for signature, platform in ((0xF4, "sj201_r6"), (0x00, "sj201_r10")):
        attiny.write(0xF4, [signature])
        verdict, evidence = await identify(BOARDS, faceplate=False, i2c_bus=BUS)
        assert verdict.platform == platform, evidence
    attiny.close()


def check_the_page_shows_what_the_command_prints() -> None:
    attiny = SmbusChip(BUS, 0x04)
    attiny.write(0xF4, [0xF4])
    [command] = marked("boards.md", BOARD)
    [shown] = [block.text for block in blocks("boards.md") if OUTPUT in block.marks]
    as_root = command.removeprefix("sudo ").split()
    printed = subprocess.run(as_root, check=True, capture_output=True, text=True).stdout
    assert printed.startswith(shown), printed
    attiny.close()


def check_detection_leaves_registers_as_they_are() -> None:
    amplifier = SmbusChip(BUS, 0x2F)
    before = [amplifier.read(register) for register in range(256)]
    assert signs.chip(0x2F) in look(BOARDS, bus=BUS).seen
    assert [amplifier.read(register) for register in range(256)] == before
    amplifier.close()


def check_an_address_without_a_chip_does_not_answer() -> None:
    chip = SmbusChip(BUS, 0x30)
    assert not chip.answers()
    chip.close()
