"""`make image-test`: installs the packages on a Debian 13 tree, boots it, and looks at it from inside."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from tests.image.checks import Installed, Table, check_all
from tests.image.machine import Machine
from tests.image.tree import Repository, Tree, run

NEEDED = ("apt-ftparchive", "debootstrap", "dpkg-deb", "gpg", "nsenter", "systemd-nspawn")


def main() -> int:
    """Prints a table of all checks; returns 1 where one has failed."""
    parser = argparse.ArgumentParser(prog="tests.image", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/image"), help="where to work (build/image)")
    parser.add_argument("debs", type=Path, nargs="+", metavar="DEB")
    options = parser.parse_args()
    if missing := missing_here():
        print(f"image test skipped: it needs {missing}")
        return 0
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    packages = sorted({deb.name.partition("_")[0] for deb in options.debs})
    table = Table()
    with Repository(folder / "repository", options.debs) as repository:
        tree = Tree(folder, repository)
        tree.create()
        tree.install(packages)
        with Machine(tree, folder / "console.log") as machine:
            check_all(Installed(machine, tree, repository, packages), table)
    table.print()
    return 1 if table.failed else 0


def missing_here() -> str:
    """What this machine lacks, in words; empty where it has everything."""
    if os.geteuid():
        return "root"
    if missing := ", ".join(name for name in NEEDED if shutil.which(name) is None):
        return missing
    # Root of a container may lack it.
    return "" if not run("unshare", "--mount", "true", check=False).returncode else "the right to make namespaces"


if __name__ == "__main__":
    sys.exit(main())
