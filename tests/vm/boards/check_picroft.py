"""A Picroft: a button, an LED and an encoder on pins, and a sound card with a mixer of the kernel (snd-dummy)."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.vm.boards.device import UNIT, Device, said, systemctl, until
from tests.vm.boards.hands import GpioSim

pytestmark = pytest.mark.asyncio(loop_scope="session")

TALK, LED, A, B = 17, 27, 5, 6

SETTINGS = {
    "platform": "picroft",
    "mixer": "hw:Dummy",
    "board": {
        "buttons": {"talk": {"gpio": TALK, "double": "mute"}},
        "encoders": {"knob": {"a": A, "b": B}},
        "leds": {"kind": "gpio", "gpio": [LED]},
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def picroft(device: Device, chip: GpioSim) -> AsyncIterator[Device]:
    """The device, started."""
    for line in (TALK, A, B):
        chip.drive(line, True)
    await device.start(SETTINGS)
    await device.part("controls", "connected")
    yield device
    await systemctl("stop", UNIT)
    assert not chip.level(LED), "dark at the end"


async def check_press_hold_and_double_press(picroft: Device, chip: GpioSim) -> None:
    await chip.press(TALK)
    await picroft.first("mycroft.mic.listen")
    await chip.press(TALK)
    await chip.press(TALK)
    await picroft.first("mycroft.mic.mute.toggle")
    await chip.press(TALK, 1.2)
    await picroft.first("mycroft.stop")


async def check_the_led_is_lit_while_it_listens(picroft: Device, chip: GpioSim) -> None:
    await picroft.send("mycroft.ready")
    await picroft.send("recognizer_loop:record_begin")
    await until(lambda: chip.level(LED))
    await picroft.send("recognizer_loop:record_end")
    await until(lambda: not chip.level(LED))


async def check_the_volume_is_that_of_the_sound_card(picroft: Device) -> None:
    level = await picroft.set_volume(0.4)
    assert card_percent() == round(100 * level)
    before = card_percent()
    said("amixer", "--card", "Dummy", "sset", "Master", "70%")
    await picroft.first(
        "mycroft.volume.get.response", lambda data: round(100 * data["percent"]) == card_percent() != before
    )


async def check_no_detent_is_lost_at_speed(picroft: Device, chip: GpioSim) -> None:
    await picroft.set_volume(0.0)
    await chip.turn(A, B, 40)
    for _ in range(40):
        await picroft.first("mycroft.volume.increase")
    await chip.press(TALK)
    await picroft.first("mycroft.mic.listen")
    assert not picroft.skipped("mycroft.volume.increase")


def card_percent() -> int:
    """The level of the card, as another program sees it."""
    found = re.search(r"\[(\d+)%\]", said("amixer", "--card", "Dummy", "sget", "Master"))
    assert found
    return int(found[1])
