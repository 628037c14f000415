"""The groups of user `mycroft`, which own the devices."""

import grp
from collections.abc import Collection

from enclosure.doctor.finding import Finding, Verdict, ok
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ENCLOSURE

NAME = "groups"

NEEDED = ("dialout", "audio")
USEFUL = ("gpio", "i2c", "spi")
"""Groups for other boards than the Mark 1. Not every system has them."""


async def check(patient: Patient) -> list[Finding]:
    """Nothing in a checkout, whose devices may need no group: serial port and mixer show what is missing there."""
    if not patient.installed:
        return []
    there = {group.gr_name for group in grp.getgrall()}
    return [groups(patient.daemon.name, patient.daemon.groups.values(), there)]


def groups(user: str, mine: Collection[str], there: Collection[str]) -> Finding:
    """Whether a user is in the groups that own the devices, as far as this system has them."""
    missing = [group for group in NEEDED + USEFUL if group in there and group not in mine]
    if not missing:
        return ok(NAME, f"{user} may use serial port, sound card, pins and buses")
    verdict = Verdict.FAIL if set(missing) & set(NEEDED) else Verdict.WARN
    mend = f"sudo usermod -aG {','.join(missing)} {user} && sudo systemctl restart {ENCLOSURE}"
    return Finding(NAME, verdict, f"{user} is not in {', '.join(missing)}", mend)
