import asyncio
import contextlib
import errno
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bus.client.dispatch import Dispatcher
from bus.message import Message
from enclosure import amplifier
from enclosure import card as module
from enclosure.amplifier import Tas5806
from enclosure.config import VolumeSettings
from enclosure.drivers.alsa import AlsaMixer
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, PartState
from enclosure.handlers.volume import SOUND, SOUND_GAP_S, SOURCE_LENGTH, VolumeHandler
from enclosure.ports import Mixer, MixerLevel
from enclosure.state import SavedState
from enclosure.volume import FIRST_LEVEL, LISTENER, RECORDING_S
from hw_sim.process import Program
from tests.conftest import until
from tests.enclosure.drivers.test_alsa import amixer, remove_switch, unplugged
from tests.enclosure.handlers.mark1 import Recorder
from tests.enclosure.test_amplifier import VOLUME, Chip

pytestmark = pytest.mark.real_time

FULL = 83


class Recorded:
    """A mixer, and what it has been set to."""

    def __init__(self, mixer: Mixer) -> None:
        self.written: list[int] = []
        self.open, self.read, self.changed, self.close = mixer.open, mixer.read, mixer.changed, mixer.close
        self._write = mixer.write

    def write(self, percent: int, muted: bool) -> MixerLevel:
        level = self._write(percent, muted)
        self.written.append(level.percent)
        return level


class Card:
    """The default sound card, which other programs set, too."""

    def __init__(self, *, device: str = "default", has_switch: bool = True) -> None:
        self._device = device
        self._has_switch = has_switch

    def mixer(self) -> Recorded:
        return Recorded(AlsaMixer(self._device, ("Master",)))

    def level(self, percent: float, muted: bool = False) -> MixerLevel:
        """What the mixer reads at a share of the full volume."""
        return MixerLevel(
            0 if muted and not self._has_switch else round(percent * FULL), muted and self._has_switch
        )

    def set(self, percent: int) -> None:
        """Another program sets the mixer."""
        amixer("sset", "Master", f"{percent}%", *(["unmute"] if self._has_switch else []))


class Amplifier:
    """A TAS5806, which other programs set, too."""

    def __init__(self) -> None:
        self.chip = Chip()

    def mixer(self) -> Recorded:
        return Recorded(Tas5806(self.chip))

    def level(self, percent: float, muted: bool = False) -> MixerLevel:
        """What the mixer reads at a share of the full volume."""
        return MixerLevel(0 if muted else amplifier.percent(amplifier.register(round(percent * FULL))), False)

    def set(self, percent: int) -> None:
        """Another program sets the mixer."""
        self.chip.registers[VOLUME] = amplifier.register(percent)


Hardware = Card | Amplifier


@pytest.fixture(params=["card", "amplifier"])
def hardware(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Hardware:
    """A real sound card, or a simulated amplifier; both keep what volume promises."""
    if request.param == "card that comes later":
        return Card()
    if request.param == "amplifier":
        monkeypatch.setattr(amplifier, "STEP_S", 0)
        monkeypatch.setattr(amplifier, "POLL_S", 0.01)
        return Amplifier()
    sound = request.getfixturevalue("sound")
    if has_switch := request.param == "card":
        return Card()
    remove_switch(sound)
    return Card(has_switch=has_switch)


class Device:
    """The handler with a real mixer, and what it sends and shows."""

    def __init__(self, settings: VolumeSettings, saved: SavedState, hardware: Hardware) -> None:
        self.hardware = hardware
        self.mixer = hardware.mixer()
        self.display = Recorder()
        self.heard: list[Message] = []
        self.states: list[PartState] = []
        self.now = 0.0
        self.dispatcher = Dispatcher(self.emit)
        self.handler = VolumeHandler(
            self.mixer,
            self.display,
            self.dispatcher,
            self.emit,
            self.report,
            on_event=self.on_event,
            full=FULL,
            settings=settings,
            saved=saved,
            clock=lambda: self.now,
        )

    async def emit(self, message: Message) -> None:
        self.heard.append(message)

    def report(self, message: Message, on_lost: object = None) -> None:
        self.heard.append(message)

    def on_event(self, event: Event) -> None:
        assert isinstance(event, BoardState)
        assert event.part == "mixer"
        self.states.append(event.state)

    async def tell(self, what: str, data: dict[str, Any] | None = None, **context: Any) -> Any:
        """Handles a message; returns the data of the last answer."""
        name = what if ":" in what else f"mycroft.volume.{what}"
        await self.dispatcher(Message(name, data or {}, context))
        return next((message.data for message in reversed(self.heard) if "volume" in message.msg_type), None)

    async def reports(self, percent: float, muted: bool = False) -> None:
        """Waits until the last message tells this."""
        told = {"percent": percent, "muted": muted}
        await until(lambda: bool(self.heard) and self.heard[-1].data == told, f"a report of {told}")

    @property
    def sounds(self) -> int:
        return sum(message.data == {"uri": SOUND} for message in self.heard)


Start = Callable[..., AbstractAsyncContextManager[Device]]


@pytest.fixture
def start(hardware: Hardware, tmp_path: Path) -> Start:
    """Starts the handler, and stops it after use; what it saves stays."""
    saved = SavedState(tmp_path / "state.json")

    @contextlib.asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator[Device]:
        device = Device(VolumeSettings(**settings), saved, hardware)
        running = asyncio.create_task(device.handler.run())
        await until(lambda: bool(device.heard), "the card")
        device.heard.clear()
        yield device
        running.cancel()
        await asyncio.wait([running])

    return start


@pytest.fixture
async def device(start: Start) -> AsyncIterator[Device]:
    async with start() as device:
        await device.tell("set", {"percent": 0.5, "play_sound": False})
        device.heard.clear()
        yield device


async def test_the_full_volume_is_the_loudest_that_the_board_is_meant_for(device: Device) -> None:
    assert await device.tell("set", {"percent": 1.0}) == {"percent": 1.0, "muted": False}
    assert device.mixer.read() == device.hardware.level(1.0)


@pytest.mark.parametrize(
    ("what", "data", "percent"),
    [
        ("get", {}, 0.5),
        ("get.sliding.panel", {}, 0.5),
        ("increase", {}, 0.6),
        ("decrease", {}, 0.4),
        ("increase", {"percent": 0.25, "play_sound": False}, 0.75),
        ("increase", {"percent": 0}, 0.5),
        ("increase", {"percent": 1}, 1.0),
        ("decrease", {"percent": 80}, 0.0),
        ("set", {"percent": 80}, 0.8),
        ("set", {"percent": -1}, 0.0),
        ("set", {"percent": 0.07}, 0.07),
        ("set", {}, 0.5),
    ],
)
async def test_requests_set_the_level(device: Device, what: str, data: dict[str, Any], percent: float) -> None:
    assert await device.tell(what, data, source="ann") == {"percent": percent, "muted": False}
    answer = next(message for message in device.heard if "volume" in message.msg_type)
    assert (answer.msg_type, answer.context["destination"]) == ("mycroft.volume.get.response", "ann")
    assert device.mixer.read() == device.hardware.level(percent)


async def test_a_slider_is_followed_with_fewer_reports(device: Device) -> None:
    for percent in range(50, 101):
        await device.tell("set.gui", {"percent": percent / 100, "play_sound": False})
    await device.reports(1.0)
    assert len(device.heard) < 50
    assert device.mixer.read() == device.hardware.level(1.0)


@pytest.mark.parametrize(
    ("first", "then", "data", "percent", "muted"),
    [
        ("mute", "get", {}, 0.5, True),
        ("mute", "mute", {}, 0.5, True),
        ("mute", "unmute", {}, 0.5, False),
        ("mute", "mute.toggle", {}, 0.5, False),
        ("get", "mute.toggle", {}, 0.5, True),
        ("mute", "increase", {}, 0.6, False),
        ("mute", "set", {"percent": 0.3}, 0.3, False),
        ("mute", "decrease", {}, 0.4, True),
    ],
)
@pytest.mark.parametrize("hardware", ["card", "card without a switch", "amplifier"], indirect=True)
async def test_the_level_survives_muting(
    start: Start, *, first: str, then: str, data: dict[str, Any], percent: float, muted: bool
) -> None:
    async with start() as device:
        await device.tell("set", {"percent": 0.5})
        await device.tell(first)
        assert await device.tell(then, data) == {"percent": percent, "muted": muted}
        assert device.mixer.read() == device.hardware.level(percent, muted)


@pytest.mark.parametrize("data", [{"percent": "loud"}, {"percent": True}, {"percent": 1, "play_sound": 5}])
async def test_an_invalid_set_fails_and_changes_nothing(device: Device, data: dict[str, Any]) -> None:
    before = device.mixer.read()
    await device.tell("set", data)
    assert device.heard[-1].msg_type == "mycroft.volume.set.failed"
    assert device.mixer.read() == before


@pytest.mark.parametrize(
    "what",
    [
        *("get", "get.sliding.panel", "set", "set.gui", "increase", "decrease", "mute", "unmute", "mute.toggle"),
        *("duck", "unduck", "recognizer_loop:record_begin", "recognizer_loop:record_end"),
    ],
)
async def test_a_satellites_session_does_not_touch_this_devices_volume(start: Start, what: str) -> None:
    async with start(duck_while_recording=True) as device:
        await device.tell("duck", source="ann")
        before = device.mixer.read()
        device.heard.clear()
        await device.tell(what, {"percent": 1.0}, session={"session_id": "kitchen"}, source="ann")
        assert (device.mixer.read(), device.heard) == (before, [])


# The knob.


async def test_only_the_knob_is_shown(device: Device) -> None:
    await device.tell("increase")
    assert device.handler.turn(1)
    await device.reports(0.7)
    device.hardware.set(20)
    await device.reports(0.24)
    assert device.display.volumes == [0.7]


async def test_a_burst_of_the_knob_is_smooth_and_loses_no_step(device: Device) -> None:
    await device.tell("set", {"percent": 0, "play_sound": False})
    device.mixer.written.clear()
    for step in range(30):
        device.now = step / 30
        device.handler.turn(1 if step < 10 else -1)
        await asyncio.sleep(0)
    device.handler.turn(1)
    await device.reports(0.1)
    levels = [*range(10, 101, 10), *range(90, -1, -10), *[0] * 10, 10]
    assert device.mixer.written == [device.hardware.level(level / 100).percent for level in levels]
    assert device.sounds == 5  # one in 200 ms
    assert len(device.heard) - device.sounds < 30
    await until(lambda: device.display.volumes[-1] == 0.1, "the level at the end")


async def test_steps_beyond_the_end_of_the_scale_do_not_count(device: Device) -> None:
    for direction in (1,) * 30 + (-1,) * 3:
        device.handler.turn(direction)
    await device.reports(0.7)


# Sounds.


@pytest.mark.parametrize(
    ("before", "what", "data", "sounds"),
    [
        ("get", "set", {"percent": 0.6}, 1),
        ("get", "set", {"percent": 0.6, "play_sound": False}, 0),
        ("get", "set", {"percent": 0.5}, 0),
        ("get", "set.gui", {"percent": 0.6}, 1),
        ("get", "increase", {}, 1),
        ("get", "decrease", {"play_sound": "false"}, 0),
        ("get", "mute", {}, 0),
        ("mute", "increase", {}, 1),
        ("mute", "decrease", {}, 0),
        ("duck", "increase", {}, 1),
    ],
)
async def test_a_change_plays_a_sound(
    device: Device, before: str, what: str, data: dict[str, Any], sounds: int
) -> None:
    await device.tell(before)
    await device.tell(what, data)
    assert device.sounds == sounds


async def test_sounds_keep_a_distance(device: Device) -> None:
    for now, sounds in ((0, 1), (SOUND_GAP_S / 2, 1), (SOUND_GAP_S, 2), (SOUND_GAP_S * 1.5, 2), (9, 3)):
        device.now = now
        await device.tell("increase", {"percent": 0.01})
        assert device.sounds == sounds


# Lowered for a while.


@pytest.mark.parametrize(
    ("steps", "percent"),
    [
        (["duck ann"], 0.3),
        (["duck ann", "unduck ann"], 0.5),
        (["duck ann", "duck ann", "unduck ann"], 0.5),
        (["duck ann", "duck ben", "unduck ann"], 0.3),
        (["duck ann", "duck ben", "unduck ann", "unduck ben"], 0.5),
        (["unduck ann"], 0.5),
        (["duck ann", "increase ben"], 0.4),  # ann may be gone
        (["duck ann", "increase ben", "unduck ann"], 0.4),
        (["duck ann", "decrease ben"], 0.2),
        (["duck ann", "set ben"], 0.3),  # to nothing
        (["duck ann", "begin x", "increase ben"], 0.3),
        (["duck ann", "begin x", "increase ben", "unduck ann"], 0.6),
        (["duck ann", "begin x", "end x", "increase ben"], 0.4),
        (["duck ann", "begin x", "later x", "increase ben"], 0.4),  # it never ends
        (["decrease ben", "decrease ben", "decrease ben", "duck ann"], 0.2),
        (["duck ann", "mute ben", "unduck ann", "unmute ben"], 0.5),
    ],
)
async def test_a_client_lowers_the_volume_until_it_restores_it(
    device: Device, steps: list[str], percent: float
) -> None:
    for step in steps:
        what, client = step.split()
        if what in ("begin", "end"):
            await device.tell(f"recognizer_loop:record_{what}")
        elif what == "later":
            device.now += RECORDING_S
        else:
            answer = await device.tell(what, source=client)
    assert answer == {"percent": percent, "muted": False}
    assert device.mixer.read() == device.hardware.level(percent)


@pytest.mark.parametrize("source", ["a" * 20_000_000, ["a"] * 100_000, {"a": 1}, 5, None])
async def test_of_a_long_source_little_is_kept(device: Device, source: object) -> None:
    await device.tell("duck", source=source)
    assert (await device.tell("get"))["percent"] == 0.3
    assert all(len(client) < 2 * SOURCE_LENGTH for client in device.handler._volume.ducks)
    await device.tell("unduck", source=source)
    assert (await device.tell("get"))["percent"] == 0.5


async def test_no_client_passes_for_the_listener(device: Device) -> None:
    await device.tell("duck", source=LISTENER)
    await device.tell("recognizer_loop:record_begin")
    await device.tell("recognizer_loop:record_end")
    assert (await device.tell("get"))["percent"] == 0.3


async def test_a_recording_lowers_the_volume_if_that_is_configured(start: Start) -> None:
    async with start(duck_while_recording=True, duck=0) as device:
        for _ in range(2):  # twice has silenced Mark 1s until a restart (skill-volume#56)
            await device.tell("recognizer_loop:record_begin")
        await device.reports(0)
        assert device.mixer.read().percent == 0
        await device.tell("recognizer_loop:record_end")
        await device.reports(FIRST_LEVEL / 100)
        assert device.mixer.read() == device.hardware.level(FIRST_LEVEL / 100)


async def test_a_recording_lowers_nothing_by_default(device: Device) -> None:
    await device.tell("recognizer_loop:record_begin")
    assert device.mixer.read() == device.hardware.level(0.5)


@pytest.mark.parametrize(
    ("what", "data", "context", "percent"),
    [
        ("get", {}, {}, 0.5),
        ("increase", {"play_sound": True}, {"source": "mycroft_enclosure"}, 0.6),
        ("set", {"percent": 0.8}, {"skill_id": "ovos-skill-volume"}, 0.8),
        ("decrease", {}, {}, 0.4),
    ],
)
async def test_the_listener_lowers_the_volume_for_a_recording(
    device: Device, what: str, data: dict[str, Any], context: dict[str, str], percent: float
) -> None:
    low, high = {"percent": 0.3, "play_sound": False}, {"percent": 0.5, "play_sound": False}
    await device.tell("set", low, skill_id=LISTENER)
    await device.tell("recognizer_loop:record_begin")
    await device.tell(what, data, **context)
    assert device.mixer.read() == device.hardware.level(0.3)
    await device.tell("set", high, skill_id=LISTENER)
    await device.tell("recognizer_loop:record_end")
    assert (await device.tell("get"))["percent"] == percent
    assert device.mixer.read() == device.hardware.level(percent)
    assert device.sounds == 0


@pytest.mark.parametrize("session", ["default", "kitchen"])
async def test_a_stray_set_of_the_listener_changes_nothing(device: Device, session: str) -> None:
    await device.tell("recognizer_loop:record_begin", session={"session_id": session})
    await device.tell("recognizer_loop:record_end", session={"session_id": session})
    await device.tell("set", {"percent": 0.3, "play_sound": False}, skill_id=LISTENER)
    for percent in (0.6, 0.7):
        device.handler.turn(1)
        assert device.mixer.read() == device.hardware.level(percent)


# Other programs.


async def test_changes_by_other_programs_are_reported_and_our_own_are_not_repeated(device: Device) -> None:
    await device.tell("set", {"percent": 0.6, "play_sound": False})
    device.hardware.set(20)
    await device.reports(0.24)
    device.hardware.set(100)
    await device.reports(1.0)
    assert [message.data["percent"] for message in device.heard][:2] == [0.6, 0.24]


async def test_a_step_starts_from_what_another_program_has_just_set(device: Device) -> None:
    device.hardware.set(20)
    assert (await device.tell("increase", {"percent": 0.06}))["percent"] == 0.3


@pytest.mark.parametrize("hardware", ["card"], indirect=True)
async def test_muting_by_another_program_keeps_the_level(device: Device) -> None:
    await device.tell("duck")
    amixer("sset", "Master", "mute")
    await device.reports(0.3, muted=True)
    amixer("sset", "Master", "unmute")
    await device.reports(0.3)
    assert (await device.tell("unduck"))["percent"] == 0.5


async def test_a_level_set_by_another_program_ends_the_lowering(device: Device) -> None:
    await device.tell("duck")
    device.hardware.set(FULL)
    await device.reports(1.0)
    assert (await device.tell("unduck"))["percent"] == 1.0


async def test_above_the_full_volume_the_knob_only_turns_down(device: Device) -> None:
    device.hardware.set(100)
    await device.reports(1.0)
    above, full = 100 / FULL, 1.0
    for change, percent in ((1, above), ("mute", above), ("unmute", above), (-1, full)):
        if isinstance(change, int):
            device.handler.turn(change)
        else:
            await device.tell(change)
        assert device.mixer.read().percent == device.hardware.level(percent, change == "mute").percent
    await device.reports(1.0)
    await until(lambda: device.display.volumes[-1] == 1.0, "the full volume")


async def test_a_level_that_the_mixer_rounds_is_reported_as_it_was_set(device: Device) -> None:
    for percent in range(101):
        assert (await device.tell("set", {"percent": percent / 100}))["percent"] == percent / 100


# The card, and the start.


@pytest.mark.parametrize("hardware", ["card that comes later"], indirect=True)
async def test_a_card_that_vanishes_and_comes_back_has_its_level_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.05)
    caplog.set_level(logging.DEBUG, module.__name__)
    card = unplugged(tmp_path, monkeypatch)

    def attempts(level: int) -> int:
        return sum((record.name, record.levelno) == (module.__name__, level) for record in caplog.records)

    async with contextlib.AsyncExitStack() as stack:
        async with Program("sound", card.command, print, card.environment):
            await card.ready()
            device = await stack.enter_async_context(start())
            await device.tell("set", {"percent": 0.4})
            await device.tell("duck", source="ann")
        await until(lambda: attempts(logging.DEBUG) >= 3, "attempts to open it")
        assert not device.handler.turn(1)
        for what in ("get", "set", "increase", "mute", "unduck"):
            await device.tell(what, {"percent": 1.0}, source="ann")
            assert device.heard[-1].msg_type == f"mycroft.volume.{what}.failed"
        await device.tell("recognizer_loop:record_end")
        assert device.heard[-1].msg_type == "mycroft.volume.unduck.failed"
        async with Program("sound", card.command, print, card.environment):
            await device.reports(0.4)
            assert device.mixer.read() == device.hardware.level(0.4)
            device.hardware.set(20)
            await device.reports(0.24)
            assert attempts(logging.WARNING) == 1
        await until(lambda: attempts(logging.WARNING) == 2, "that it is away again")
        assert device.states == 2 * [PartState.CONNECTED, PartState.MISSING]


async def test_an_amplifier_whose_chip_is_taken_or_was_without_power_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amplifier, "STEP_S", 0)
    monkeypatch.setattr(amplifier, "POLL_S", 0.01)
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.05)
    hardware = Amplifier()
    chip = hardware.chip
    device = Device(VolumeSettings(), SavedState(tmp_path / "state.json"), hardware)
    chip.fault = BoardError(errno.EBUSY, "I2C bus 1, address 0x2f: Device or resource busy")
    running = asyncio.create_task(device.handler.run())
    await until(lambda: device.states == [PartState.TAKEN], "that it is taken")
    chip.fault = None
    await until(lambda: device.states[1:] == [PartState.CONNECTED], "that it is there")
    chip.lose_power()
    await until(lambda: device.states[2:] == [PartState.MISSING, PartState.CONNECTED], "that it is set up again")
    assert device.mixer.read() == hardware.level(0.6)
    running.cancel()


async def test_a_missing_card_is_reported(tmp_path: Path) -> None:
    device = Device(VolumeSettings(), SavedState(tmp_path / "state.json"), Card(device="hw:9"))
    running = asyncio.create_task(device.handler.run())
    await asyncio.sleep(0)
    assert await device.tell("get") == {"error": "the sound card is away"}
    device.heard.clear()
    await device.dispatcher(Message("connected"))
    await asyncio.sleep(0)
    assert device.heard == [], "there is no volume to report"
    running.cancel()


async def test_a_new_connection_gets_the_volume(device: Device) -> None:
    await device.tell("set", {"percent": 0.7, "play_sound": False})
    device.heard.clear()
    await device.dispatcher(Message("connected"))
    await device.reports(0.7)


async def test_a_factory_reset_restores_the_first_level(device: Device) -> None:
    await device.tell("mute")
    await device.dispatcher(Message("system.factory.reset.phal"))
    await device.reports(FIRST_LEVEL / 100)
    assert device.mixer.read() == device.hardware.level(FIRST_LEVEL / 100)


@pytest.mark.parametrize(
    ("level", "settings", "percent"),
    [
        (None, {}, FIRST_LEVEL / 100),
        (None, {"start": 20}, 0.2),
        (0.8, {}, 0.8),
        (0.8, {"start": 50}, 0.5),
        (0.3, {"start": 50}, 0.3),
    ],
)
@pytest.mark.parametrize("muted", [False, True])
async def test_a_restart_is_never_louder(
    hardware: Hardware, start: Start, *, level: float | None, settings: dict[str, int], percent: float, muted: bool
) -> None:
    if level is not None:
        async with start() as device:
            await device.tell("set", {"percent": level})
            await device.tell("mute" if muted else "unmute")
            await device.tell("duck")
    hardware.set(100)  # as a card may be after a reboot
    async with start(**settings) as device:
        muted = muted and level is not None
        assert await device.tell("get") == {"percent": percent, "muted": muted}
        assert device.mixer.read() == device.hardware.level(percent, muted)
