"""Whether the daemon may open a device: the group and the mode of its file."""

import grp
import shlex
from pathlib import Path

from enclosure.doctor.finding import Finding, fail
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ENCLOSURE

OF_NO_PROGRAM = ("root", "tty")
"""Groups of a device that no rule has given to one. A login prompt leaves the second one behind."""


def refused(name: str, device: Path, group: str, patient: Patient) -> Finding | None:
    """That the daemon may not use a device, and what lets it; None where it may. Raises OSError.

    `group` is the usual one of such devices.
    """
    if patient.daemon.may_write(device):
        return None
    return fail(name, f"{patient.daemon.name} may not use {device}", give(device, group, patient))


def give(device: Path, group: str, patient: Patient) -> str:
    """The command that lets the daemon open a device; `group` is the usual one of such devices. Raises OSError."""
    there = {entry.gr_gid: entry.gr_name for entry in grp.getgrall()}
    owner = there.get(device.stat().st_gid, "root")
    group = group if owner in OF_NO_PROGRAM else owner
    daemon, path, steps = patient.daemon, shlex.quote(str(device)), []
    joins = group not in daemon.groups.values()
    if group not in there.values():
        steps.append(f"sudo groupadd --system {group}")
    if joins:
        steps.append(f"sudo usermod -aG {group} {daemon.name}")
    if owner != group:
        steps.append(f"sudo chown root:{group} {path}")
    if device.stat().st_mode & 0o060 != 0o060 or owner != group:
        steps.append(f"sudo chmod 660 {path}")
    if joins and patient.installed:
        steps.append(f"sudo systemctl restart {ENCLOSURE}")
    elif joins:
        steps.append("sudo reboot")  # a user is in a new group from the next login on
    return " && ".join(steps)
