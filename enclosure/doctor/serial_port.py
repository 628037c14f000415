"""The serial port of the face: that it is there, that the daemon may use it, and that no other program does."""

from collections.abc import Sequence
from pathlib import Path

from enclosure.doctor.finding import Finding, fail, ok
from enclosure.doctor.patient import Patient, User
from enclosure.doctor.processes import Process, holders
from enclosure.doctor.units import ENCLOSURE

NAME = "serial port"


async def check(patient: Patient) -> list[Finding]:
    """Nothing where the board has no face."""
    if patient.setup.serial_port is None:
        return []
    port = patient.root / patient.setup.serial_port.removeprefix("/")
    found = access(port, patient.daemon, installed=patient.installed)
    if rivals := others(holders(port, patient.root / "proc"), installed=patient.installed):
        found = in_use(port, rivals)
    return [found]


def access(port: Path, daemon: User, *, installed: bool) -> Finding:
    """Whether the port is there, and whether the daemon's user may use it."""
    if not port.exists():
        mend = "mend the overlays below, or reboot if you have; another port is enclosure.port in mycroft.conf"
        return fail(NAME, f"{port} is not there", mend)
    if daemon.may_write(port):
        return ok(NAME, f"{port} is there")
    owner = port.stat()
    group = port.group()
    if owner.st_gid in daemon.groups or group == "root":
        # A login prompt has had the port; udev's rule gives it back.
        return fail(NAME, f"{daemon.name} may not use {port}", f"sudo udevadm trigger --settle {port}")
    again = f" && sudo systemctl restart {ENCLOSURE}" if installed else ", then log out and in again"
    return fail(NAME, f"{daemon.name} may not use {port}", f"sudo usermod -aG {group} {daemon.name}{again}")


def others(having: Sequence[Process], *, installed: bool) -> list[Process]:
    """The programs that have the port but are no enclosure."""
    if installed:
        return [process for process in having if process.unit != ENCLOSURE]
    return [process for process in having if process.command not in ("enclosure", "mycroft-enclosure")]


def in_use(port: Path, rivals: Sequence[Process]) -> Finding:
    """That other programs have the port."""
    found = f"{port} is in use by {', '.join(map(str, rivals))}, which takes part of what the face reports"
    return fail(NAME, found, " && ".join(process.stop for process in rivals))
