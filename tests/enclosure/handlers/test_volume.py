from typing import Any

import pytest

from bus.dispatch import Dispatcher
from bus.message import Message
from enclosure.drivers.alsa import AlsaMixer
from enclosure.errors import MixerError
from enclosure.faceplate.frames import Command, EyesVolume
from enclosure.handlers.buttons import KNOB
from enclosure.handlers.volume import VolumeHandler, whole_percent
from enclosure.ports import Mixer
from hw_sim.sound import Sound

FULL = 83


class Device:
    """The handler with a real mixer, and somebody who listens and looks."""

    def __init__(self, mixer: Mixer) -> None:
        self.mixer = mixer
        self.heard: list[Message] = []
        self.shown: list[Command] = []
        self.dispatcher = Dispatcher(self.emit)
        VolumeHandler(mixer, FULL, self, self.dispatcher, self.emit)

    async def emit(self, message: Message) -> None:
        self.heard.append(message)

    def show(self, command: Command) -> None:
        self.shown.append(command)

    async def tell(self, what: str, data: dict[str, Any] | None = None, **context: Any) -> Any:
        """Sends a message; returns the data of the last answer."""
        await self.dispatcher(Message(f"mycroft.volume.{what}", data or {}, context))
        return self.heard[-1].data if self.heard else None


@pytest.fixture
async def device(sound: Sound) -> Device:
    device = Device(AlsaMixer("default", ("Master",)))
    await device.tell("set", {"percent": 0.5})
    return device


async def test_the_full_volume_is_the_loudest_that_the_board_is_meant_for(device: Device) -> None:
    assert await device.tell("set", {"percent": 1.0}) == {"percent": 1.0, "muted": False}
    assert await device.mixer.volume() == FULL


@pytest.mark.parametrize(
    ("what", "data", "percent"),
    [
        ("get", {}, 0.5),
        ("increase", {}, 0.6),
        ("decrease", {}, 0.4),
        ("increase", {"percent": 0.25, "play_sound": False}, 0.75),
        ("increase", {"percent": 0}, 0.5),
        ("increase", {"percent": 1}, 1.0),
        ("decrease", {"percent": 80}, 0.0),
        ("set", {"percent": 80}, 0.8),
        ("set", {"percent": -1}, 0.0),
        ("set", {"percent": 0.07}, 0.07),
    ],
)
async def test_levels(device: Device, what: str, data: dict[str, Any], percent: float) -> None:
    assert await device.tell(what, data, source="ann") == {"percent": percent, "muted": False}
    answer = device.heard[-1]
    assert (answer.msg_type, answer.context["destination"]) == ("mycroft.volume.get.response", "ann")


async def test_the_level_survives_muting(device: Device) -> None:
    assert await device.tell("mute") == {"percent": 0.5, "muted": True}
    assert await device.tell("unmute") == {"percent": 0.5, "muted": False}


@pytest.mark.parametrize(
    ("what", "data", "percent", "muted"),
    [("increase", {}, 0.6, False), ("set", {"percent": 0.3}, 0.3, False), ("decrease", {}, 0.4, True)],
)
async def test_who_turns_it_up_wants_to_hear_it(
    device: Device, what: str, data: dict[str, Any], percent: float, muted: bool
) -> None:
    await device.tell("mute")
    assert await device.tell(what, data) == {"percent": percent, "muted": muted}


@pytest.mark.parametrize("data", [{}, {"percent": "loud"}, {"percent": True}])
async def test_a_set_without_a_level_fails_and_changes_nothing(device: Device, data: dict[str, Any]) -> None:
    before = await device.mixer.volume()
    await device.tell("set", data)
    assert device.heard[-1].msg_type == "mycroft.volume.set.failed"
    assert await device.mixer.volume() == before


async def test_a_satellites_session_does_not_touch_this_devices_volume(device: Device) -> None:
    before, heard = await device.mixer.volume(), len(device.heard)
    for what in ("get", "set", "increase", "decrease", "mute", "unmute"):
        await device.tell(what, {"percent": 1.0}, session={"session_id": "kitchen"})
    assert (await device.mixer.volume(), await device.mixer.muted(), len(device.heard)) == (before, False, heard)


async def test_only_the_knob_is_shown_on_the_eyes(device: Device) -> None:
    await device.tell("increase")
    assert device.shown == []
    await device.tell("increase", source=KNOB)
    assert device.shown == [EyesVolume(8)]


async def test_what_rounds_differently_in_the_mixer_comes_back_as_it_was_set(device: Device) -> None:
    for percent in range(101):
        assert (await device.tell("set", {"percent": percent / 100}))["percent"] == percent / 100


async def test_a_card_that_is_gone_is_told() -> None:
    device = Device(AlsaMixer("hw:9", ("Master",)))
    assert "hw:9" in (await device.tell("get"))["error"]
    with pytest.raises(MixerError):
        await device.mixer.volume()


@pytest.mark.parametrize(
    ("value", "percent"), [(0, 0), (0.005, 0), (0.5, 50), (1, 100), (1.5, 100), (2, 2), (80, 80), (100, 100)]
)
def test_what_clients_mean_by_percent(value: float, percent: int) -> None:
    assert whole_percent(value) == percent
