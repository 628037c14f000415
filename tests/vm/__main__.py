"""`python -m tests.vm`: checks the drivers on a real kernel's GPIO, I2C, input and sound, in a virtual machine."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Timer

from tests.image.tree import debian_mirror
from tests.vm.tree import VmTree

NEEDED = ("chroot", "debootstrap", "qemu-system-x86_64", "xz")

TIMEOUT_S = 300.0
"""An emulated processor takes about 40 s for all checks, on a busy machine several times that."""

IMAGE_BASE = Path("build/image/base")
"""The tree that the image test starts from, and this one can, too."""

EXIT_CODE = "exit code of the checks: "
"""What the virtual machine prints before the exit code of its pytest."""

_ROOT = Path(__file__).parents[2]


def main() -> int:
    """Prints what pytest prints in the virtual machine; returns 1 where a check has failed."""
    parser = argparse.ArgumentParser(prog="tests.vm", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/vm"), help="where to work (build/vm)")
    parser.add_argument("--mirror", metavar="URL", help="of Debian (that of this machine's apt)")
    parser.add_argument("-k", metavar="NAME", help="only the checks whose names contain this")
    options = parser.parse_args()
    mirror = options.mirror or debian_mirror()
    tree = VmTree(options.folder.resolve(), mirror or "", IMAGE_BASE)
    if missing := missing_here(tree, mirror):
        print(f"virtual machine skipped: it needs {missing}")
        return 0
    tree.create()
    return run_checks(tree, options.k)


def missing_here(tree: VmTree, mirror: str | None) -> str:
    """What this machine lacks, in words; empty where it has everything."""
    if missing := ", ".join(name for name in NEEDED if shutil.which(name) is None):
        return missing
    if tree.complete:
        return ""
    if os.geteuid():
        return "root"
    return "" if mirror else "a mirror of Debian: run apt-get update, or name one with --mirror URL"


def run_checks(tree: VmTree, only: str | None) -> int:
    """Boots the virtual machine, and passes on what it prints until its pytest is done."""
    command = (
        *("qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "256", "-smp", "1"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"),
        *("-kernel", str(tree.kernel), "-initrd", str(tree.initrd)),
        *("-append", f"console=ttyS0 quiet panic=-1 mitigations=off {f'check={only}' if only else ''}"),
        *_share("root", tree.root),
        *_share("checkout", _ROOT),
    )
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
        killer = Timer(TIMEOUT_S, machine.kill)
        killer.start()
        assert machine.stdout is not None
        for line in machine.stdout:
            text = line.decode(errors="replace").replace("\r", "")
            if text.startswith(EXIT_CODE):
                break
            sys.stdout.write(text)
        else:
            text = ""
        machine.kill()
        killer.cancel()
    return 0 if text.strip() == f"{EXIT_CODE}0" else 1


def _share(tag: str, folder: Path) -> tuple[str, ...]:
    return (
        "-fsdev", f"local,id={tag},path={folder},security_model=none,readonly=on",
        "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
