"""Which processes have a device or a port, as /proc shows it; of those of other users only root sees it."""

import contextlib
import os
import pwd
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LISTENING = "0A"
"""The state of a TCP socket in /proc/net/tcp."""

_USER_MANAGER = re.compile(r"/user@(\d+)\.service/")
"""In the control group of a service of a user."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running program."""

    pid: int
    command: str
    unit: str | None = None
    """The service that it belongs to; None outside of any."""
    user: str | None = None
    """Whose service that is; None for one of the system."""

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid})"

    @property
    def stop(self) -> str:
        """The command that stops it, for good where a service would start it again."""
        return self._systemctl("disable --now") or f"sudo kill {self.pid}"

    @property
    def restart(self) -> str | None:
        """The command that starts it again; None outside of any service."""
        return self._systemctl("restart")

    def _systemctl(self, verb: str) -> str | None:
        if self.unit is None:
            return None
        manager = f" --user --machine={shlex.quote(self.user)}@.host" if self.user else ""
        return f"sudo systemctl{manager} {verb} {shlex.quote(self.unit)}"


def holders(path: Path, proc: Path) -> list[Process]:
    """The processes that have a file or a device open; not this one."""
    with contextlib.suppress(OSError):  # there is no such device
        device = os.path.realpath(path, strict=True)
        return sorted(_with_descriptor(device, proc, Path(device).stat()), key=lambda process: process.pid)
    return []


def listener(port: int, proc: Path) -> Process | None:
    """The process that listens on a TCP port; None where there is none, or it is another user's."""
    for inode in listening(port, proc):
        for process in _with_descriptor(f"socket:[{inode}]", proc):
            return process
    return None


def listening(port: int, proc: Path) -> list[int]:
    """The inodes of the sockets that listen on a TCP port, for any user to see."""
    found = []
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _LISTENING:
                    found.append(int(fields[9]))
    return found


def _with_descriptor(target: str, proc: Path, device: os.stat_result | None = None) -> Iterator[Process]:
    """The processes that have this open; `device` tells a device from that of the same name in a container."""
    for folder in proc.glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # the process has ended, or is another user's
            opened = {str(descriptor.readlink()): descriptor for descriptor in (folder / "fd").iterdir()}
            # A program that has made a pseudo terminal is the device at its end, such as the simulator.
            simulates = target.startswith("/dev/pts/") and opened.keys() & {"/dev/ptmx", "/dev/pts/ptmx"}
            if target not in opened or simulates:
                continue
            if device is None or os.path.samestat(opened[target].stat(), device):
                yield process(int(folder.name), proc)


def process(pid: int, proc: Path) -> Process:
    """What there is to know of a process. Raises OSError."""
    folder = proc / str(pid)
    words = arguments(pid, proc)
    program = Path(words[0]).name
    if program.startswith("python") and len(words) > 1:  # what it runs says more
        program = next((Path(word).name for word in words[1:] if word and not word.startswith("-")), program)
    unit, uid = service((folder / "cgroup").read_text(errors="replace"))
    name = program or (folder / "comm").read_text(errors="replace").strip()
    return Process(pid, name, unit, None if uid is None else user_name(uid))


def arguments(pid: int, proc: Path) -> list[str]:
    """The command line of a process, at least one word. Raises OSError."""
    return (proc / str(pid) / "cmdline").read_text(errors="replace").split("\0")


def service(cgroup: str) -> tuple[str | None, int | None]:
    """The service that a process with this /proc/PID/cgroup belongs to, and the user whose service that is."""
    path = cgroup.strip().rpartition(":")[2]
    last = path.rpartition("/")[2]
    if not last.endswith(".service"):
        return None, None
    manager = _USER_MANAGER.search(path)
    return last, int(manager[1]) if manager else None


def user_name(uid: int) -> str:
    """The name of a user; the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
