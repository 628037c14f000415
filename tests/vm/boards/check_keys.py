"""Lines that overlays have given to the kernel: its keys in the place of pins."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.vm.boards.device import UNIT, Device, systemctl
from tests.vm.boards.hands import Keys, is_grabbed

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACTION, VOLUME_UP, VOLUME_DOWN, MUTE = 582, 115, 114, 248

SETTINGS = {
    "platform": "sj201_r6",
    "board": {
        "driver": "evdev",
        "buttons": {
            "action": {"key": ACTION},
            "volume_up": {"key": VOLUME_UP},
            "volume_down": {"key": VOLUME_DOWN},
        },
        "switches": {"mute": {"key": MUTE}},
        "encoders": {"knob": {"axis": 0}},
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mark2(device: Device) -> AsyncIterator[Device]:
    """The device; its buttons come with the check."""
    await device.start(SETTINGS)
    yield device
    await systemctl("stop", UNIT)


async def check_keys_of_an_overlay(mark2: Device) -> None:
    await mark2.part("controls", "missing")
    keys = Keys([ACTION, VOLUME_UP, VOLUME_DOWN, MUTE], axes=[0], down=[MUTE])
    await mark2.part("controls", "connected")
    await mark2.first("mycroft.mic.mute")
    assert any(is_grabbed(path) for path in Path("/dev/input").glob("event*"))
    for down in (True, False):
        keys.set(VOLUME_UP, down)
    await mark2.first("mycroft.volume.increase")
    keys.turn(0, 2)
    for _ in range(2):
        await mark2.first("mycroft.volume.increase")
    keys.turn(0, -1)
    await mark2.first("mycroft.volume.decrease")
    keys.set(MUTE, False)
    await mark2.first("mycroft.mic.unmute")
    for down in (True, False):
        keys.set(ACTION, down)
    await mark2.first("mycroft.mic.listen")
    keys.unplug()
    await mark2.part("controls", "missing")
