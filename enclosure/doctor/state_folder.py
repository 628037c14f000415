"""The folder in which the enclosure keeps what it remembers, such as the sound level."""

import os
import shlex
from pathlib import Path

from enclosure.doctor.finding import Finding, by_hand, fail, ok
from enclosure.doctor.patient import Patient, User
from enclosure.doctor.units import ENCLOSURE
from enclosure.state import state_file

NAME = "state folder"

INSTALLED = "var/lib/mycroft-enclosure"
"""That of the unit, which systemd makes and owns (StateDirectory=)."""


async def check(patient: Patient) -> list[Finding]:
    """One finding."""
    if patient.installed:
        folder = patient.root / INSTALLED
        # systemd sets owner and mode of the folder whenever it starts the unit.
        return [writable(folder, patient.daemon, f"sudo systemctl restart {ENCLOSURE}")]
    folder = state_file(os.environ).parent
    if not _may_make(folder, patient.daemon):
        name = patient.daemon.name
        found = f"{name} may not make {folder}: the sound level is not kept"
        return [by_hand(fail(NAME, found, f"make it with sudo, and give it to {name}"))]
    path = shlex.quote(str(folder))
    return [writable(folder, patient.daemon, f"mkdir -p {path} && chmod u+rwx {path}")]


def _may_make(folder: Path, daemon: User) -> bool:
    """Whether a folder is there, or the daemon may make it."""
    above = next(parent for parent in folder.parents if os.path.isdir(parent))  # noqa: PTH112  # a Path may raise
    return os.path.lexists(folder) or daemon.may_write(above)


def writable(folder: Path, daemon: User, mend: str) -> Finding:
    """Whether the daemon can save anything in a folder."""
    if not os.path.lexists(folder):
        return ok(NAME, f"{folder} is made when the enclosure saves something")
    if not folder.is_dir():
        return fail(NAME, f"{folder} is no folder", f"sudo rm {shlex.quote(str(folder))} && {mend}")
    if not daemon.may_write(folder):
        return fail(NAME, f"{daemon.name} may not write in {folder}: the sound level is not kept", mend)
    if not os.statvfs(folder).f_bavail:
        free = "sudo apt-get clean && sudo journalctl --vacuum-size=50M"
        return fail(NAME, f"there is no room left for {folder}", free)
    return ok(NAME, f"{daemon.name} may write in {folder}")
