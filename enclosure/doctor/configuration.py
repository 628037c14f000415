"""The files of the configuration, which each daemon reads as a user of its own."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from bus.daemon.config import FILES
from enclosure.doctor.finding import Finding, fail, ok
from enclosure.doctor.patient import Patient, User
from enclosure.doctor.units import ENCLOSURE

NAME = "configuration"

_FILES = FILES[:-1]
"""Those that the units read: not that of a user."""


async def check(patient: Patient) -> list[Finding]:
    """Nothing in a checkout, whose daemons run as the user who asks."""
    if not patient.installed:
        return []
    return [readable([patient.root / str(file).lstrip("/") for file in _FILES], patient.daemon)]


def readable(files: Sequence[Path], daemon: User) -> Finding:
    """Whether the daemon may read the files that there are."""
    there = [path for file in files for path in (file.parent, file) if os.path.exists(path)]  # noqa: PTH110  # a Path may raise
    closed = [str(path) for path in there if not daemon.may_read(path)]
    if not closed:
        return ok(NAME, f"{daemon.name} may read it")
    found = f"{daemon.name} may not read {' and '.join(closed)}: what is set there is not in force"
    return fail(NAME, found, f"sudo chmod a+rX {shlex.join(closed)} && sudo systemctl restart {ENCLOSURE}")
