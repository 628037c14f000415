import shutil
import subprocess
import sys
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
    ("version", "changes", "reason"),
    [
        ("0.2", {}, "0.2 is no version like 1.2.3"),
        ("v0.2.0", {}, "v0.2.0 is no version like 1.2.3"),
        (
            "0.2.0",
            {release.CHANGES: "# Changes\n\n## 0.1.0, 2027-01-01\n"},
            "its first section is none that is not yet",
        ),
        ("0.2.0", {release.CODE: "VERSION = '0.1.0'\n"}, "versions that are not 0.2.0: {'bus/version.py': ''}"),
        ("0.2.0", {release.DEBIAN: "\n"}, "its first entry is not understood"),
    ],
)
def test_what_cannot_be_released_is_named(version: str, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(release.NotReleasedError) as error:
        release.released(FILES | changes, version, NOW)
    assert reason in str(error.value)


@pytest.mark.real_time
def test_a_release_is_committed_and_tagged_once(tmp_path: Path) -> None:
    if not (release.ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no checkout of git")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    run("git", "clone", "--quiet", "--depth=1", release.ROOT.as_uri(), ".")
    for name, text in release.read().items():
        (tmp_path / name).write_text(text)
    shutil.copy(release.__file__, tmp_path / "tests")
    for setting in ("user.name", "user.email"):
        run("git", "config", setting, "maintainer@example.org")
    run("git", "add", "--all")
    run("git", "commit", "--message", "As it is here")
    done = run(sys.executable, "-m", "tests.release", "7.0.0")
    assert done.returncode == 0, done.stderr
    assert run("git", "describe").stdout == "v7.0.0\n"
    assert run("git", "status", "--porcelain").stdout == ""
    if shutil.which("dpkg-parsechangelog"):
        assert run("dpkg-parsechangelog", "--show-field", "Version").stdout == "7.0.0\n"
    again = run(sys.executable, "-m", "tests.release")
    assert (again.returncode, again.stderr) == (1, "there is a tag v7.0.0\n")
