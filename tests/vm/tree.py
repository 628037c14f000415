"""Debian 13 for the virtual machine: its root file system, kernel and modules, made once and kept in a folder.

Debian's kernel has no gpio-sim. It is built from Debian's source against Debian's headers: two files, one edit:
the kernel does not export irq_to_desc.
"""

import shutil
import subprocess
from pathlib import Path

from tests.image.tree import SUITE, run

PACKAGES = (
    *("busybox-static", "kmod", "gpiod", "udev", "linux-headers-amd64", "make", "xz-utils"),
    *(
        "python3-alsaaudio",
        "python3-evdev",
        "python3-libgpiod",
        "python3-msgspec",
        "python3-pyee",
        "python3-serial",
    ),
    *("python3-smbus2", "python3-pil", "python3-text-unidecode", "python3-websockets"),
    *("python3-pytest", "python3-pytest-asyncio", "python3-pytest-timeout"),
)

MODULES = ("configfs", "evdev", "i2c-dev", "i2c-stub", "snd-dummy", "uinput")
"""What the virtual machine loads besides gpio-sim, with what these depend on."""

ROOT_MODULES = ("netfs", "9pnet", "9pnet_virtio", "9p")
"""What the first file system loads to reach the root file system, in this order."""

INIT = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
for module in {modules}; do insmod /$module.ko; done
options=trans=virtio,version=9p2000.L,cache=loose,ro
mount -t 9p -o $options root /root
mount -t 9p -o $options checkout /root/srv
mount --move /dev /root/dev
exec switch_root /root /srv/tests/vm/inside/init
"""

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

_GPIO_SIM = ("drivers/gpio/gpio-sim.c", "kernel/irq/irq_sim.c")
_EDIT = ("handle_simple_irq(irq_to_desc(irqnum))", "generic_handle_irq(irqnum)")
_KBUILD = "obj-m := gpio_sim_ot.o\ngpio_sim_ot-y := gpio-sim.o irq_sim.o\n"


class VmTree:
    """What QEMU needs, in a folder."""

    def __init__(self, folder: Path, mirror: str, base: Path | None = None) -> None:
        self._folder = folder
        self._base = base
        """A Debian 13 tree to start from, if it exists; without one debootstrap makes it."""
        self._mirror = mirror
        self.root = folder / "tree"
        self.initrd = folder / "initrd"

    @property
    def kernel(self) -> Path:
        """The kernel; its version is that of the headers in the tree."""
        return self._folder / f"vmlinuz-{self._version}"

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to make."""
        return self.root.exists() and self.kernel.exists()

    def create(self) -> None:
        """Makes what is not there yet; the first time takes some minutes."""
        if not self.root.exists():
            base = self._folder / "base"
            shutil.rmtree(base, ignore_errors=True)
            if self._base is not None and self._base.exists():
                run("cp", "--archive", "--reflink=auto", self._base, base)
            else:
                run("debootstrap", "--variant=minbase", SUITE, base, self._mirror)
            self._in(base, "apt-get", "-qq", "update")
            self._in(base, "apt-get", "-qq", "--yes", "--no-install-recommends", "install", *PACKAGES)
            self._in(base, "apt-get", "clean")
            base.rename(self.root)
        if not self.kernel.exists():
            self._make_kernel()

    @property
    def _version(self) -> str:
        headers = sorted((self.root / "usr/src").glob("linux-headers-*-amd64"))
        return headers[-1].name.removeprefix("linux-headers-")

    def _make_kernel(self) -> None:
        work = self.root / "tmp/kernel"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        series = ".".join(self._version.split(".")[:2])
        packages = (f"linux-image-{self._version}", f"linux-source-{series}")
        self._in(self.root, "sh", "-c", f"cd /tmp/kernel && apt-get -qq download {' '.join(packages)}")
        for package in work.glob("*.deb"):
            run("dpkg-deb", "-x", package, work / "unpacked")
        source = work / "unpacked/usr/src" / f"linux-source-{series}.tar.xz"
        files = [f"linux-source-{series}/{file}" for file in _GPIO_SIM]
        run("tar", "-xJf", source, "--strip-components=3", "-C", work, *files)
        irq_sim = work / "irq_sim.c"
        irq_sim.write_text(irq_sim.read_text().replace(*_EDIT))
        (work / "Kbuild").write_text(_KBUILD)
        headers = f"/usr/src/linux-headers-{self._version}"
        self._in(self.root, "make", "-C", headers, "M=/tmp/kernel", "CC=gcc-14", "modules")
        self._add_modules(work)
        self._make_initrd(work)
        (work / "unpacked/boot" / f"vmlinuz-{self._version}").rename(self.kernel)
        shutil.rmtree(work)

    def _add_modules(self, work: Path) -> None:
        """Puts the modules that the virtual machine loads, and no others, into the tree."""
        modules = self.root / "usr/lib/modules" / self._version
        shutil.rmtree(modules / "kernel", ignore_errors=True)
        unpacked = work / "unpacked/usr/lib/modules" / self._version
        run("depmod", "-b", work / "unpacked/usr", self._version)
        for module in MODULES:
            show = ("modprobe", "--show-depends", "-d", str(work / "unpacked/usr"), "-S", self._version, module)
            for line in run(*show, check=False).stdout.splitlines():
                if line.startswith("insmod "):
                    path = Path(line.split()[1])
                    target = modules / path.relative_to(unpacked)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
        for file in unpacked.glob("modules.*"):
            shutil.copy(file, modules)
        (modules / "extra").mkdir(exist_ok=True)
        shutil.copy(work / "gpio_sim_ot.ko", modules / "extra")
        run("depmod", "-b", self.root / "usr", self._version)

    def _make_initrd(self, work: Path) -> None:
        initrd = work / "initrd"
        for folder in ("bin", "dev", "root"):
            (initrd / folder).mkdir(parents=True)
        shutil.copy(self.root / "usr/bin/busybox", initrd / "bin")
        for module in ROOT_MODULES:
            packed = next((work / "unpacked/usr/lib/modules").rglob(f"{module}.ko.xz"))
            (initrd / f"{module}.ko").write_bytes(run_bytes("xz", "-dc", packed))
        init = initrd / "init"
        init.write_text(INIT.format(modules=" ".join(ROOT_MODULES)))
        init.chmod(0o755)
        names = "\n".join(sorted(str(path.relative_to(initrd)) for path in initrd.rglob("*")))
        busybox = self.root / "usr/bin/busybox"
        archive = subprocess.run(
            (busybox, "cpio", "-o", "-H", "newc"),
            input=names.encode(),
            stdout=subprocess.PIPE,
            cwd=initrd,
            check=True,
        )
        self.initrd.write_bytes(archive.stdout)

    def _in(self, root: Path, *command: str) -> None:
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        run("chroot", root, *command, environment={"DEBIAN_FRONTEND": "noninteractive", "PATH": _PATH})


def run_bytes(*command: str | Path) -> bytes:
    """Runs a program; returns the bytes that it prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
