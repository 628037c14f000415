"""Runs on the virtual machine of `make bench-enclosure`: the installed enclosure on lines of a real kernel.

Its arguments are the section of mycroft.conf for a board with a button, and how often to press it. Prints a JSON
object a line: {"edge_s": [...]}, then {"profile": name, "pss_mb": ...} for each board.
"""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from enclosure.config import profile_names
from tests.vm.boards.device import UNIT, Device, observed, said, systemctl
from tests.vm.boards.hands import GpioSim, load_modules

LINE = 17
"""Where the button is; as in `benchmarks.enclosure`."""

MARK_1 = "mycroft_mark_1"

NAMED_PINS: dict[str, dict[str, Any]] = {
    "generic": {"encoders": {"knob": {"a": 5, "b": 6}}, "buttons": {"knob": {"gpio": LINE}}},
    "picroft": {"buttons": {"talk": {"gpio": LINE}}, "leds": {"kind": "gpio", "gpio": [27]}},
}
"""Of the boards whose pins their owner names."""

SETTLED_S = 2.0
"""So long after an answer, an emulated processor is through with the start."""


async def edges_s(device: Device, chip: GpioSim, edge: Mapping[str, Any], samples: int) -> list[float]:
    """Seconds from the edge of a press to its message at a client."""
    chip.drive(LINE, True)
    await device.start(edge)
    await device.part("controls", "connected")
    found = []
    for _ in range(samples):
        at = await chip.press(LINE, 0.02)
        found.append((await device.first("mycroft.mic.listen")).at - at)
    return found


async def pss_mb(device: Device, name: str) -> float:
    """Proportional set size of the daemon on a board, of whose parts some are missing here."""
    await device.start({"platform": name, "mixer": "hw:Dummy", "board": NAMED_PINS.get(name, {})})
    await device.send("mycroft.volume.get")
    await device.first("mycroft.volume.get.response")
    await asyncio.sleep(SETTLED_S)
    process = said("systemctl", "show", "--value", "--property=MainPID", UNIT).strip()
    found = re.search(r"^Pss: +(\d+) kB", said("cat", f"/proc/{process}/smaps_rollup"), re.MULTILINE)
    assert found
    return int(found[1]) * 1024 / 1e6


async def main(edge: Mapping[str, Any], samples: int) -> None:
    """Measures, and prints."""
    load_modules()
    await systemctl("unmask", UNIT)
    chip, device = GpioSim(), await observed()
    report({"edge_s": await edges_s(device, chip, edge, samples)})
    for name in (MARK_1, *(name for name in profile_names() if name != MARK_1)):
        report({"profile": name, "pss_mb": await pss_mb(device, name)})
    await device.close()


def report(found: dict[str, Any]) -> None:
    """One line for the other side."""
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), int(sys.argv[2])))
