"""Who may import whom, and what the pure files may not import."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "bus": {"bus"},
    "enclosure": {"enclosure", "bus"},
    "admin": {"admin", "bus"},
    "hw_sim": {"hw_sim", "bus", "enclosure.ports"},
}
PURE = [
    *("bus/message.py", "bus/contract/ours.py", "bus/server/policy.py", "bus/server/hub.py", "bus/errors.py"),
    *(
        "enclosure/faceplate/protocol.py",
        "enclosure/icons.py",
        "enclosure/faceplate/text.py",
        "enclosure/volume.py",
    ),
    *("admin/actions.py", "hw_sim/links.py"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "hw_sim/firmware").glob("*.py")),
]
IMPURE = {"asyncio", "os", "socket", "subprocess", "threading", "time", "pathlib", "websockets", "serial"}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports; all on lines of their own, as the linter sees to."""
    for module, modules in re.findall(
        r"^\s*(?:from (\S+) import|import ([\w., ]+))", path.read_text(), re.MULTILINE
    ):
        assert not module.startswith("."), f"{path}: imports are absolute"
        yield from (name.split()[0] for name in (module or modules).split(","))


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_only_along_the_arrows(package: str) -> None:
    others = ALLOWED.keys() - {package}
    for path in (ROOT / package).rglob("*.py"):
        for name in imports(path):
            if name.split(".")[0] in others:
                allowed = any(f"{name}.".startswith(f"{prefix}.") for prefix in ALLOWED[package])
                assert allowed, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("path", PURE)
def test_pure_files_know_no_loop_and_no_io(path: str) -> None:
    found = {name.split(".")[0] for name in imports(ROOT / path)} & IMPURE
    assert not found, f"{path} imports {found}"
