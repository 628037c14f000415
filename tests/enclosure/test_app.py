"""The enclosure as a whole on a simulated faceplate, while the bus is away and when it ends."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from enclosure import router
from enclosure.activity import Activity
from enclosure.app import enclosure
from enclosure.config import VolumeSettings, load_profile
from enclosure.display import EyesLevel
from enclosure.events import Choice, Chosen, Turned
from enclosure.handlers.menu import QUESTION
from enclosure.state import SavedState
from hw_sim.faceplate import Faceplate
from tests.conftest import until
from tests.enclosure.handlers.mark1 import OPEN, Mark1, Recorder

STOP_S = 2.0
STATE = ("enclosure.faceplate.state", {"state": "connected", "firmware": "1.4.2"})


class Bus:
    """A bus that can be away, with a client that was there first."""

    def __init__(self) -> None:
        self._port = 0
        self._here = contextlib.AsyncExitStack()
        self.heard: list[Message] = []

    async def come(self) -> None:
        server = await self._here.enter_async_context(Server(WebSocketSettings(port=self._port), BusSettings()))
        self.url = server.url
        self._port = int(server.url.split(":")[2].split("/")[0])
        self._client = BusClient(server.url)
        listening = asyncio.create_task(self._client.run(self._hear))
        self._here.push_async_callback(asyncio.wait, [listening])
        self._here.callback(listening.cancel)
        await until(lambda: "connected" in self.types, "a connection")

    async def go(self) -> None:
        await self._here.aclose()
        self.heard.clear()

    async def say(self, msg_type: str, data: dict[str, Any] | None = None) -> None:
        await self._client.emit(Message(msg_type, data or {}))

    async def _hear(self, message: Message) -> None:
        self.heard.append(message)

    @property
    def types(self) -> list[str]:
        return [message.msg_type for message in self.heard]


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    bus = Bus()
    await bus.come()
    yield bus
    await bus.go()


class Device:
    """A running enclosure whose start is over, unless there is no bus."""

    def __init__(self, faceplate: Faceplate, bus: Bus, folder: Path) -> None:
        self._faceplate = faceplate
        profile = load_profile("mycroft_mark_1")
        self._running = asyncio.create_task(
            enclosure(
                bus.url,
                profile,
                str(faceplate.link),
                9600,
                "hw:9",  # there is none
                volume_settings=VolumeSettings(),
                state_path=folder / "state.json",
            )
        )

    async def stop(self) -> None:
        """Stops it as SIGTERM does."""
        self._running.cancel()
        async with asyncio.timeout(STOP_S):
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    @property
    def at_rest(self) -> bool:
        return self.eyes_open and not any(self._faceplate.firmware.mouth)

    @property
    def eyes_open(self) -> bool:
        return set(self._faceplate.firmware.eyes) == {OPEN}


@pytest.fixture
async def device(faceplate: Faceplate, bus: Bus, tmp_path: Path) -> AsyncIterator[Device]:
    device = Device(faceplate, bus, tmp_path)
    await until(lambda: "enclosure.started" in bus.types, "the start")
    assert not device.eyes_open
    await bus.say("mycroft.ready")
    await until(lambda: device.at_rest, "open eyes")
    yield device
    await device.stop()


async def test_the_start_is_reported_to_a_bus_that_comes_late(
    faceplate: Faceplate, bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "FRESH_S", 0.1)
    await bus.go()
    device = Device(faceplate, bus, tmp_path)
    await faceplate.spoken_to.wait()
    await asyncio.sleep(0.5)
    await bus.come()
    await until(lambda: "enclosure.started" in bus.types, "the start")
    assert STATE in [(message.msg_type, message.data) for message in bus.heard]
    assert bus.types.count("enclosure.started") == 1
    await device.stop()


async def test_what_the_user_does_while_the_bus_is_away_is_not_requested_later(
    device: Device,
    faceplate: Faceplate,
    bus: Bus,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(router, "FRESH_S", 0.2)
    caplog.set_level(logging.DEBUG, router.__name__)

    async def hands() -> None:
        faceplate.press()
        await asyncio.sleep(0.1)
        faceplate.release()
        faceplate.turn(1)
        await asyncio.sleep(0.1)

    await bus.go()
    await hands()
    await hands()
    await asyncio.sleep(0.3)
    first, *others = [record.levelname for record in caplog.records if record.name == router.__name__]
    assert (first, {*others}) == ("WARNING", {"DEBUG"})
    await bus.come()
    await until(lambda: STATE[0] in bus.types, "the faceplate's state")
    await asyncio.sleep(0.2)
    assert not {"mycroft.mic.listen", "mycroft.volume.increase"} & {*bus.types}
    assert "enclosure.started" not in bus.types  # that was before
    await hands()
    await until(lambda: {"mycroft.mic.listen", "mycroft.volume.increase"} <= {*bus.types}, "both")


@pytest.mark.usefixtures("wall_clock")
async def test_at_a_stop_the_face_is_at_rest_whatever_it_has_just_been_sent(
    device: Device, faceplate: Faceplate, bus: Bus
) -> None:
    visemes = [[str(number % 6), (number + 1) * 0.1] for number in range(100)]
    await bus.say("enclosure.mouth.viseme_list", {"start": time.time(), "visemes": visemes})
    await until(lambda: any(faceplate.firmware.mouth), "the first mouths")
    for number in range(50):  # 2 s of them
        await bus.say("enclosure.eyes.setpixel", {"idx": number % 24, "r": number, "g": 30})
    await bus.say("enclosure.eyes.rgb.get")
    await until(lambda: "enclosure.eyes.rgb" in bus.types and not device.eyes_open, "some of it")
    await device.stop()
    await asyncio.sleep(1)  # what is on the line, and what would come after
    assert device.at_rest


# The enclosure with a display that records.


async def run_and_stop(device: Mark1) -> None:
    running = asyncio.create_task(device.enclosure.run())
    await until(lambda: bool(device.said), "the start")
    device.handle(Chosen(Choice.FACTORY_RESET))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_what_outlives_a_restart_is_shown_at_the_start(tmp_path: Path) -> None:
    display, saved = Recorder(), SavedState(tmp_path / "state.json")
    saved.put("brightness", 7)
    await run_and_stop(Mark1(lambda _: display, saved))
    assert display.shown == [EyesLevel(7)]
    assert display.activities[0] == Activity(booting=True)


async def test_a_stop_takes_the_question_back_and_ends_with_the_display(tmp_path: Path) -> None:
    class LateHands(Recorder):
        """A display whose knob is turned while it shows its last look."""

        async def close(self) -> None:
            assert self.asked == [QUESTION, None]
            mark1.handle(Turned(1))
            await super().close()

    display = LateHands()
    mark1 = Mark1(lambda _: display, SavedState(tmp_path / "state.json"))
    await run_and_stop(mark1)
    assert display.closed
    assert (mark1.card.level.percent, display.volumes) == (round(0.6 * 83), [])


async def test_a_display_that_does_not_answer_delays_a_stop_by_less_than_a_daemon_has(tmp_path: Path) -> None:
    class Stuck(Recorder):
        async def close(self) -> None:
            await asyncio.get_running_loop().create_future()

    loop = asyncio.get_running_loop()
    async with asyncio.timeout(2 * STOP_S):
        await run_and_stop(Mark1(lambda _: Stuck(), SavedState(tmp_path / "state.json")))
    assert loop.time() < STOP_S
