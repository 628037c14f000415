"""What a board needs of the machine."""

import pytest

from enclosure.__main__ import main
from enclosure.config import load_profile, profile_names
from enclosure.needs import Needs, needs

EVERYTHING = needs(None)


def test_a_mark_1_needs_its_overlays_and_no_device_of_pins_or_buses() -> None:
    assert needs(load_profile("mycroft_mark_1")) == Needs(("dtoverlay=miniuart-bt", "dtoverlay=proto-codec"))


@pytest.mark.parametrize("name", ["picroft", "generic"])
def test_a_board_whose_owner_names_the_pins_may_use_everything(name: str) -> None:
    assert needs(load_profile(name)) == EVERYTHING


@pytest.mark.parametrize("name", profile_names())
def test_everything_is_all_that_any_board_needs(name: str) -> None:
    found = needs(load_profile(name))
    assert set(EVERYTHING.devices) >= set(found.devices)
    assert set(EVERYTHING.packages) >= set(found.packages)


@pytest.mark.parametrize(
    ("changes", "devices"),
    [
        ({"leds": {"kind": "apa102"}}, {"char-spi rw"}),
        ({"leds": {"kind": "apa102", "data_gpio": 5, "clock_gpio": 6}}, {"char-gpiochip rw", "/dev/gpiomem rw"}),
        ({"leds": {"kind": "attiny"}}, {"char-i2c rw"}),
        ({"amplifier": {"kind": "tas5806"}}, {"char-i2c rw"}),
        ({"buttons": {"talk": {"gpio": 17}}}, {"char-gpiochip rw", "/dev/gpiomem rw"}),
        ({"driver": "evdev", "buttons": {"talk": {"key": 582}}}, {"char-input r"}),
    ],
)
def test_each_part_needs_its_device(changes: dict[str, object], devices: set[str]) -> None:
    assert set(needs(load_profile("picroft", changes)).devices) == devices


def test_the_command_prints_a_line_for_each_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["needs", "respeaker_4mic"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "config.txt dtparam=spi=on",
        "DeviceAllow char-gpiochip rw",
        "DeviceAllow /dev/gpiomem rw",
        "DeviceAllow char-spi rw",
        "package python3-libgpiod",
        "note The sound card needs the driver of https://github.com/HinTak/seeed-voicecard for your kernel.",
    ]
