import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bus.version import VERSION
from tests import release

NOW = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
FILES = {
    release.CODE: 'VERSION = "0.1.0"\n',
    release.PROJECT: '[project]\nversion = "0.1.0"\ndependencies = ["a>=1"]\n',
    release.DEBIAN: (
        "mycroft-enclosure (0.1.0) unstable; urgency=medium\n\n  * First release.\n\n"
        " -- Maintainers <m@example.org>  Fri, 20 Nov 2026 08:00:00 +0000\n"
    ),
    release.CHANGES: (
        "# Changes\n\n## 0.1.0, not yet released\n\n- **Bus**: relays `speak`, and all other types, to every "
        "client that is connected\n  at that time.\n- More.\n\nText.\n\n## 0.0.1, 2026-01-01\n\n- Old.\n"
    ),
}

NO_SECTION = 'its first section is not "## {}, not yet released": write one with what has changed'


def test_all_files_have_the_version_of_the_code() -> None:
    assert set(release.versions(release.read()).values()) == {VERSION}


def test_a_release_of_the_version_that_is_there_has_a_date() -> None:
    written = release.released(FILES, "0.1.0", NOW)
    assert {name for name in FILES if written[name] != FILES[name]} == {release.DEBIAN, release.CHANGES}
    assert "\n## 0.1.0, 2027-01-02\n\n- **Bus**" in written[release.CHANGES]
    assert written[release.DEBIAN] == FILES[release.DEBIAN].replace(
        "Fri, 20 Nov 2026 08:00:00 +0000", "Sat, 02 Jan 2027 03:04:05 +0000"
    )


def test_a_release_of_the_next_version_has_what_has_changed() -> None:
    written = release.released(FILES, "0.2.0", NOW)
    assert set(release.versions(written).values()) == {"0.2.0"}
    assert 'dependencies = ["a>=1"]' in written[release.PROJECT]
    assert written[release.DEBIAN] == (
        "mycroft-enclosure (0.2.0) unstable; urgency=medium\n\n"
        "  * Bus: relays speak, and all other types, to every client that is\n    connected at that time.\n"
        "  * More.\n\n"
        " -- Maintainers <m@example.org>  Sat, 02 Jan 2027 03:04:05 +0000\n\n" + FILES[release.DEBIAN]
    )


@pytest.mark.parametrize(
    ("version", "changes", "found"),
    [
        ("0.1.0", {}, []),
        ("0.2", {}, ["0.2 is not a version like 1.2.3"]),
        ("v0.2.0", {}, ["v0.2.0 is not a version like 1.2.3"]),
        ("0.0.9", {}, ["0.0.9 is older than 0.1.0, which debian/changelog has"]),
        (
            "0.2.0",
            {release.CHANGES: "# Changes\n\n## 0.1.0, 2027-01-01\n", release.CODE: "VERSION = '0.1.0'\n"},
            [
                "bus/version.py: there is no version in it",
                f"CHANGELOG.md: {NO_SECTION.format('0.2.0')}",
            ],
        ),
        (
            "0.2.0",
            {release.CHANGES: "# Changes\n\n## 0.2.0, not yet released\n\n## 0.1.0, 2027-01-01\n\n- New.\n"},
            ['CHANGELOG.md: its first section has no point, a line that begins with "- "'],
        ),
        (
            "0.2.0",
            {release.PROJECT: '[project]\nversion = "0.1.1"\n', release.DEBIAN: "\n"},
            [
                "debian/changelog: there is no version in it",
                "versions differ: 0.1.0 in bus/version.py, 0.1.1 in pyproject.toml",
            ],
        ),
    ],
)
def test_all_that_has_to_be_mended_first_is_named(version: str, changes: dict[str, str], found: list[str]) -> None:
    assert list(release.problems(FILES | changes, version)) == found


@dataclass
class Checkout:
    """A checkout of this one's files, and a bare repository as its origin."""

    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def release(self, *version: str) -> tuple[int, str]:
        done = self.run(sys.executable, "-m", "tests.release", *version)
        return done.returncode, done.stdout + done.stderr

    def state(self) -> str:
        """All that a release could have changed."""
        shown = (("status", "--porcelain"), ("rev-parse", "HEAD"), ("tag",))
        return "".join(self.run("git", *command).stdout for command in shown)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if not (release.ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no checkout of git")
    checkout = Checkout(tmp_path / "checkout")
    checkout.folder.mkdir()
    cloned = checkout.run("git", "clone", "--quiet", "--depth=1", release.ROOT.as_uri(), ".")
    if cloned.returncode:
        pytest.skip(f"this checkout cannot be cloned, such as one of another user: {cloned.stderr}")
    for name, text in release.read().items():
        (checkout.folder / name).write_text(text)
    shutil.copy(release.__file__, checkout.folder / "tests")
    for setting, value in (("user.name", "M"), ("user.email", "m@example.org"), ("commit.gpgsign", "false")):
        checkout.run("git", "config", setting, value)
    checkout.run("git", "checkout", "--quiet", "--orphan", "main-of-test")  # a shallow history cannot be pushed
    checkout.run("git", "add", "--all")
    checkout.run("git", "commit", "--message", "As it is here")
    checkout.run("git", "init", "--quiet", "--bare", str(tmp_path / "origin"))
    checkout.run("git", "remote", "set-url", "origin", str(tmp_path / "origin"))
    checkout.run("git", "push", "--quiet", "origin", "HEAD")
    return checkout


@pytest.mark.real_time
def test_a_release_is_committed_and_tagged_and_can_be_pushed(checkout: Checkout) -> None:
    code, said = checkout.release("7.0.0")
    assert code == 0, said
    assert said == "Tagged v7.0.0. Next: make repository KEY=... URL=..., and git push origin HEAD v7.0.0\n"
    assert checkout.run("git", "describe").stdout == "v7.0.0\n"
    assert checkout.run("git", "status", "--porcelain").stdout == ""
    if shutil.which("dpkg-parsechangelog"):
        assert checkout.run("dpkg-parsechangelog", "--show-field", "Version").stdout == "7.0.0\n"
    assert checkout.run("git", "push", "origin", "HEAD", "v7.0.0").returncode == 0
    checkout.run("git", "tag", "--delete", "v7.0.0")
    before = checkout.state()
    code, said = checkout.release()
    assert (code, said.splitlines()) == (
        1,
        [
            "v7.0.0 is not released, and nothing has changed:",
            f"- CHANGELOG.md: {NO_SECTION.format('7.0.0')}",
            "- the tag v7.0.0 is at origin already",
        ],
    )
    assert checkout.state() == before


@pytest.mark.real_time
def test_all_that_is_in_the_way_of_a_release_is_named_at_once(checkout: Checkout) -> None:
    (checkout.folder / "note").touch()
    checkout.run("git", "tag", "v7.0.0")
    checkout.run("git", "checkout", "--quiet", "--detach")
    before = checkout.state()
    code, said = checkout.release("7.0.0")
    assert (code, said.splitlines()) == (
        1,
        [
            "v7.0.0 is not released, and nothing has changed:",
            "- not committed:",
            "  ?? note",
            "- the tag v7.0.0 is there already",
            "- HEAD is not on a branch, which could be pushed",
        ],
    )
    assert checkout.state() == before


@pytest.mark.real_time
def test_what_others_have_pushed_is_in_the_way_of_a_release(checkout: Checkout) -> None:
    checkout.run("git", "commit", "--allow-empty", "--message", "Of another maintainer")
    checkout.run("git", "push", "--quiet", "origin", "HEAD")
    checkout.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    code, said = checkout.release("7.0.0")
    assert (code, said.splitlines()[1:]) == (
        1,
        ["- origin has commits of main-of-test that are not here: git pull"],
    )


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("hook", "complaint"), [("commit-msg", "git commit: no commit today"), ("reference-transaction", "git tag: ")]
)
def test_the_checkout_is_as_before_where_git_refuses(hook: str, complaint: str, checkout: Checkout) -> None:
    path = checkout.folder / ".git/hooks" / hook
    path.parent.mkdir(exist_ok=True)
    tags = "grep -q refs/tags/ || exit 0\n" if hook == "reference-transaction" else ""
    path.write_text(f"#!/bin/sh\n{tags}echo no commit today >&2\nexit 1\n")
    path.chmod(0o755)
    before = checkout.state()
    code, said = checkout.release("7.0.0")
    assert (code, said.splitlines()[0]) == (1, "v7.0.0 is not released, and nothing has changed:")
    assert said.splitlines()[1].startswith(f"- {complaint}")
    assert checkout.state() == before


@pytest.mark.real_time
def test_an_origin_that_does_not_answer_is_named(checkout: Checkout) -> None:
    checkout.run("git", "remote", "set-url", "origin", "/nowhere")
    code, said = checkout.release("7.0.0")
    assert code == 1
    assert said.splitlines()[1].startswith("- git ls-remote: ")
    assert "Traceback" not in said
