"""How systemd starts a daemon of ours: arguments, environment and user."""

import contextlib
import os
import pwd
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TIMEOUT_S = 30.0
"""For systemd to answer."""

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)', re.DOTALL)
"""A variable as `systemctl show` prints it: in double quotes where a shell would need them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a daemon is started with; nothing where systemd does not know it."""

    arguments: Sequence[str] = ()
    """Arguments of the process; none where it does not run."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment of the process; what is configured where it does not run, or another user asks."""
    user: str = ""

    def may_read(self, path: Path) -> bool:
        """Whether the user of the daemon may read a file; true where only root could find out."""
        if os.geteuid() != 0:
            return True
        try:
            user = pwd.getpwnam(self.user)
        except KeyError:
            return True
        groups = os.getgrouplist(user.pw_name, user.pw_gid)
        command = ("test", "-r", path)
        tried = subprocess.run(command, user=user.pw_uid, group=user.pw_gid, extra_groups=groups, check=False)
        return tried.returncode == 0


def unit(name: str) -> Unit:
    """The unit with this name, without ".service"."""
    command = ("systemctl", "show", "--property=Environment,MainPID,User", f"{name}.service")
    shown = ""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # a system without systemd, or a chroot
        shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S).stdout
    properties = dict(line.partition("=")[::2] for line in shown.splitlines())
    process = Path("/proc") / properties.get("MainPID", "0")
    arguments: Sequence[str] = ()
    with contextlib.suppress(OSError, ValueError):  # it does not run, or another program in its place
        words = _texts(process / "cmdline")
        arguments = words[[Path(word).name for word in words].index(name) + 1 :]
    pairs = _words(properties.get("Environment", ""))
    with contextlib.suppress(OSError):  # only root may
        pairs = _texts(process / "environ")
    environment = dict(pair.partition("=")[::2] for pair in pairs)
    return Unit(arguments, environment, properties.get("User", ""))


def _words(text: str) -> Sequence[str]:
    """The variables in the property Environment, as "NAME=value"."""
    return [plain or re.sub(r"\\(.)", r"\1", quoted) for quoted, plain in _WORD.findall(text)]


def _texts(path: Path) -> Sequence[str]:
    """The texts in a file of /proc, each of which ends with NUL. Raises OSError."""
    return path.read_bytes().decode(errors="replace").split("\0")[:-1]
