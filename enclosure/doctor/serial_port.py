"""The serial port of the face: that it is there, that the daemon may use it, and that no other program does."""

from collections.abc import Sequence
from pathlib import Path

from enclosure.doctor.access import refused
from enclosure.doctor.finding import Finding, by_hand, fail, ok
from enclosure.doctor.patient import Patient
from enclosure.doctor.processes import Process, holders
from enclosure.doctor.units import ENCLOSURE

NAME = "serial port"

GROUP = "dialout"
"""Debian's group for serial ports."""


async def check(patient: Patient) -> list[Finding]:
    """Nothing where the board has no face."""
    if patient.setup.serial_port is None:
        return []
    port = patient.root / patient.setup.serial_port.removeprefix("/")
    found = access(port, patient)
    if rivals := others(holders(port, patient.proc), installed=patient.installed):
        found = in_use(port, rivals, found.mend)
    return [found]


def access(port: Path, patient: Patient) -> Finding:
    """Whether the port is there, and whether the daemon's user may use it."""
    if not port.exists():
        found = f"{port} is not there"
        if patient.setup.serial_port == patient.setup.profile.serial_port:
            return fail(NAME, f"{found}; overlays are read when the machine starts", "sudo reboot")
        mend = "plug the face in, or name its port as enclosure.port in /etc/mycroft/mycroft.conf"
        return by_hand(fail(NAME, found, mend))
    return refused(NAME, port, GROUP, patient) or ok(NAME, f"{port} is there")


def others(having: Sequence[Process], *, installed: bool) -> list[Process]:
    """The programs that have the port but are no enclosure."""
    if installed:
        return [process for process in having if process.unit != ENCLOSURE]
    return [process for process in having if process.command not in ("enclosure", "mycroft-enclosure")]


def in_use(port: Path, rivals: Sequence[Process], mend: str | None) -> Finding:
    """That other programs have the port; `mend` is what to do afterwards, as a login prompt changes its owner."""
    found = f"{port} is in use by {', '.join(map(str, rivals))}, which takes part of what the face reports"
    steps = list(dict.fromkeys(process.stop for process in rivals))
    return fail(NAME, found, " && ".join([*steps, mend] if mend else steps))
