"""The whole device, end to end: real processes, a real client library, a real mixer, and what a person sees."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.compat.client import Peer, peer
from tests.compat.environment import OVOS
from tests.conftest import until
from tests.e2e.device import Device, device

pytestmark = pytest.mark.real_time

BLUE, RED = "00001e", "1e0000"
PICTURE = "aIAAAACAABGADADADPDPDPDPHPHPPPPPPPPPHPHPDPDPDPDPADADGAABCAAAAAAAAAAA"


def rows(code: str) -> list[str]:
    """What the mouth shows for a full-size picture code."""
    columns = [ord(code[at]) - 65 | ord(code[at + 1]) - 65 << 4 for at in range(2, 66, 2)]
    return ["".join("#" if column >> row & 1 else "." for column in columns) for row in range(8)]


async def knob_is_volume(found: Device, client: Peer) -> None:
    before = found.level
    await found.do("turn", name="knob", detents=1)
    assert (await client.hears("mycroft.volume.increase"))["data"]["play_sound"] is True
    answer = (await client.hears("mycroft.volume.get.response"))["data"]
    assert found.level == round(answer["percent"] * 83) == before + 8
    lit = round(answer["percent"] * 11) + 1
    await found.sees(lambda eyes, _: eyes.count(BLUE) == 2 * lit, f"{lit} pixels of each eye")
    await found.do("turn", name="knob", detents=-1)
    await client.hears("mycroft.volume.decrease")
    await client.hears("mycroft.volume.get.response")
    assert found.level == before


async def press_is_listen(found: Device, client: Peer) -> None:
    await found.do("push", name="knob")
    await asyncio.sleep(0.15)  # as long as a finger takes
    await found.do("release", name="knob")
    await client.hears("mycroft.mic.listen")


async def messages_are_seen(found: Device, client: Peer) -> None:
    await client.emit("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0})
    await found.sees(lambda eyes, _: set(eyes) == {RED}, "red eyes")
    await client.emit("enclosure.mouth.text", {"text": "hi"})
    await found.sees(lambda _, mouth: [row.strip(".") for row in mouth[2:7]] == HI, "HI")
    await client.emit(
        "enclosure.mouth.display", {"img_code": PICTURE, "xOffset": 0, "yOffset": 0, "clearPrev": True}
    )
    await found.sees(lambda _, mouth: mouth == rows(PICTURE), "the picture")
    await client.emit("enclosure.eyes.color", {"r": 0, "g": 0, "b": 255})
    await client.emit("enclosure.mouth.reset")
    await found.sees(lambda eyes, mouth: set(eyes) == {BLUE} and set("".join(mouth)) == {"."}, "the start again")


HI = ["#..#.###", "#..#..#", "####..#", "#..#..#", "#..#.###"]


@pytest.mark.parametrize("cable", ["clean", "one-byte"])
async def test_the_device_answers(cable: str) -> None:
    async with device("--cable", cable) as found, peer(OVOS, found.bus) as client:
        await client.emit("mycroft.volume.set", {"percent": 0.5, "play_sound": False})
        await client.hears("mycroft.volume.get.response")
        await knob_is_volume(found, client)
        await press_is_listen(found, client)
        await messages_are_seen(found, client)
        assert not client.lost


async def test_the_faceplate_is_unplugged_for_a_while() -> None:
    async with device() as found, peer(OVOS, found.bus) as client:
        await client.emit("mycroft.volume.set", {"percent": 0.5, "play_sound": False})
        await client.hears("mycroft.volume.get.response")
        await found.do("fault", name="unplugged", on=True)
        await until(lambda: not found.state["plugged"], "unplugged")
        await client.emit("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0})
        await client.emit("enclosure.mouth.display", {"img_code": PICTURE})
        await client.emit("mycroft.volume.get")
        await client.hears("mycroft.volume.get.response")
        await found.do("fault", name="unplugged", on=False)
        await found.sees(
            lambda eyes, mouth: set(eyes) == {RED} and mouth == rows(PICTURE), "what was told meanwhile"
        )
        await client.emit("enclosure.eyes.color", {"r": 0, "g": 0, "b": 255})
        await client.emit("enclosure.mouth.reset")
        await found.sees(
            lambda eyes, mouth: set(eyes) == {BLUE} and set("".join(mouth)) == {"."}, "the start again"
        )
        await knob_is_volume(found, client)
        await press_is_listen(found, client)


@pytest.mark.parametrize(
    "text", ["a\nsystem.reset", "unit.factory-reset", "volume.up", "x" * 500, "Съешь ещё этих мягких булок"]
)
async def test_a_text_is_shown_and_does_nothing_else(text: str) -> None:
    async with device() as found, peer(OVOS, found.bus) as client:
        await client.emit("enclosure.mouth.text", {"text": text})
        await found.sees(lambda _, mouth: "#" in "".join(mouth), "the text")
        await found.do("turn", name="knob", detents=1)  # what comes of the text would come before this
        await client.hears("mycroft.volume.get.response")
        await client.emit("x.end")
        await client.hears("x.end")


async def test_the_hardware_of_the_machine_is_not_that_of_the_simulated_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a Mark 1, whose package names its sound board."""
    configuration = tmp_path / ".config/mycroft/mycroft.conf"
    configuration.parent.mkdir(parents=True)
    settings = {"mixer": "hw:nosuchcard", "board": {"buttons": {"talk": {"gpio": 17}}}}
    configuration.write_text(json.dumps({"enclosure": settings}))
    monkeypatch.setenv("HOME", str(tmp_path))
    async with device() as found:
        assert found.level > 0
