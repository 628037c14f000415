"""`make image-test`: installs the packages on a Debian 13 tree, boots it, and looks at it from inside."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.request import urlopen

from tests.compat.environment import pypi_answers
from tests.image import fresh, home, pages
from tests.image.admin import UPGRADE_CHECKS
from tests.image.build import (
    TOOLS,
    another_debian_gives_the_same_bytes,
    build_next_version,
    other_suite,
    two_builds_give_the_same_bytes,
)
from tests.image.checks import OTHER_BOARD, Check, an_upgrade_refuses_no_client, check_all, is_selected, selected
from tests.image.foreign import ARCHITECTURE, Emulator, NoEmulatorError, they_answer, they_install
from tests.image.installed import Installed
from tests.image.machine import Machine
from tests.image.table import Table
from tests.image.tree import SUITE, Repository, Tree, debian_mirror, run

NEEDED = ("apt-ftparchive", "debootstrap", "gpg", "mount", "nsenter", "systemd-nspawn", "umount")

PRESEED = "mycroft-admin mycroft-admin/owner boolean true"
"""What an image builder answers; without it, the owner is not in the group."""

NOT_OF_A_DEVICE = "mycroft-hw-sim"
"""Stays off the emulated tree: what it depends on takes longer to install than all the rest together."""

ON_A_FRESH_DEBIAN = "the pages work as written on a fresh Debian"

SOURCE = "source"
"""Folder beside the packages."""

MIRROR_TIMEOUT_S = 20.0


def main() -> int:
    """Prints a table of all checks, and how many have passed; returns 1 where one has failed."""
    parser = argparse.ArgumentParser(prog="tests.image", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/image"), help="where to work (build/image)")
    parser.add_argument("--mirror", metavar="URL", help="of Debian (that of this machine's apt)")
    parser.add_argument(
        "--only", metavar="NAME", help="only the checks on the booted tree whose names contain this; `|` is or"
    )
    parser.add_argument("built", type=Path, help="where `make deb` has left the packages and their source")
    options = parser.parse_args()
    folder, source = options.folder.resolve(), options.built.resolve() / SOURCE
    checks = selected(options.only)
    if not checks and not is_selected(ON_A_FRESH_DEBIAN, options.only):
        parser.error(f"no check on the booted tree has {options.only} in its name")
    folder.mkdir(parents=True, exist_ok=True)
    debs = sorted(options.built.glob("*.deb"))
    table = Table()
    if not options.only:
        table.check(
            "two builds give the same bytes",
            lambda: two_builds_give_the_same_bytes(debs, source, folder / "again"),
        )
    mirror = options.mirror or debian_mirror()
    if missing := missing_here(mirror):
        table.add("skip", "a booted Debian 13", f"image test skipped: it needs {missing}")
    elif mirror:
        if checks:
            with table.part("a booted Debian 13"):
                on_a_booted_tree(checks, debs, folder, mirror, table)
        if is_selected(ON_A_FRESH_DEBIAN, options.only):
            with table.part(ON_A_FRESH_DEBIAN):
                on_a_fresh_debian(source, folder, mirror, table)
        if not options.only:
            with table.part("another Debian gives the same bytes"):
                on_another_debian(debs, source, folder / "build", mirror, table)
            with table.part(f"a tree of {ARCHITECTURE}"):
                on_a_foreign_tree(debs, folder / ARCHITECTURE, mirror, table)
    table.print()
    return 1 if table.failed else 0


def on_a_booted_tree(checks: Sequence[Check], debs: list[Path], folder: Path, mirror: str, table: Table) -> None:
    """Where all runs as on a device."""
    packages = [name for name in _names(debs) if name != OTHER_BOARD]
    upgrade = []
    if {an_upgrade_refuses_no_client, *UPGRADE_CHECKS}.intersection(checks):
        upgrade = build_next_version(debs[0].parent / SOURCE, folder / "next")
    with Repository(folder / "repository", debs) as repository:
        tree = Tree(folder, repository, mirror)
        tree.create()
        tree.preseed(PRESEED)
        tree.install([*packages, *home.PACKAGES, *pages.PACKAGES])
        with Machine(tree, folder / "console.log") as machine:
            check_all(checks, Installed(machine, tree, repository, packages, debs, upgrade), table)


def on_a_fresh_debian(source: Path, folder: Path, mirror: str, table: Table) -> None:
    """Where a newcomer begins."""
    missing = missing_here(mirror, (fresh.PROGRAM,))
    if missing or not pypi_answers(fresh.CERTIFICATES):
        table.add("skip", ON_A_FRESH_DEBIAN, f"skipped: it needs {missing or 'PyPI'}")
        return
    with Repository(folder / "repository", ()) as repository:
        tree = Tree(folder, repository, mirror)
        table.check(ON_A_FRESH_DEBIAN, lambda: fresh.type_pages(tree, source, folder / "console.log"))


def on_another_debian(debs: list[Path], source: Path, folder: Path, mirror: str, table: Table) -> None:
    """Whether a release is the same wherever it is built."""
    suite = other_suite()
    with Repository(folder / "repository", debs) as repository:
        tree = Tree(folder, repository, mirror, packages=TOOLS, suite=suite)
        look = partial(another_debian_gives_the_same_bytes, debs, source, tree)
        table.check(f"Debian {suite} gives the same bytes", look)


def on_a_foreign_tree(debs: list[Path], folder: Path, mirror: str, table: Table) -> None:
    """Whether they are for every kind of processor, as their names say."""
    packages = [name for name in _names(debs) if name not in (NOT_OF_A_DEVICE, OTHER_BOARD)]
    try:
        with Emulator(), Repository(folder / "repository", debs) as repository:
            tree = Tree(folder, repository, mirror, ARCHITECTURE)
            tree.create()
            table.check(f"they install on {ARCHITECTURE}", lambda: they_install(tree, packages))
            table.check(f"they answer on {ARCHITECTURE}", lambda: they_answer(tree))
    except NoEmulatorError as error:
        table.add("skip", f"a tree of {ARCHITECTURE}", f"{ARCHITECTURE} skipped: it needs {error}")


def missing_here(mirror: str | None, more: Sequence[str] = ()) -> str:
    """What this machine lacks of NEEDED and more programs, in words; empty where it has everything."""
    if os.geteuid():
        return "root"
    if missing := ", ".join(name for name in (*NEEDED, *more) if shutil.which(name) is None):
        return missing
    # Root of a container may lack it. The tree for this is a copy of nothing: this machine's /usr, and no more.
    here = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--volatile=yes")
    if run(*here, "--pipe", "--directory=/", "true", check=False).returncode:
        return "the right to make namespaces"
    if mirror is None:
        return "a mirror of Debian: run apt-get update, or name one with ARGS='--mirror URL'"
    try:
        urlopen(f"{mirror.rstrip('/')}/dists/{SUITE}/InRelease", timeout=MIRROR_TIMEOUT_S).close()  # noqa: S310
    except OSError as error:
        return f"{mirror} ({error})"
    return ""


def _names(debs: list[Path]) -> list[str]:
    return sorted({deb.name.partition("_")[0] for deb in debs})


if __name__ == "__main__":
    sys.exit(main())
