"""docs/reference/faceplate.md agrees with the stand-in for the firmware, which agrees with the recordings."""

import re
from pathlib import Path

import pytest

from hw_sim.firmware import Firmware
from hw_sim.firmware.mouth import text_width
from tests.hw_sim.test_firmware import booted

PAGE = (Path(__file__).parents[2] / "docs/reference/faceplate.md").read_text()

WIDTHS = [
    int(width)
    for row in re.findall(r"^((?:\d ){15}\d) {3}\S+ to \S+$", PAGE, re.MULTILINE)
    for width in row.split()
]
[EXAMPLE] = re.findall(r"^mouth\.icon=.*$", PAGE, re.MULTILINE)


def lit(firmware: Firmware) -> int:
    """How many pixels of the mouth are lit."""
    return sum(row.bit_count() for row in firmware.mouth)


def test_the_widths_of_the_letters_are_those_of_the_font() -> None:
    assert [text_width(chr(code)) for code in range(32, 96)] == WIDTHS


def test_the_example_of_a_picture_is_shown() -> None:
    assert lit(booted(EXAMPLE.encode())) > 0


@pytest.mark.parametrize("line", ["mouth.icon=y=0,x=12,IIDMDEFEDMDMDEFEDM", EXAMPLE[:-2]])
def test_parameters_in_another_order_and_too_little_data_show_nothing(line: str) -> None:
    assert lit(booted(line.encode())) == 0
