"""`python -m tests.vm build/deb`: checks the packages on virtual machines with Debian 13's own kernel."""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from zlib import crc32

from tests.image.__main__ import missing_here
from tests.image.tree import Repository, Tree, debian_mirror, run
from tests.vm.kernel import BUILD_PACKAGES, Kernel
from tests.vm.machine import CHECKOUT, Machine, make_disk, prepare
from tests.vm.suites import CLIENTS, LIBRARIES, MODULES, OFF, OURS, PACKAGES, SUITES, Suite

INSTALLED = "/usr/lib/mycroft-enclosure"
"""Where our packages put the code."""

CODE = ("admin", "bus", "enclosure")

ROOT = Path(__file__).parents[2]

COPIED = (*CODE, "benchmarks", "docs", "hw_sim", "tests", "pyproject.toml")
"""What a machine gets of the checkout."""

FOLDER, BUILT = Path("build/vm"), Path("build/deb")
"""Where the machines are made, and where `make deb` leaves the packages."""

NEEDED = ("depmod", "mke2fs", "modprobe", "qemu-system-x86_64")


class MissingError(Exception):
    """Something that a machine needs cannot be had."""


def main() -> int:
    """Prints what pytest prints in each virtual machine; returns 1 where a check has failed."""
    parser = argparse.ArgumentParser(prog="tests.vm", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where to work ({FOLDER})")
    parser.add_argument("--mirror", metavar="URL", help="of Debian (that of this machine's apt)")
    parser.add_argument("--suite", choices=[suite.name for suite in SUITES], help="only this one")
    parser.add_argument("--checkout", action="store_true", help="run the checkout's code")
    parser.add_argument("-k", metavar="NAME", default="", help="only the checks whose names contain this")
    parser.add_argument("built", type=Path, help="where `make deb` has left the packages")
    options = parser.parse_args()
    suites = [suite for suite in SUITES if options.suite in (None, suite.name)]
    try:
        kernel, disk = prepared(options.folder, options.built, options.mirror)
    except MissingError as error:
        print(f"virtual machines skipped: they need {error}")
        return 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        run_checks = partial(check, kernel=kernel, disk=disk, only=options.k, checkout=options.checkout)
        return int(any(list(pool.map(run_checks, suites))))


def prepared(folder: Path = FOLDER, built: Path = BUILT, mirror: str | None = None) -> tuple[Kernel, Path]:
    """The kernel, and the disk of all machines, with our packages. Raises MissingError."""
    mirror = mirror or debian_mirror()
    if missing := missing_here(mirror, NEEDED):
        raise MissingError(missing)
    assert mirror is not None
    debs = sorted(built.glob("*.deb"))
    if not debs:
        raise MissingError("the packages: make deb")
    folder = folder.resolve()
    kernel = Kernel(folder / "kernel")
    with Repository(folder / "repository", debs) as repository:
        kernel.create(Tree(folder / "builder", repository, mirror, packages=BUILD_PACKAGES))
        tree = Tree(folder / "machine", repository, mirror, packages=PACKAGES)
        tree.create()
        tree.install(OURS)
    kernel.add_modules(tree.root, MODULES)
    run("cp", "--archive", libraries(folder), f"{tree.root}{CLIENTS}")
    checkout = tree.root / CHECKOUT.lstrip("/")
    checkout.mkdir()
    run("cp", "--archive", *COPIED, checkout, cwd=ROOT)
    tree.run("python3", "-m", "compileall", "-q", CLIENTS, CHECKOUT)
    prepare(tree.root, OFF)
    disk = folder / "disk"
    make_disk(tree.root, disk)
    return kernel, disk


def libraries(folder: Path) -> Path:
    """The client libraries, fetched once and kept."""
    kept = folder / f"clients-{crc32(' '.join(LIBRARIES).encode()):08x}"
    if not kept.exists():
        making = folder / "clients"
        run(sys.executable, "-m", "venv", "--clear", folder / "pip")
        # What of them is compiled is for this machine's Python; there, they do without.
        target = ("--quiet", "--target", making)
        installed = run(folder / "pip/bin/pip", "install", *target, *LIBRARIES, check=False)
        if installed.returncode:
            raise MissingError(f"{', '.join(LIBRARIES)} from PyPI ({installed.stdout.strip()})")
        making.rename(kept)
    return kept


def machine_of(suite: Suite, kernel: Kernel, disk: Path) -> Machine:
    """The machine of a suite, not booted yet."""
    log = disk.parent / f"{suite.name}-console.log"
    return Machine(kernel, disk, log, memory_mb=suite.memory_mb, timeout_s=suite.timeout_s)


def check(suite: Suite, *, kernel: Kernel, disk: Path, only: str, checkout: bool) -> int:
    """Runs a suite's checks, and prints what pytest prints; returns its exit code."""

    def print_line(line: str) -> None:
        sys.stdout.write(f"{suite.name}: {line}")
        sys.stdout.flush()

    checks = f"{CHECKOUT}/tests/vm"
    with machine_of(suite, kernel, disk) as machine:
        if checkout:
            for package in CODE:
                machine.run("mount", "--bind", f"{CHECKOUT}/{package}", f"{INSTALLED}/{package}")
        return machine.watch(
            *("python3", "-P", "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", CHECKOUT),
            *("--confcutdir", f"{checks}/{suite.checks[0].partition('/')[0]}", "-c", f"{CHECKOUT}/pyproject.toml"),
            *("-o", f"pythonpath={INSTALLED} {CHECKOUT}", "-o", "python_files=check_*.py"),
            *(
                "-o",
                "addopts=--import-mode=importlib",
                "-o",
                "python_functions=check_*",
                "--color=no",
                "--tb=short",
                "-rs",
                "-v",
                "--durations=10",
                "--timeout=400",
                "-k",
                only,
            ),
            *(f"{checks}/{path}" for path in suite.checks),
            on_line=print_line,
        )


if __name__ == "__main__":
    sys.exit(main())
