"""The package as pip installs it: a wheel of this checkout, in an environment with nothing else."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.compat.environment import pypi_answers

ROOT = Path(__file__).parents[2]
PACKAGES = ("bus", "enclosure", "admin", "bridges", "hw_sim", "pyproject.toml", "README.md", "LICENSE")


def build(folder: Path) -> Path:
    """Builds the wheel in a copy of the checkout; skips the test where PyPI cannot be reached."""
    if not pypi_answers():
        pytest.skip("PyPI cannot be reached, so there is nothing to build the package with")
    source = folder / "source"
    source.mkdir()
    run(folder, "cp", "-R", *(str(ROOT / name) for name in PACKAGES), str(source))
    run(folder, sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", ".", "./source")
    [wheel] = folder.glob("*.whl")
    return wheel


def environment(folder: Path) -> dict[str, str]:
    """A fresh virtual environment, as the variables of a shell that has activated it."""
    venv.create(folder, with_pip=True)
    return {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "VIRTUAL_ENV": str(folder)} | {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))
    }


def run(folder: Path, *command: str, environment: dict[str, str] | None = None) -> str:
    """What a command prints; the test fails where the command does."""
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not ran.returncode, f"{' '.join(command)}:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
