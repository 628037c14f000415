"""The signed repository, as apt sees it from an address of its own."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci/repository"
UPDATE = ROOT / "admin/root/update"
NEEDED = ("apt-ftparchive", "apt-get", "dpkg-deb", "gpg", "gpgconf", "make", "xz")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
KEY = "maintainers@example.org"

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(bool(MISSING), reason=f"there is no {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment in which gpg has a key."""
    folder = tmp_path_factory.mktemp("keys")
    folder.chmod(0o700)
    environment = {**os.environ, "GNUPGHOME": str(folder)}
    generate = (
        "gpg",
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--quick-generate-key",
        KEY,
        "ed25519",
        "sign",
        "1d",
    )
    subprocess.run(generate, env=environment, check=True)
    yield environment
    subprocess.run(("gpgconf", "--kill", "gpg-agent"), env=environment, check=True)


@pytest.fixture
def repository(tmp_path: Path, keys: dict[str, str]) -> Path:
    """A repository with one package."""
    control = tmp_path / "package" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    fields = {
        "Package": "mycroft-bus",
        "Version": "1.2.3",
        "Architecture": "all",
        "Maintainer": KEY,
        "Description": "x",
    }
    control.write_text("".join(f"{name}: {value}\n" for name, value in fields.items()))
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(("dpkg-deb", "--build", "--root-owner-group", control.parents[1], folder), check=True)
    make(folder, keys)
    return folder


def make(folder: Path, keys: dict[str, str]) -> str:
    command = (SCRIPT, folder, KEY, f"file:{folder}")
    return subprocess.run(command, env=keys, check=True, text=True, stdout=subprocess.PIPE).stdout


def apt(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs apt with nothing but this repository."""
    root = folder.parent / "apt"
    for name in ("lists/partial", "archives/partial", "etc"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "status").touch()
    (root / "sources.list").write_text(f"deb [signed-by={folder}/mycroft.asc] file:{folder} ./\n")
    options = {
        "Dir::Etc": root / "etc",
        "Dir::Etc::SourceList": root / "sources.list",
        "Dir::State::Lists": root / "lists",
        "Dir::State::Status": root / "status",
        "Dir::Cache": root,
        "Dir::Cache::Archives": root / "archives",
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
    }
    words = [f"--option={name}={value}" for name, value in options.items()]
    return subprocess.run((command[0], *words, *command[1:]), capture_output=True, text=True, check=False)


def test_apt_finds_the_packages_and_verifies_their_signature(repository: Path) -> None:
    updated = apt(repository, "apt-get", "update")
    assert updated.returncode == 0, updated.stderr
    assert updated.stderr == ""
    policy = apt(repository, "apt-cache", "policy", "mycroft-bus").stdout
    assert "Candidate: 1.2.3" in policy
    shown = apt(repository, "apt-cache", "policy").stdout
    assert "o=mycroft-enclosure,a=stable" in shown.replace("release ", "")


@pytest.mark.parametrize("changed", ["Packages", "InRelease", "mycroft.asc"])
def test_apt_refuses_what_was_changed(changed: str, repository: Path) -> None:
    if changed == "Packages":
        for name in ("Packages", "Packages.xz"):
            (repository / name).write_bytes((repository / name).read_bytes() + b"\n")
    elif changed == "InRelease":
        text = (repository / changed).read_text()
        (repository / changed).write_text(text.replace("Suite: stable", "Suite: evil"))
        (repository / "Release.gpg").unlink()
    else:
        (repository / changed).unlink()
    assert apt(repository, "apt-get", "update").returncode != 0


def test_a_package_can_be_added(repository: Path, keys: dict[str, str]) -> None:
    control = repository.parent / "package" / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("1.2.3", "1.3.0"))
    subprocess.run(("dpkg-deb", "--build", "--root-owner-group", control.parents[1], repository), check=True)
    lines = make(repository, keys).splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("| sudo tee /etc/apt/sources.list.d/mycroft.list")
    assert "/etc/apt/sources.list.d/mycroft.list" in UPDATE.read_text()
    assert lines[1].startswith(f'echo "deb [signed-by=/etc/apt/keyrings/mycroft.asc] file:{repository} ./"')
    assert apt(repository, "apt-get", "update").returncode == 0
    assert "Candidate: 1.3.0" in apt(repository, "apt-cache", "policy", "mycroft-bus").stdout


@pytest.mark.parametrize("name", ["Conan O'Brien", 'Smith & "Söhne" / $HOME \\1'])
def test_the_packages_name_the_owner_of_the_key_as_it_is_written(name: str, tmp_path: Path) -> None:
    """make repository sets it from the key; the rest of the build does not look at it."""
    shutil.copytree(ROOT / "debian", tmp_path / "debian")
    given = {**os.environ, "MAINTAINER": f"{name} <{KEY}>"}
    command = ("make", f"--file={ROOT / 'Makefile'}", "DEB_SOURCES=debian", "deb-source")
    subprocess.run(command, cwd=tmp_path, env=given, check=True)
    control = (tmp_path / "build/deb/source/debian/control").read_text()
    assert f"\nMaintainer: {name} <{KEY}>\n" in control
    [signature, *_] = re.findall(
        "^ -- .*", (tmp_path / "build/deb/source/debian/changelog").read_text(), re.MULTILINE
    )
    assert signature.startswith(f" -- {name} <{KEY}>  ")
