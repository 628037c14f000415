"""The doctor on boards with pins and buses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from enclosure.config import load_profile
from enclosure.doctor import board
from enclosure.doctor.finding import Verdict
from enclosure.doctor.patient import Patient, Setup, User
from hw_sim.boards.gpiod import Gpio

PICROFT = {"buttons": {"talk": {"gpio": 17}}, "leds": {"kind": "gpio", "gpio": [27]}}
ROOT = User("root", 0, {})


def patient(name: str, root: Path, changes: Mapping[str, Any] | None = None) -> Patient:
    setup = Setup("ws://127.0.0.1:9/core", None, 9600, "default", [], load_profile(name, changes))
    return Patient(setup, root, ROOT, ROOT, {}, None)


async def test_a_board_without_pins_has_nothing_to_examine(tmp_path: Path) -> None:
    assert await board.check(patient("mycroft_mark_1", tmp_path)) == []
    assert await board.check(patient("picroft", tmp_path)) == []


@pytest.mark.parametrize("owner", ["", "mycroft-enclosure"])
async def test_pins_that_are_free_or_ours_are_well(owner: str, gpio: Gpio, tmp_path: Path) -> None:
    gpio.take(17, owner)
    (found,) = await board.check(patient("picroft", tmp_path, PICROFT))
    assert (found.verdict, found.found) == (Verdict.OK, "GPIO17, GPIO27: free, or used by the enclosure")


async def test_the_owner_of_a_taken_pin_is_named(gpio: Gpio, tmp_path: Path) -> None:
    gpio.take(17, "ovos-hotkeys")
    (found,) = await board.check(patient("picroft", tmp_path, PICROFT))
    assert (found.verdict, found.found) == (
        Verdict.FAIL,
        "GPIO17 (buttons.talk.gpio) is taken by ovos-hotkeys",
    )


async def test_a_chip_that_is_missing_is_found(gpio: Gpio, tmp_path: Path) -> None:
    gpio.pull_out()
    (found,) = await board.check(patient("picroft", tmp_path, PICROFT))
    assert found.verdict is Verdict.FAIL
    assert found.found.startswith("no GPIO chip pinctrl-bcm2835")


async def test_a_bus_that_is_not_switched_on_is_found_and_its_switch_named(gpio: Gpio, tmp_path: Path) -> None:
    _, found = await board.check(patient("sj201_r6", tmp_path))
    assert found.found == "leds: there is no I2C bus 1"
    assert "dtparam=i2c_arm=on" in (found.mend or "")
    _, found = await board.check(patient("respeaker_2mic", tmp_path))
    assert found.found == "leds: there is no /dev/spidev0.0"
    assert "dtparam=spi=on" in (found.mend or "")


async def test_a_kernel_driver_that_has_a_chip_is_found(gpio: Gpio, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/i2c-1").touch()
    _, found = await board.check(patient("sj201_r6", tmp_path))
    assert found.verdict is Verdict.OK
    chip = tmp_path / "sys/bus/i2c/devices/1-002f"
    (chip / "driver").mkdir(parents=True)
    (chip / "name").write_text("tas5805m\n")
    _, found = await board.check(patient("sj201_r6", tmp_path))
    assert found.found == "amplifier: the kernel's driver tas5805m has address 0x2f of I2C bus 1"
