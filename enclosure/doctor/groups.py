"""The groups of user `mycroft`, which own the devices."""

import grp
from collections.abc import Collection, Sequence

from enclosure.board import chips, spi_device
from enclosure.doctor.finding import Finding, fail, ok
from enclosure.doctor.parts import gpiod_lines
from enclosure.doctor.patient import Patient, Setup
from enclosure.doctor.units import ENCLOSURE

NAME = "groups"


async def check(patient: Patient) -> list[Finding]:
    """Nothing in a checkout, whose devices may need no group: serial port and mixer show what is missing there."""
    if not patient.installed:
        return []
    there = {group.gr_name for group in grp.getgrall()}
    mine = patient.daemon.groups.values()
    return [groups(patient.daemon.name, mine, there, needed(patient.setup))]


def needed(setup: Setup) -> list[str]:
    """The groups that own what the board has, as Debian and Raspberry Pi OS call them."""
    profile = setup.profile
    found = {
        "dialout": setup.serial_port is not None,
        "audio": True,
        "gpio": bool(gpiod_lines(profile)),
        "i2c": any(chips(profile)),
        "spi": spi_device(profile) is not None,
        "input": profile.driver == "evdev",
    }
    return [name for name, is_needed in found.items() if is_needed]


def groups(user: str, mine: Collection[str], there: Collection[str], wanted: Sequence[str]) -> Finding:
    """Whether a user is in these groups."""
    missing = [group for group in wanted if group not in mine]
    if not missing:
        return ok(NAME, f"{user} is in {', '.join(wanted)}")
    steps = [f"sudo groupadd --system {group}" for group in missing if group not in there]
    steps += [f"sudo usermod -aG {','.join(missing)} {user}", f"sudo systemctl restart {ENCLOSURE}"]
    return fail(NAME, f"{user} is not in {', '.join(missing)}", " && ".join(steps))
