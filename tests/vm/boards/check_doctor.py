"""The doctor on a real kernel's GPIO lines, I2C chips and input devices."""

import asyncio
import grp
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from enclosure.config import load_profile
from enclosure.doctor import board
from enclosure.doctor.finding import Finding
from enclosure.doctor.patient import Patient, Setup, User
from enclosure.drivers import gpiod
from tests.vm.boards.device import said
from tests.vm.boards.hands import GpioSim, Keys, settle

ROOT = User("root", 0, {0: "root"})

ACTION = 24
"""The line of the Mark II's button."""

TAKE = """
import gpiod, signal, sys
lines = gpiod.request_lines(sys.argv[1], consumer="other-buttons", config={int(sys.argv[2]): gpiod.LineSettings()})
signal.pause()
"""

RIVAL = "other-buttons.service"
"""The program's own service: the checks are in one, too, which a mend must not stop."""


def examine(**changes: object) -> dict[str, Finding]:
    """The findings on a Mark II's development kit, whose daemon runs as the user of the package."""
    profile = load_profile("sj201_r6", changes)
    entry = pwd.getpwnam("mycroft")
    groups = {gid: grp.getgrgid(gid).gr_name for gid in os.getgrouplist("mycroft", entry.pw_gid)}
    daemon = User("mycroft", entry.pw_uid, groups)
    patient = Patient(Setup("", None, 0, "", [], profile), Path("/"), ROOT, daemon, {}, None)
    return {finding.name: finding for finding in asyncio.run(board.check(patient))}


def type_mend(finding: Finding) -> None:
    assert not finding.by_hand
    subprocess.run(("sh", "-c", (finding.mend or "").replace("sudo ", "")), check=True)  # root needs none


@pytest.fixture
def other_program(chip: GpioSim, tmp_path: Path) -> Iterator[str]:
    """A service that has the button's line; the number of its process."""
    program = tmp_path / "other-buttons"
    program.write_text(TAKE)
    unit = Path("/etc/systemd/system", RIVAL)
    unit.write_text(f"[Service]\nExecStart={sys.executable} {program} /dev/{chip.name} {ACTION}\n")
    said("systemctl", "daemon-reload")
    said("systemctl", "start", RIVAL)
    while not any("other-buttons" in line for line in said("gpioinfo", "--chip", chip.name).splitlines()):
        time.sleep(0.01)  # no signal is emitted for a request of libgpiod
    yield said("systemctl", "show", "--value", "--property=MainPID", RIVAL).strip()
    said("systemctl", "stop", RIVAL)
    unit.unlink()
    said("systemctl", "daemon-reload")


def check_a_healthy_board_has_nothing_to_mend(chip: GpioSim) -> None:
    verdicts = {name: finding.verdict for name, finding in examine().items()}
    assert verdicts.pop(board.MISSING) == "skip"
    assert set(verdicts.values()) == {"ok"}, examine()


def check_the_program_that_has_a_line_is_named_and_stopped(other_program: str) -> None:
    finding = examine()["GPIO lines"]
    assert "GPIO24 (buttons.action.gpio) is taken by other-buttons: " in finding.found
    assert f"(process {other_program})" in finding.found
    assert finding.mend == f"sudo systemctl disable --now {RIVAL}"
    type_mend(finding)
    assert examine()["GPIO lines"].verdict == "ok"


def check_a_chip_that_the_daemon_may_not_open_is_given_to_it(chip: GpioSim) -> None:
    path = Path(gpiod.chip_path())
    path.chmod(0o600)
    finding = examine()["GPIO lines"]
    assert finding.found == f"mycroft may not use {path}"
    type_mend(finding)
    assert examine()["GPIO lines"].verdict == "ok"


def check_a_missing_chip_is_found(chip: GpioSim) -> None:
    chip.pull_out()
    finding = examine()["GPIO lines"]
    chip.plug_in()
    assert finding.by_hand
    assert finding.found.startswith("no GPIO chip pinctrl-bcm2835")


def check_a_chip_that_does_not_answer_is_found(chip: GpioSim) -> None:
    finding = examine(amplifier={"address": 0x30})["I2C"]
    assert finding.found.startswith("amplifier: address 0x30 of I2C bus 1 does not answer")


def check_keys_of_an_overlay_are_found(chip: GpioSim) -> None:
    changes = {
        "driver": "evdev",
        "buttons": {"action": {"key": 582}, "volume_up": {"key": 115}, "volume_down": {"key": 114}},
        "switches": {"mute": {"key": 248}},
    }
    assert examine(**changes)["inputs"].by_hand
    keys = Keys((582, 115, 114, 248))
    settle()
    finding = examine(**changes)["inputs"]
    keys.unplug()
    assert finding.verdict == "ok", finding
