"""The device that is examined: what is to be looked at, and what several checks need to know of it."""

import grp
import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from enclosure.board import Profile
from enclosure.doctor.answers import Answers, ask
from enclosure.doctor.units import ENCLOSURE, UnitState, installed_units

AS_ROOT = "sudo mycroft-enclosure doctor"


@dataclass(frozen=True, slots=True)
class Setup:
    """What the doctor is to look at."""

    bus_url: str
    serial_port: str | None
    """None: the board has no faceplate."""
    serial_rate: int
    mixer_device: str
    mixer_controls: Sequence[str]
    profile: Profile = field(default_factory=Profile)
    platform: str = ""
    """Name of the profile."""
    boards: Mapping[str, Profile] = field(default_factory=dict)
    """All profiles, by name, to tell whether the board is another one."""


@dataclass(frozen=True, slots=True)
class User:
    """A user and the groups that it is in."""

    name: str
    uid: int
    groups: Mapping[int, str]
    """Names of its groups, by number."""

    def may_write(self, path: Path) -> bool:
        """Whether this user may read and write a file, or make files in a folder. Raises OSError."""
        return self._may(path, 0o3 if path.is_dir() else 0o6)

    def may_read(self, path: Path) -> bool:
        """Whether this user may read a file, or open the files in a folder. Raises OSError."""
        return self._may(path, 0o1 if path.is_dir() else 0o4)

    def _may(self, path: Path, needed: int) -> bool:
        status = path.stat()
        if self.uid == status.st_uid:
            mode = status.st_mode >> 6
        elif status.st_gid in self.groups:
            mode = status.st_mode >> 3
        else:
            mode = status.st_mode
        return self.uid == 0 or mode & needed == needed


@dataclass(frozen=True, slots=True)
class Patient:
    """All that the checks are handed."""

    setup: Setup
    root: Path
    """Where the files of the system are, /proc included."""
    user: User
    """Runs the doctor."""
    daemon: User
    """Runs the enclosure: user `mycroft` with the unit, in a checkout the same one as the doctor's."""
    units: Mapping[str, UnitState]
    """The installed units; none in a checkout."""
    answers: Answers | None
    """Answers on the bus; None without a bus."""

    @property
    def proc(self) -> Path:
        """The folder with a folder for each process."""
        return self.root / "proc"

    @property
    def installed(self) -> bool:
        """Whether the enclosure runs as a unit."""
        return ENCLOSURE in self.units


async def look_at(setup: Setup, root: Path) -> Patient:
    """Collects what the checks need."""
    units = await installed_units()
    user = _user(pwd.getpwuid(os.getuid()))
    daemon = _user(pwd.getpwnam("mycroft")) if ENCLOSURE in units else user
    return Patient(setup, root, user, daemon, units, await ask(setup.bus_url))


def _user(entry: pwd.struct_passwd) -> User:
    names = {group.gr_gid: group.gr_name for group in grp.getgrall()}
    gids = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return User(entry.pw_name, entry.pw_uid, {gid: names.get(gid, str(gid)) for gid in gids})
