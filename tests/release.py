"""Makes a release: ``python -m tests.release [VERSION]``, of the version in bus/version.py where none is named.

Writes the version and the date where they stand, has them compared, and commits and tags that. Publishes nothing.
"""

import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]

CODE, PROJECT, DEBIAN, CHANGES = "bus/version.py", "pyproject.toml", "debian/changelog", "CHANGELOG.md"

UNRELEASED = "not yet released"

_NUMBER = re.compile(r"\d+\.\d+\.\d+")
_CODE = re.compile(r'^VERSION = "(.*)"$', re.MULTILINE)
_PROJECT = re.compile(r'^version = "(.*)"$', re.MULTILINE)
_DEBIAN = re.compile(r"^(\S+) \((.*?)\) (.*)\n((?:.*\n)*?)( -- .*  ).*\n")
_CHANGES = re.compile(r"^## (\S+), (.*)\n", re.MULTILINE)

WIDTH = 76
"""Characters of a line in debian/changelog, behind its indent."""


class NotReleasedError(Exception):
    """There is nothing to release; the text says why."""


def versions(files: Mapping[str, str]) -> dict[str, str]:
    """The version in each file that has to have the same one, by the name of the file."""
    code, debian = _CODE.search(files[CODE]), _DEBIAN.match(files[DEBIAN])
    return {
        CODE: code[1] if code else "",
        PROJECT: tomllib.loads(files[PROJECT])["project"]["version"],
        DEBIAN: debian[2] if debian else "",
    }


def read() -> dict[str, str]:
    """The files of this checkout that a release changes."""
    return {name: (ROOT / name).read_text() for name in (CODE, PROJECT, DEBIAN, CHANGES)}


def released(files: Mapping[str, str], version: str, now: datetime) -> dict[str, str]:
    """The same files, of a release with this version at this time. Raises NotReleasedError."""
    if not _NUMBER.fullmatch(version):
        raise NotReleasedError(f"{version} is no version like 1.2.3")
    changes = _CHANGES.search(files[CHANGES])
    if changes is None or changes[2] != UNRELEASED:
        raise NotReleasedError(f"{CHANGES}: its first section is none that is {UNRELEASED}")
    written = {
        CODE: _CODE.sub(f'VERSION = "{version}"', files[CODE]),
        PROJECT: _PROJECT.sub(f'version = "{version}"', files[PROJECT]),
        DEBIAN: _debian(files, version, format_datetime(now)),
        CHANGES: _CHANGES.sub(f"## {version}, {now:%Y-%m-%d}\n", files[CHANGES], count=1),
    }
    if different := {name: found for name, found in versions(written).items() if found != version}:
        raise NotReleasedError(f"versions that are not {version}: {different}")
    return written


def _debian(files: Mapping[str, str], version: str, date: str) -> str:
    """debian/changelog: its first entry with another date, or one more, made of the section of CHANGELOG.md."""
    entry = _DEBIAN.match(files[DEBIAN])
    if entry is None:
        raise NotReleasedError(f"{DEBIAN}: its first entry is not understood")
    name, before, rest, text, maintainer = entry.groups()
    if before == version:
        return f"{name} ({version}) {rest}\n{text}{maintainer}{date}\n{files[DEBIAN][entry.end() :]}"
    lines = "\n".join(_points(_CHANGES.split(files[CHANGES])[3]))
    return f"{name} ({version}) {rest}\n\n{lines}\n\n{maintainer}{date}\n\n{files[DEBIAN]}"


def _points(section: str) -> Iterator[str]:
    """The points of a section of CHANGELOG.md, as debian/changelog has them."""
    for point in re.findall(r"^- (.*(?:\n  .*)*)", section, re.MULTILINE):
        words = re.sub(r"[*`]", "", " ".join(point.split()))
        yield textwrap.fill(words, WIDTH, initial_indent="  * ", subsequent_indent="    ", break_long_words=False)


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def main() -> int:
    """Commits and tags a release; returns an exit code."""
    files = read()
    version = sys.argv[1] if sys.argv[1:] else versions(files)[CODE]
    tag = f"v{version}"
    try:
        if _git("status", "--porcelain"):
            raise NotReleasedError("there are changes that are not committed")
        if _git("tag", "--list", tag):
            raise NotReleasedError(f"there is a tag {tag}")
        written = released(files, version, datetime.now(UTC))
    except NotReleasedError as error:
        print(error, file=sys.stderr)
        return 1
    for name, text in written.items():
        (ROOT / name).write_text(text)
    _git("commit", "--quiet", "--message", f"Release {version}", *written)
    _git("tag", "--annotate", "--message", f"Version {version}", tag)
    print(f"Tagged {tag}. Next: make repository KEY=... URL=..., and git push origin HEAD {tag}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
