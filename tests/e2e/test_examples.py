"""The example skills with their own tests, where only the package and pytest are installed."""

import shutil
from pathlib import Path

import pytest

from tests.e2e import wheel

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", ["dice"])
def test_an_example_passes_its_own_tests(name: str, tmp_path: Path) -> None:
    built = wheel.build(tmp_path)
    environment = wheel.environment(tmp_path / "environment")
    wheel.run(tmp_path, "pip", "--quiet", "install", str(built), "pytest", environment=environment)
    folder = tmp_path / name
    shutil.copytree(wheel.ROOT / "examples" / name, folder)
    assert "passed" in wheel.run(folder, "pytest", "-W", "error", environment=environment)
