"""The packages, built again from the same source: once more as they are, and as the version after this one."""

import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from tests.image.tree import SUITE, Tree, run

OTHER_UMASK = 0o027
OTHER_ENVIRONMENT = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "COLUMNS": "40", "HOME": "/nonexistent"}
DAY_S = 86400.0
"""What differs in the second build, besides the folder and the time of day."""

TOOLS = ("build-essential", "debhelper", "dh-python", "po-debconf", "python3")
"""Build-Depends of debian/control."""


def other_suite() -> str:
    """Debian 12 on a machine with Debian 13 or newer, else Debian 13."""
    return SUITE if Path("/etc/debian_version").read_text().startswith("12.") else "bookworm"


def two_builds_give_the_same_bytes(debs: list[Path], source: Path, folder: Path) -> str:
    """In another folder, at another time, for another user's settings."""
    _copy(source, folder)
    tomorrow = time.time() + DAY_S
    for path in (folder / "source").rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~OTHER_UMASK)
            os.utime(path, (tomorrow, tomorrow))
    return _same(debs, _build(folder, umask=OTHER_UMASK, environment=OTHER_ENVIRONMENT))


def another_debian_gives_the_same_bytes(debs: list[Path], source: Path, tree: Tree) -> str:
    """In a tree of Debian 13 on Debian 12, or the other way round."""
    tree.create()
    folder = tree.root / "srv/build"
    _copy(source, folder)
    tree.run("sh", "-c", "cd /srv/build/source && dpkg-buildpackage -us -uc -b", network=False)
    return _same(debs, sorted(folder.glob("*.deb")))


def build_next_version(source: Path, folder: Path) -> list[Path]:
    """What the next release will be to this one: its number, and packages of its own."""
    _copy(source, folder)
    changelog, project = folder / "source/debian/changelog", folder / "source/pyproject.toml"
    text = changelog.read_text()
    first = re.match(r"(\S+) \((\d+)\.(\d+)\..*", text)
    signature = re.search(r"^ -- .*", text, re.MULTILINE)
    assert first, text
    assert signature, text
    name, major, minor = first.groups()
    version = f"{major}.{int(minor) + 1}.0"
    entry = f"{name} ({version}) unstable; urgency=medium\n\n  * The next one.\n\n{signature[0]}\n\n"
    changelog.write_text(entry + text)
    project.write_text(
        re.sub(r'^version = ".*"', f'version = "{version}"', project.read_text(), flags=re.MULTILINE)
    )
    return _build(folder)


def _same(debs: list[Path], again: list[Path]) -> str:
    first, second = (
        {deb.name: hashlib.sha256(deb.read_bytes()).hexdigest() for deb in built} for built in (debs, again)
    )
    assert first == second, sorted(name for name in first | second if first.get(name) != second.get(name))
    return f"{len(first)} packages"


def _copy(source: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder / "source", symlinks=True)


def _build(folder: Path, umask: int = -1, environment: dict[str, str] | None = None) -> list[Path]:
    run(
        *("dpkg-buildpackage", "-us", "-uc", "-b"),
        cwd=folder / "source",
        umask=umask,
        environment=environment,
    )
    return sorted(folder.glob("*.deb"))
