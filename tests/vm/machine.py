"""A virtual machine with Debian 13's own kernel: boots a tree, and carries out commands inside."""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer
from typing import Self

from tests.image.tree import run
from tests.vm.kernel import Kernel

CHECKOUT = "/srv/checkout"
"""Where the virtual machine has the checkout."""

AGENT_PORT = "agent"
"""Name of the serial port over which commands go in."""

BOOT_TIMEOUT_S = 120.0
"""An emulated processor takes about 15 s, on a busy machine several times that."""

_AGENT = f"""\
[Service]
Type=exec
ExecStart=/usr/bin/python3 {CHECKOUT}/tests/vm/agent.py {AGENT_PORT}
Environment=LANG=C.UTF-8
"""

_OPTIONS = "console=ttyS0 quiet panic=-1 systemd.show_status=yes"
"""Of the kernel."""

_FAST = "mitigations=off audit=0 lsm= nokaslr norandmaps"
"""Options of the kernel without which it is slower."""

_MASKED = (
    *("dev-hugepages.mount", "dev-mqueue.mount", "e2scrub_reap.service", "getty.target", "ldconfig.service"),
    *("sys-kernel-debug.mount", "sys-kernel-tracing.mount", "systemd-hwdb-update.service", "timers.target"),
    *("systemd-binfmt.service", "systemd-journal-catalog-update.service", "systemd-random-seed.service"),
    *("systemd-udev-trigger.service", "systemd-update-done.service", "systemd-update-utmp.service"),
    *("systemd-user-sessions.service", "systemd-vconsole-setup.service", "proc-sys-fs-binfmt_misc.automount"),
)
"""Units that no check needs, and that take an emulated processor long."""

DISK_SIZE = "1G"


def prepare(root: Path, off: Sequence[str]) -> None:
    """Lets a tree carry out commands of this machine; masks units that are not to start."""
    units = root / "etc/systemd/system"
    (units / "agent.service").write_text(_AGENT)
    wants = units / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "agent.service").symlink_to("../agent.service")
    for unit in (*_MASKED, *off):
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")


def make_disk(root: Path, disk: Path) -> None:
    """Makes a disk with the files of a tree."""
    disk.unlink(missing_ok=True)
    run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, disk, DISK_SIZE)


class Machine:
    """A booted virtual machine, without a network. Use as a context manager; it writes nothing to the disk.

    It runs in virtual time: each instruction takes a nanosecond, about as on a Raspberry Pi 3, and when there is
    nothing to do, the clock jumps to the next timer. It would also jump during a wait for a disk: that is memory.

    A machine that takes longer than `timeout_s` of real time in all is ended, and what waits for it fails.
    """

    def __init__(self, kernel: Kernel, disk: Path, log: Path, *, memory_mb: int, timeout_s: float) -> None:
        self._kernel = kernel
        self._disk = disk
        self._log = log
        self._memory_mb = memory_mb
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-vm-")))  # short
            self._qemu = subprocess.Popen(self._command(folder / "agent"), stdin=subprocess.DEVNULL)
            stack.callback(self._qemu.wait)
            stack.callback(self._qemu.kill)
            killer = Timer(self._timeout_s, self._qemu.kill)
            killer.start()
            stack.callback(killer.cancel)
            self._agent = stack.enter_context(self._connected(folder / "agent").makefile("rw"))
            self.run("systemctl", "is-system-running", "--wait", check=False)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, *command: str, user: str = "root", check: bool = True) -> str:
        """Runs a program inside; returns what it says."""
        said: list[str] = []
        code = self.watch(*command, user=user, on_line=said.append)
        if check and code:
            raise AssertionError(f"{' '.join(command)} as {user} ended with {code}: {''.join(said)}")
        return "".join(said).strip()

    def succeeds(self, *command: str, user: str = "root") -> bool:
        """Runs a program inside; whether it ends well."""
        return not self.watch(*command, user=user, on_line=lambda _: None)

    def property(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit)

    def watch(self, *command: str, on_line: Callable[[str], object], user: str = "root") -> int:
        """Runs a program inside, and hands on what it says, line by line; returns its exit code."""
        self._agent.write(json.dumps({"command": command, "user": user}) + "\n")
        self._agent.flush()
        for line in self._agent:
            match json.loads(line):
                case {"line": str(text)}:
                    on_line(text)
                case {"exit": int(code)}:
                    return code
        raise RuntimeError(f"the virtual machine is gone; the end of {self._log}:\n{self._last_words()}")

    def _connected(self, path: Path) -> socket.socket:
        """The agent, once it answers."""
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        agent = socket.socket(socket.AF_UNIX)
        while True:
            with contextlib.suppress(OSError):
                agent.connect(str(path))
                return agent
            if self._qemu.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the virtual machine does not start, see {self._log}")
            time.sleep(0.05)  # QEMU makes the socket, and says nothing of it

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def _command(self, agent: Path) -> tuple[str, ...]:
        size = self._disk.stat().st_size
        memory = f"memory-backend-file,id=root,mem-path={self._disk},size={size},share=off"
        return (
            *("qemu-system-x86_64", "-M", "q35,nvdimm=on", "-accel", "tcg", "-cpu", "Nehalem", "-smp", "1"),
            *("-icount", "shift=0,sleep=off"),
            *("-m", f"{self._memory_mb}M,slots=1,maxmem=4G", "-object", memory, "-device", "nvdimm,memdev=root"),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-kernel", str(self._kernel.image), "-initrd", str(self._kernel.initrd)),
            *("-append", f"{_OPTIONS} {_FAST}"),
            *("-serial", f"file:{self._log}", "-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
            *("-chardev", f"socket,id=agent,path={agent},server=on,wait=off"),
            *("-device", f"virtserialport,chardev=agent,name={AGENT_PORT}"),
        )
