"""Makes a release: ``python -m tests.release [VERSION]``, of the version in bus/version.py where none is named.

Names all that is in the way of it. Where nothing is, writes version and date where they stand, commits and tags;
if git refuses, the checkout is as it was. Publishes nothing.
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


class GitError(Exception):
    """A command of git has failed; the text is what it said."""


def versions(files: Mapping[str, str]) -> dict[str, str]:
    """The version in each file that has to have the same one, by the name of the file; empty without one."""
    code, debian = _CODE.search(files[CODE]), _DEBIAN.match(files[DEBIAN])
    return {
        CODE: code[1] if code else "",
        PROJECT: tomllib.loads(files[PROJECT])["project"]["version"],
        DEBIAN: debian[2] if debian else "",
    }


def read() -> dict[str, str]:
    """The files of this checkout that a release changes."""
    return {name: (ROOT / name).read_text() for name in (CODE, PROJECT, DEBIAN, CHANGES)}


def problems(files: Mapping[str, str], version: str) -> Iterator[str]:
    """What has to be mended in these files before a release with this version."""
    found = versions(files)
    for name in (name for name, number in found.items() if not number):
        yield f"{name}: there is no version in it"
    if len({*found.values()} - {""}) > 1:
        yield f"versions differ: {', '.join(f'{number} in {name}' for name, number in found.items() if number)}"
    if not _NUMBER.fullmatch(version):
        yield f"{version} is not a version like 1.2.3"
    elif _NUMBER.fullmatch(found[DEBIAN]) and _parts(version) < _parts(found[DEBIAN]):
        yield f"{version} is older than {found[DEBIAN]}, which {DEBIAN} has"
    changes = _CHANGES.search(files[CHANGES])
    if changes is None or changes[2] != UNRELEASED:
        yield f'{CHANGES}: its first section is not "## {version}, {UNRELEASED}": write one with what has changed'
    elif not any(_points(_CHANGES.split(files[CHANGES])[3])):
        yield f'{CHANGES}: its first section has no point, a line that begins with "- "'


def released(files: Mapping[str, str], version: str, now: datetime) -> dict[str, str]:
    """The same files, without problems, of a release with this version at this time."""
    return {
        CODE: _CODE.sub(f'VERSION = "{version}"', files[CODE]),
        PROJECT: _PROJECT.sub(f'version = "{version}"', files[PROJECT]),
        DEBIAN: _debian(files, version, format_datetime(now)),
        CHANGES: _CHANGES.sub(f"## {version}, {now:%Y-%m-%d}\n", files[CHANGES], count=1),
    }


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _debian(files: Mapping[str, str], version: str, date: str) -> str:
    """debian/changelog: its first entry with another date, or one more, made of the section of CHANGELOG.md."""
    entry = _DEBIAN.match(files[DEBIAN])
    assert entry, "see problems"
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


def _obstacles(tag: str) -> Iterator[str]:
    """What has to be mended in the checkout, or at its origin, before a release with this tag. Raises GitError."""
    if changed := _git("status", "--porcelain"):
        yield f"not committed:\n{textwrap.indent(changed, '  ')}"
    if _git("tag", "--list", tag):
        yield f"the tag {tag} is there already"
    branch = _git("branch", "--show-current")
    if not branch:
        yield "HEAD is not on a branch, which could be pushed"
    if "origin" in _git("remote").split():
        names = (f"refs/heads/{branch}", f"refs/tags/{tag}")
        there = dict(line.split()[::-1] for line in _git("ls-remote", "origin", *names).splitlines())
        if names[1] in there:
            yield f"the tag {tag} is at origin already"
        if names[0] in there and there[names[0]] not in _git("rev-list", "HEAD").splitlines():
            yield f"origin has commits of {branch} that are not here: git pull"


def _git(*arguments: str) -> str:
    """What git prints. Raises GitError."""
    done = subprocess.run(("git", *arguments), cwd=ROOT, check=False, text=True, capture_output=True)
    if done.returncode:
        raise GitError(f"git {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def _commit(written: Mapping[str, str], version: str, tag: str) -> None:
    """Commits and tags these files; without success, the checkout is as before. Raises GitError."""
    before = _git("rev-parse", "HEAD")
    try:
        for name, text in written.items():
            (ROOT / name).write_text(text)
        _git("commit", "--message", f"Release {version}", *written)
        _git("tag", "--annotate", "--message", f"Version {version}", tag)
    except BaseException:
        _git("reset", "--hard", before)  # nothing is lost: there was nothing that was not committed
        raise


def main() -> int:
    """Commits and tags a release; returns an exit code."""
    files = read()
    version = sys.argv[1] if sys.argv[1:] else versions(files)[CODE]
    tag = f"v{version}"
    try:
        found = [*problems(files, version), *_obstacles(tag)]
        if not found:
            _commit(released(files, version, datetime.now(UTC)), version, tag)
    except (GitError, OSError) as error:
        found = [str(error)]
    if found:
        print(f"{tag} is not released, and nothing has changed:", *found, sep="\n- ", file=sys.stderr)
        return 1
    print(f"Tagged {tag}. Next: make repository KEY=... URL=..., and git push origin HEAD {tag}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
