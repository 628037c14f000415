"""Every profile end to end: the real enclosure on a real bus, and hands and eyes on the chips of its board.

A profile in `enclosure/profiles` is tested without a line here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from enclosure.app import enclosure
from enclosure.board import Profile
from enclosure.config import VolumeSettings, load_profile, profile_names
from hw_sim.boards.board import Board, wired
from hw_sim.boards.leds import DARK, is_lit
from hw_sim.boards.viewer import board_faults_of
from tests.conftest import until

PROFILES = {name: wired(load_profile(name)) for name in profile_names(Path("/nonexistent"))}
BOARDS = [name for name, profile in PROFILES.items() if profile.serial_port is None]
"""Those whose display is no faceplate on a serial port; that one has a simulator and tests of its own."""

SENT = {
    "auto": "mycroft.mic.listen",
    "listen": "mycroft.mic.listen",
    "stop": "mycroft.stop",
    "volume_up": "mycroft.volume.increase",
    "volume_down": "mycroft.volume.decrease",
    "mute": "mycroft.mic.mute.toggle",
}
"""What each act of a profile sends on an idle device."""

LOUDEST = 0x54


def with_(what: Callable[[Profile], Any]) -> list[str]:
    return [name for name in BOARDS if what(PROFILES[name])]


def has_controls(profile: Profile) -> bool:
    return bool(profile.buttons or profile.switches or profile.encoders)


@dataclass
class Running:
    """A board with its daemons, and what a client of the bus has received."""

    board: Board
    client: BusClient
    received: list[Message] = field(default_factory=list)

    async def receive(self, message: Message) -> None:
        self.received.append(message)

    async def send(self, msg_type: str, data: dict[str, Any] | None = None) -> None:
        await self.client.emit(Message(msg_type, data or {}))

    async def has(self, msg_type: str, times: int = 1, **data: Any) -> None:
        """Waits for a message."""

        def there() -> bool:
            found = [message for message in self.received if message.msg_type == msg_type]
            return sum(data.items() <= message.data.items() for message in found) >= times

        await until(there, f"{msg_type} {data or ''}", 60)

    def count(self, msg_type: str) -> int:
        return sum(message.msg_type == msg_type for message in self.received)


@pytest.fixture(params=[False, True], ids=["clean", "bouncing"])
def bounces(request: pytest.FixtureRequest) -> bool:
    """Whether contacts bounce."""
    return bool(request.param)


@contextlib.asynccontextmanager
async def running(
    name: str, folder: Path, *, bounces: bool = False, prepare: Callable[[Board], None] = lambda _: None
) -> AsyncIterator[Running]:
    """The enclosure of a board, on a bus of its own; its start is over."""
    profile = PROFILES[name]
    board = Board(profile, folder, asyncio.get_running_loop().time, bounces=bounces)
    prepare(board)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(board.plugged_in())
        bus = await stack.enter_async_context(Server(WebSocketSettings(port=0), BusSettings()))
        found = Running(board, BusClient(bus.url))
        tasks = [asyncio.create_task(found.client.run(found.receive))]
        await found.has("connected")
        daemon = enclosure(
            bus.url,
            profile,
            None,
            0,
            "no such card",
            volume_settings=VolumeSettings(),
            state_path=folder / "state.json",
        )
        tasks.append(asyncio.create_task(daemon))
        await found.has("mycroft.skills.is_ready")
        await found.send("mycroft.ready")
        await asyncio.sleep(5)
        yield found
        for task in reversed(tasks):
            task.cancel()
            await asyncio.wait([task])
        assert all(task.cancelled() for task in tasks)
    assert not is_lit(board.colours), "dark at the end"
    assert not any(line.consumer for line in board.gpio.lines), "all lines are given back"


@pytest.mark.parametrize("name", with_(lambda profile: profile.buttons))
async def test_each_gesture_of_a_button_sends_what_the_profile_says(
    name: str, tmp_path: Path, bounces: bool
) -> None:
    async with running(name, tmp_path, bounces=bounces) as device:
        for button, settings in PROFILES[name].buttons.items():
            for act, gesture in ((settings.press, device.board.press), (settings.hold, device.board.hold)):
                if act is not None:
                    device.received.clear()
                    await gesture(button)
                    await device.has(SENT.get(act, act))
                    assert device.count(SENT.get(act, act)) == 1


@pytest.mark.parametrize("name", with_(lambda profile: profile.switches))
async def test_a_switch_mutes_from_the_start_and_stays_visible(name: str, tmp_path: Path, bounces: bool) -> None:
    [switch] = PROFILES[name].switches
    gpio = PROFILES[name].switches[switch].gpio
    assert gpio is not None

    def mute(board: Board) -> None:
        board.gpio.drive(gpio, PROFILES[name].switches[switch].muted == "high")

    async with running(name, tmp_path, bounces=bounces, prepare=mute) as device:
        await device.has("mycroft.switch.state", name=switch, state="off")
        await device.has("mycroft.mic.mute")
        await until(lambda: {colour[1:] for colour in device.board.colours} == {(0, 0)}, "a red ring")
        await device.board.slide(switch, False)
        await device.has("mycroft.mic.unmute")
        await until(lambda: not is_lit(device.board.colours), "a dark ring")
        await device.board.slide(switch, True)
        await device.has("mycroft.mic.mute", 2)


@pytest.mark.parametrize("name", with_(lambda profile: profile.encoders))
async def test_no_detent_of_an_encoder_is_lost(name: str, tmp_path: Path, bounces: bool) -> None:
    async with running(name, tmp_path, bounces=bounces) as device:
        for encoder in PROFILES[name].encoders:
            device.received.clear()
            await device.board.turn(encoder, 40)
            await device.board.turn(encoder, -3)
            await device.has("mycroft.volume.decrease", 3)
            counts = device.count("mycroft.volume.increase"), device.count("mycroft.volume.decrease")
            assert counts == (40, 3)


@pytest.mark.parametrize("name", with_(lambda profile: profile.leds.kind != "none"))
async def test_the_leds_show_what_goes_on(name: str, tmp_path: Path) -> None:
    async with running(name, tmp_path) as device:
        board = device.board
        assert not is_lit(board.colours)
        await device.send("recognizer_loop:record_begin")
        await until(lambda: DARK not in board.colours, "all LEDs lit")
        if PROFILES[name].leds.kind != "gpio":
            assert all(green > max(red, blue) for red, green, blue in board.colours)
        brightest = max(max(colour) for colour in board.colours)
        if PROFILES[name].leds.kind != "gpio":
            assert brightest <= 255 * PROFILES[name].leds.brightness + 1
        await device.send("recognizer_loop:record_end")
        await device.send("recognizer_loop:audio_output_start")
        await until(lambda: is_lit(board.colours), "lit while it speaks")
        await device.send("recognizer_loop:audio_output_end")
        await until(lambda: not is_lit(board.colours), "dark again")


@pytest.mark.parametrize("name", with_(lambda profile: profile.amplifier.kind == "tas5806"))
async def test_the_amplifier_is_the_volume(name: str, tmp_path: Path) -> None:
    async with running(name, tmp_path) as device:
        await device.send("mycroft.volume.set", {"percent": 1.0})
        amplifier = device.board.amplifier
        assert amplifier is not None
        await until(lambda: amplifier.registers[0x4C] == LOUDEST, "the loudest level")
        assert device.board.level == (100, False)
        await device.has("mycroft.volume.get.response", percent=1.0)


@pytest.mark.parametrize("name", with_(has_controls))
async def test_a_gpio_chip_that_comes_late_and_goes_is_reported_and_used_again(name: str, tmp_path: Path) -> None:
    async with running(name, tmp_path, prepare=lambda board: board.gpio.pull_out()) as device:
        for number in (0, 4):
            await device.has("enclosure.board.state", part="controls", state="missing")
            device.received.clear()
            device.board.gpio.plug_in(number)
            await device.has("enclosure.board.state", part="controls", state="connected")
            for button, settings in PROFILES[name].buttons.items():
                await device.board.press(button)
                await device.has(SENT.get(settings.press, settings.press))
            device.board.gpio.pull_out()
        await device.has("enclosure.board.state", part="controls", state="missing")


@pytest.mark.parametrize(
    "name", with_(lambda profile: profile.buttons and profile.leds.kind in ("attiny", "ktd2026"))
)
async def test_controls_work_while_the_leds_are_away(name: str, tmp_path: Path) -> None:
    leds = PROFILES[name].leds
    async with running(name, tmp_path) as device:
        chip = device.board.i2c.chips.pop((leds.bus, leds.address))
        await device.send("recognizer_loop:record_begin")
        await device.has("enclosure.board.state", part="lights", state="missing")
        button, settings = next(iter(PROFILES[name].buttons.items()))
        await device.send("recognizer_loop:record_end")
        await device.board.press(button)
        await device.has(SENT.get(settings.press, settings.press))
        device.board.i2c.chips[leds.bus, leds.address] = chip
        await device.has("enclosure.board.state", part="lights", state="connected")


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("usb_respeaker_4mic", []),
        ("respeaker_4mic", ["gpio-gone"]),
        ("picroft", ["gpio-gone", "bounce"]),
        ("aiy_voice_v2", ["gpio-gone", "bounce", "i2c-gone"]),
        ("sj201_r6", ["gpio-gone", "bounce", "i2c-gone", "card-gone"]),
    ],
)
async def test_a_board_has_the_faults_of_its_chips_and_contacts(
    name: str, faults: list[str], tmp_path: Path
) -> None:
    board = Board(PROFILES[name], tmp_path, asyncio.get_running_loop().time)
    assert [fault.name for fault in board_faults_of(board)] == faults
