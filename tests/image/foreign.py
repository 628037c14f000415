"""The same packages on another kind of processor, emulated: a tree that is not booted."""

import platform
import shutil
import tempfile
from pathlib import Path
from typing import Self

from tests.image.tree import INSIDE, Tree, run

ARCHITECTURE, MACHINE = "arm64", "aarch64"
"""Debian's name for it, and the kernel's."""

PROGRAMS = ("qemu-aarch64-static", "qemu-aarch64")
"""Of Debian 12, and of Debian 13."""

_ENTRY = "mycroft-image-test"

# From qemu's scripts/qemu-binfmt-conf.sh: the ELF header of an aarch64 program. F: the kernel opens qemu now, so
# that trees need no copy of it (binfmt-misc in the kernel's admin guide).
_MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
_MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"


class NoEmulatorError(RuntimeError):
    """This machine cannot run programs of the other kind; says what it lacks."""


class Emulator:
    """Has the kernel run the other kind's programs through qemu. Use as a context manager: it does as long."""

    def __enter__(self) -> Self:
        self._native = platform.machine() == MACHINE
        if self._native:
            return self
        qemu = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if qemu is None:
            raise NoEmulatorError(PROGRAMS[0])
        self._folder = Path(tempfile.mkdtemp(prefix="mycroft-image-test-"))
        if run("mount", "-t", "binfmt_misc", "binfmt_misc", self._folder, check=False).returncode:
            self._folder.rmdir()
            raise NoEmulatorError("the right to mount binfmt_misc")
        self._remove_entry()
        try:
            (self._folder / "register").write_text(f":{_ENTRY}:M::{_MAGIC}:{_MASK}:{qemu}:F")
        except OSError as error:
            self._unmount()
            raise NoEmulatorError(f"the right to register {qemu} in binfmt_misc ({error.strerror})") from error
        return self

    def __exit__(self, *_: object) -> None:
        if not self._native:
            self._remove_entry()
            self._unmount()

    def _remove_entry(self) -> None:
        """Also that of a test that was killed."""
        entry = self._folder / _ENTRY
        if entry.exists():
            entry.write_text("-1")

    def _unmount(self) -> None:
        run("umount", self._folder)
        self._folder.rmdir()


def they_install(tree: Tree, packages: list[str]) -> str:
    """With all that they depend on."""
    tree.install(packages)
    states = tree.run("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages)
    # systemd-nspawn may say something, too.
    assert {f"{package} installed" for package in packages} <= set(states.splitlines()), states
    assert f"\n{MACHINE}\n" in f"\n{tree.run('uname', '-m')}", "it runs on this machine's own processor"
    return ", ".join(packages)


def they_answer(tree: Tree) -> str:
    """Without systemd: a question to the enclosure, over the bus, has an answer."""
    said = tree.run("sh", f"{INSIDE}/round_trip", network=False)
    return "\n".join(line for line in said.splitlines() if line.startswith(("usage:", "{")))
