"""The version is the same wherever it stands."""

import re
import tomllib
from pathlib import Path

from bus.version import VERSION

ROOT = Path(__file__).parents[1]


def test_python_and_debian_packages_have_the_version_of_the_code() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    [debian] = re.findall(r"\((.+?)\)", (ROOT / "debian/changelog").read_text().splitlines()[0])
    upstream = debian.rpartition("-")[0] or debian
    assert upstream == VERSION
