"""Virtual environments with the real client libraries of the field, from PyPI, made once and kept."""

import contextlib
import fcntl
import functools
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / ".clients"


def python_with(*requirements: str, bare: str = "", repository: str = "") -> Path:
    """The interpreter of an environment that has these, and `bare` without what it requires.

    Skips the test where PyPI cannot be reached, or the git repository that `bare` is from.
    """
    everything = ",".join((*requirements, bare))
    folder = ROOT / f"{requirements[0]},{sha256(everything.encode()).hexdigest()[:8]}"
    python = folder / "bin" / "python"
    done = folder / ".installed"
    with _locked(folder):
        if not done.exists():
            if not pypi_answers():
                pytest.skip(f"PyPI cannot be reached, so there is no {requirements[0]} to try")
            if repository and not git_answers(repository):
                pytest.skip(f"{repository} cannot be reached, and PyPI does not have it")
            venv.create(folder, clear=True, with_pip=True)
            for arguments in (requirements, *([("--no-deps", bare)] if bare else [])):
                installed = _pip(python, "install", *arguments)
                if installed.returncode:
                    pytest.fail(f"cannot install {arguments}: {installed.stderr}")
            done.touch()
    return python


def package(path: str, requirement: str) -> Path:
    """A file of a package of PyPI, which is not run; skips the test where PyPI cannot be reached."""
    folder = ROOT / requirement
    with _locked(folder):
        if not (folder / path).exists():
            if not pypi_answers():
                pytest.skip(f"PyPI cannot be reached, so there is no {requirement}")
            installed = _pip(sys.executable, "install", "--no-deps", "--target", str(folder), requirement)
            if installed.returncode:
                pytest.fail(f"cannot install {requirement}: {installed.stderr}")
    return folder / path


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps the other test process from making the same folder at the same time."""
    ROOT.mkdir(exist_ok=True)
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def pypi_answers(certificates: Path | None = None) -> bool:
    """Whether PyPI can be reached; asked once, as pip takes long to give up.

    With `certificates`, by these and without the configuration of this machine, as pip does on a fresh one.
    """
    fresh = ("--isolated", "--cert", str(certificates)) if certificates else ()
    environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull} if certificates else None
    with tempfile.TemporaryDirectory() as folder:
        options = ("--no-deps", "--retries", "1", "--timeout", "15", "--dest", folder)
        return not _pip(sys.executable, *fresh, "download", *options, "pip", environment=environment).returncode


def git_answers(repository: str) -> bool:
    """Whether a git repository can be reached."""
    command = ("git", "ls-remote", "--exit-code", repository, "HEAD")
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        return not subprocess.run(
            command, env=environment, capture_output=True, timeout=15, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _pip(
    python: str | Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


OVOS = ("ovos_bus_client", "ovos-bus-client==1.5.0")
OVOS_2 = ("ovos_bus_client", "ovos-bus-client==2.11.29a1")
MYCROFT = ("mycroft_bus_client", "mycroft-messagebus-client==0.10.1")
"""Module and requirement of the libraries that most programs in the field use."""

HIVEMIND_4 = ("hivemind-core==4.0.0", "hivemind-bus-client==0.4.4", "bitstring<5", "setuptools<81")
HIVEMIND_5 = ("hivemind-core==5.3.10a1", "hivemind-bus-client==1.2.12a1")
"""Each with the client of its generation. The old one needs what newer versions of these no longer have."""

WYOMING_SATELLITE = ("wyoming-satellite==1.0.0",)
"""The last one on PyPI; later ones are on GitHub alone."""

LVA = ("aioesphomeapi==45.3.1", "pymicro-wakeword==2.5.0", "pyopen-wakeword==1.1.0", "websockets==12.0")
"""What linux-voice-assistant imports, but for sound."""

LVA_REPOSITORY = "https://github.com/OHF-Voice/linux-voice-assistant"
LVA_SATELLITE = f"linux-voice-assistant @ git+{LVA_REPOSITORY}@1543c5df583753ab8e4248fc381d75ebaa940f76"
"""Its version 1.1.15, which is on GitHub alone."""
