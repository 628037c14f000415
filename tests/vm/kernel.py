"""Debian 13's own kernel for virtual machines, its modules and the first file system; made once and kept.

Debian's kernel has no gpio-sim. It is built from Debian's source against Debian's headers: two files, one edit:
the kernel does not export irq_to_desc.
"""

import lzma
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.image.tree import Tree, run

BUILD_PACKAGES = ("busybox-static", "kmod", "linux-headers-amd64", "make", "xz-utils")

WORK = "/root/kernel"
"""Where the tree for it builds gpio-sim."""

ROOT_MODULES = ("nfit", "nd_pmem", "ext4")
"""What the first file system loads to reach the root file system, with what they depend on."""

INIT = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
for module in {modules}; do insmod /$module; done
until mount -t ext4 /dev/pmem0 /root; do sleep 0.01; done
mount --move /dev /root/dev
exec switch_root /root /sbin/init
"""
"""The root file system is persistent memory, which the kernel finds soon after its modules are loaded."""

_GPIO_SIM = ("drivers/gpio/gpio-sim.c", "kernel/irq/irq_sim.c")
_EDIT = ("handle_simple_irq(irq_to_desc(irqnum))", "generic_handle_irq(irqnum)")
_KBUILD = "obj-m := gpio_sim_ot.o\ngpio_sim_ot-y := gpio-sim.o irq_sim.o\n"


class Kernel:
    """A kernel in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.image = folder / "vmlinuz"
        self.initrd = folder / "initrd"
        self._busybox = folder / "busybox"

    def create(self, builder: Tree) -> None:
        """Makes what is not there yet, in a tree with BUILD_PACKAGES; takes some minutes."""
        if not self._busybox.exists():
            self._build(builder)
        self._make_initrd()

    def _build(self, builder: Tree) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        builder.create()
        work = builder.root / WORK.lstrip("/")
        work.mkdir()
        headers = sorted((builder.root / "usr/src").glob("linux-headers-*-amd64"))[-1]
        version = headers.name.removeprefix("linux-headers-")
        self._unpack(builder, work, version)
        self._build_gpio_sim(builder, work, version)
        modules = self._folder / "usr/lib/modules"
        modules.parent.mkdir(parents=True)
        (work / "unpacked/usr/lib/modules").rename(modules)
        (modules / version / "extra").mkdir()
        shutil.copy(work / "gpio_sim_ot.ko", modules / version / "extra")
        run("depmod", "-b", self._folder / "usr", version)
        shutil.copy(work / f"unpacked/boot/vmlinuz-{version}", self.image)
        shutil.copy(builder.root / "usr/bin/busybox", self._busybox)

    def add_modules(self, root: Path, names: Iterable[str]) -> None:
        """Puts modules into a tree, with what they depend on, and no others.

        Uncompressed: an emulated processor takes 2 s for each otherwise.
        """
        target = root / "usr/lib/modules" / self._version
        for path in self._with_dependencies(names):
            _unxz(path, target / path.relative_to(self._modules).with_name(_module_file(path)))
        for file in self._modules.glob("modules.*"):
            shutil.copy(file, target)
        run("depmod", "-b", root / "usr", self._version)

    def _with_dependencies(self, names: Iterable[str]) -> list[Path]:
        """The files of modules, each after those that it depends on."""
        paths: dict[Path, None] = {}
        for name in names:
            depends = ("--show-depends", "-d", str(self._folder / "usr"), "-S", self._version, name)
            lines = run("modprobe", *depends).stdout.splitlines()
            paths |= dict.fromkeys(Path(line.split()[1]) for line in lines if line.startswith("insmod "))
        return list(paths)

    @property
    def _modules(self) -> Path:
        return next((self._folder / "usr/lib/modules").iterdir())

    @property
    def _version(self) -> str:
        return self._modules.name

    def _unpack(self, builder: Tree, work: Path, version: str) -> None:
        series = ".".join(version.split(".")[:2])
        download = f"cd {WORK} && apt-get -qq download linux-image-{version} linux-source-{series}"
        builder.run("sh", "-c", download)
        for package in work.glob("*.deb"):
            run("dpkg-deb", "-x", package, work / "unpacked")
        source = work / "unpacked/usr/src" / f"linux-source-{series}.tar.xz"
        files = [f"linux-source-{series}/{file}" for file in _GPIO_SIM]
        run("tar", "-xJf", source, "--occurrence", "--strip-components=3", "-C", work, *files)

    def _build_gpio_sim(self, builder: Tree, work: Path, version: str) -> None:
        irq_sim = work / "irq_sim.c"
        irq_sim.write_text(irq_sim.read_text().replace(*_EDIT))
        (work / "Kbuild").write_text(_KBUILD)
        builder.run("make", "-C", f"/usr/src/linux-headers-{version}", f"M={WORK}", "CC=gcc-14", "modules")

    def _make_initrd(self) -> None:
        with tempfile.TemporaryDirectory(prefix="mycroft-vm-") as name:
            initrd = Path(name)
            for folder in ("bin", "dev", "root"):
                (initrd / folder).mkdir()
            shutil.copy(self._busybox, initrd / "bin/busybox")
            modules = self._with_dependencies(ROOT_MODULES)
            for path in modules:
                _unxz(path, initrd / _module_file(path))
            init = initrd / "init"
            init.write_text(INIT.format(modules=" ".join(map(_module_file, modules))))
            init.chmod(0o755)
            names = "\n".join(sorted(str(path.relative_to(initrd)) for path in initrd.rglob("*")))
            command = (self._busybox, "cpio", "-o", "-H", "newc")
            archive = subprocess.run(command, input=names.encode(), stdout=subprocess.PIPE, cwd=initrd, check=True)
        self.initrd.write_bytes(archive.stdout)


def _module_file(path: Path) -> str:
    return path.name.removesuffix(".xz")


def _unxz(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".xz":
        target.write_bytes(lzma.decompress(source.read_bytes()))
    else:
        shutil.copy(source, target)
