"""Who may import whom: the arrows between the packages and inside of them, and what pure files may not import."""

import ast
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CONTRACT = {"bus.errors", "bus.message", "bus.nearest", "bus.contract"}

ARROWS: dict[str, set[str]] = {
    # The packages.
    "bus": {"bus"},
    "enclosure": {"enclosure", "bus"},
    "admin": {"admin", "bus"},
    "bridges": {"bridges", "bus"},
    "hw_sim": {"hw_sim", "bus", "enclosure.ports", "admin.portal.protocol", "admin.wifi"},
    # Tests of skills have the daemons in their own process, for speed.
    "hw_sim.testing": {"hw_sim", "bus", "enclosure", "admin"},
    "hw_sim.boards": {
        *("hw_sim.boards", "hw_sim.faults", "hw_sim.inputs"),
        *("enclosure.amplifier", "enclosure.board", "enclosure.drivers", "enclosure.ports"),
    },
    "hw_sim.mixer": {"hw_sim", "enclosure.drivers.alsa", "enclosure.errors"},
    # The one place that runs the enclosure with what stands in for its libraries.
    "hw_sim.boards.device": {"hw_sim.boards", "enclosure"},
    # Inside the bus: the contract, then the two ends of the wire, then what people type.
    "bus.errors": set(),
    "bus.version": set(),
    "bus.address": set(),
    "bus.message": {"bus.errors"},
    "bus.nearest": set(),
    "bus.contract": CONTRACT,
    "bus.client": {*CONTRACT, "bus.address"},
    "bus.daemon": {*CONTRACT, "bus.address", "bus.version"},
    "bus.server": {*CONTRACT, "bus.daemon", "bus.version"},
    "bus.cli": {*CONTRACT, "bus.client", "bus.daemon", "bus.server", "bus.version"},
    "admin.errors": set(),
    "admin.dbus": {"admin.errors", "admin.wifi.networks", "admin.wifi.outcome", "admin.wifi.radio"},
    # Inside the enclosure: values, and what is asked of a device; neither knows a wire.
    "enclosure.errors": set(),
    "enclosure.events": {"enclosure.activity", "enclosure.display"},
    "enclosure.display": {"enclosure.activity", "enclosure.events"},
    "enclosure.activity": {"enclosure.display", "enclosure.events", "bus.contract"},
    "enclosure.ports": {"enclosure.activity", "enclosure.display", "enclosure.events"},
    # Inside the simulator: the firmware is written from what the real one does, apart from our side of the line.
    "hw_sim.firmware": set(),
    "hw_sim.links": set(),
}
"""What a module may import besides its own room; the row with the longest name that it begins with holds."""

DEVICES = {"enclosure.faceplate", "enclosure.leds", "enclosure.controls", "enclosure.drivers"}

APART = {
    "enclosure.handlers": DEVICES,
    # What handlers are made of.
    **dict.fromkeys(("enclosure.card", "enclosure.content", "enclosure.router", "enclosure.state"), DEVICES),
    "enclosure.faceplate": {
        "enclosure.handlers",
        "enclosure.leds",
        "enclosure.controls",
        "enclosure.drivers",
        "bus",
    },
    "enclosure.leds": {
        "enclosure.handlers",
        "enclosure.faceplate",
        "enclosure.controls",
        "enclosure.drivers",
        "bus",
    },
    "enclosure.controls": {
        "enclosure.handlers",
        "enclosure.faceplate",
        "enclosure.leds",
        "enclosure.drivers",
        "bus",
    },
    "enclosure.drivers": {
        "enclosure.handlers",
        "enclosure.faceplate",
        "enclosure.leds",
        "enclosure.controls",
        "bus",
    },
}
"""What a room may not import although its package may."""

PURE = [
    *("bus/errors.py", "bus/message.py", "bus/nearest.py", "bus/contract/*.py"),
    *(f"bus/server/{name}.py" for name in ("admission", "frames", "hub", "large", "limits", "policy")),
    *("bus/address.py", "bus/client/backoff.py", "bus/client/unconfirmed.py", "bus/daemon/commented_json.py"),
    "bus/daemon/token_bucket.py",
    *(
        "enclosure/activity.py",
        "enclosure/board.py",
        "enclosure/problems.py",
        "enclosure/display.py",
        "enclosure/events.py",
        "enclosure/icons.py",
    ),
    *("enclosure/artwork.py", "enclosure/content.py", "enclosure/ports.py", "enclosure/volume.py"),
    *("enclosure/needs.py", "enclosure/detect/signs.py", "enclosure/detect/verdict.py"),
    *(f"enclosure/controls/{name}.py" for name in ("button", "encoder", "panel")),
    *(f"enclosure/leds/{name}.py" for name in ("looks", "scene", "wire")),
    *(f"admin/wifi/{name}.py" for name in ("networks", "outcome", "radio", "setup")),
    *(f"admin/portal/{name}.py" for name in ("protocol", "markup", "pages", "texts", "wire")),
    "bridges/effects.py",
    "bridges/once.py",
    *(
        f"bridges/voice/{name}.py"
        for name in ("assistant", "errors", "events", "eyes", "peripheral", "table", "wyoming")
    ),
    *(f"bridges/hive/{name}.py" for name in ("errors", "frames", "mapping")),
    *(f"bridges/mqtt/{name}.py" for name in ("entities", "mapping", "picture", "rules")),
    *("admin/policy.py", "hw_sim/firmware/*.py", "hw_sim/links.py", "hw_sim/face.py"),
    *(f"enclosure/faceplate/{name}.py" for name in ("protocol", "exchange", "text", "scene", "eyes", "mouth")),
]
"""Files that take values and give values; they import only each other, and libraries without I/O."""

IMPURE = {
    *(
        "asyncio",
        "concurrent",
        "io",
        "multiprocessing",
        "os",
        "pathlib",
        "select",
        "selectors",
        "shutil",
        "signal",
    ),
    *("socket", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request"),
    *("alsaaudio", "dbus_fast", "serial", "websockets"),
}
"""Loops, clocks and I/O."""

VALUES = {
    *("admin.action", "admin.errors", "enclosure.errors"),
    *("bus.daemon.authority", "bus.daemon.config", "bus.version"),
}
"""What pure files may import besides: exceptions, names, and tables and settings that they are handed."""


def name_of(path: Path) -> str:
    """The name of the module in a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for row in ARROWS if "." not in row for path in sorted((ROOT / row).rglob("*.py"))}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{path}: imports are absolute"
            assert not node.level, f"{path}: imports are absolute"
            for alias in node.names:  # each may be a module of its own
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


def own(names: Iterable[str]) -> set[str]:
    """Those of our own modules."""
    return {name for name in names if name.split(".")[0] in ARROWS}


def within(name: str, rooms: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_along_the_arrows(name: str) -> None:
    room = max((row for row in ARROWS if within(name, [row])), key=len)
    for other in own(imports(MODULES[name])):
        assert within(other, {room, *ARROWS[room]}), f"{name} imports {other}"
        for first, forbidden in APART.items():
            assert not (within(name, [first]) and within(other, forbidden)), f"{name} imports {other}"


def test_there_is_no_circle() -> None:
    graph = {name: own(imports(path)) - {name} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("pattern", PURE)
def test_pure_files_know_no_loop_no_clock_and_no_io(pattern: str) -> None:
    pure = {name_of(path) for other in PURE for path in ROOT.glob(other)}
    paths = list(ROOT.glob(pattern))
    assert paths, "there is such a file"
    for path in paths:
        found = set(imports(path))
        impure = {name for name in found if within(name, IMPURE)} | own(found) - pure - VALUES
        assert not impure, f"{path.relative_to(ROOT)} imports {impure}"


@pytest.mark.parametrize("path", sorted((ROOT / "enclosure" / "drivers").glob("*.py")), ids=lambda path: path.stem)
def test_a_driver_knows_one_vendor_library_at_most(path: Path) -> None:
    packages = {name.split(".")[0] for name in imports(path)}
    assert len(packages - {"enclosure"} - sys.stdlib_module_names) <= 1
