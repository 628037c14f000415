from pathlib import Path

import pytest

from enclosure.display import DEFAULT_COLOR, DEFAULT_LEVEL, EyesLevel
from enclosure.events import Brightness, Turned
from enclosure.state import SavedState
from tests.enclosure.handlers.mark1 import mark1


@pytest.mark.parametrize(
    ("saved", "shown"), [(None, []), (7, [EyesLevel(7)]), (0, []), (-1, []), (5000, []), ("x", [])]
)
async def test_a_valid_brightness_outlives_a_restart(saved: object, shown: list[EyesLevel]) -> None:
    state = SavedState(Path("never-saved"))
    state.put("brightness", saved)
    async with mark1(state) as (device, display):
        device.enclosure.rest.restore()
        assert display.shown == shown


async def test_a_brightness_that_is_chosen_is_saved() -> None:
    async with mark1() as (device, display):
        device.handle(Brightness(7))
        assert device.brightness == 7
        assert display.untouched, "the display has it already"


async def test_a_brightness_that_a_skill_sets_is_not_saved() -> None:
    async with mark1() as (device, display):
        await device.hear("enclosure.eyes.level", {"level": 7})
        assert (device.brightness, display.shown) == (None, [EyesLevel(7)])


async def test_nothing_outlives_a_factory_reset() -> None:
    async with mark1() as (device, display):
        device.handle(Brightness(7))
        device.handle(Turned(1))
        assert device.saved.get("volume", dict) is not None
        device.said.clear()
        await device.hear("system.factory.reset.ping")
        await device.hear("system.factory.reset.phal")
        skill_id = {"skill_id": "mycroft-enclosure"}
        assert [(message.msg_type, message.data) for message in device.said] == [
            ("system.factory.reset.register", skill_id),
            ("system.factory.reset.phal.complete", skill_id),
        ]
        assert display.shown == [DEFAULT_COLOR, DEFAULT_LEVEL]
        assert device.brightness is None
        assert device.saved.get("volume", dict) is None
