"""Reports of the connection, the offer to OVOS, and the setup that begins by itself."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from admin.errors import HostError
from admin.wifi.boot import GRACE_S, PAUSE_S, SPEECH_BEGINS_S, SPEECH_ENDS_S, BootHelper
from admin.wifi.connectivity import RETRY_S, Connectivity
from admin.wifi.ovos import CLIENT, MAX_IDS, OvosClient
from admin.wifi.radio import Link
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.lookup import TOPICS
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message

OFFLINE, LAN, ONLINE = Link(), Link(network=True), Link(network=True, internet=True)
ADMINISTRATOR = {"uid": os.getuid(), "pid": 1, "process": "test"}
STRANGER = {"uid": 4_000_000_000, "pid": 1, "process": "ovos-phal"}


class Device:
    """A device whose connection the test chooses, its bus, and the setups that are begun."""

    def __init__(self) -> None:
        self.changes: asyncio.Queue[Link | HostError] = asyncio.Queue()
        self.now = OFFLINE
        self.known = False
        self.error: HostError | None = None
        self.emitted: list[Message] = []
        self.begun: list[tuple[Topic, dict[str, Any]]] = []
        self.dispatcher = Dispatcher(self.emit)

    async def links(self) -> AsyncGenerator[Link]:
        while True:
            change = await self.changes.get()
            if isinstance(change, HostError):
                raise change
            yield change

    async def check_link(self) -> Link:
        return await self.link()

    async def link(self) -> Link:
        if self.error:
            raise self.error
        return self.now

    async def knows_networks(self) -> bool:
        if self.error:
            raise self.error
        return self.known

    async def emit(self, message: Message) -> None:
        assert message.msg_type.endswith(".failed") or TOPICS[message.msg_type].problems(message.data) == []
        self.emitted.append(message)

    def begin(self, topic: Topic, **fields: Any) -> None:
        self.begun.append((topic, fields))

    async def change(self, *changes: Link | HostError) -> list[str]:
        """The types that are emitted after changes of the connection."""
        self.emitted.clear()
        for change in changes:
            self.changes.put_nowait(change)
        await asyncio.sleep(1)
        return [message.msg_type for message in self.emitted]

    async def receive(
        self, msg_type: str, data: dict[str, Any] | None = None, sender: Any = None
    ) -> list[Message]:
        """The messages that are emitted after one is received."""
        self.emitted.clear()
        await self.dispatcher(Message(msg_type, data or {}, {topics.SENDER: sender} if sender else {}))
        return self.emitted


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
async def connectivity(device: Device) -> AsyncIterator[Connectivity]:
    connectivity = Connectivity(device, device.dispatcher, device.emit)
    task = asyncio.create_task(connectivity.run())
    yield connectivity
    task.cancel()


STATES = ["mycroft.internet.state", "mycroft.network.state"]
NO_INTERNET = "enclosure.notify.no_internet"


@pytest.mark.usefixtures("connectivity")
async def test_each_change_is_reported_as_ovos_reports_it(device: Device) -> None:
    assert await device.change(OFFLINE) == STATES
    assert await device.change(LAN) == ["mycroft.network.connected", *STATES]
    assert await device.change(ONLINE) == ["mycroft.internet.connected", *STATES]
    assert [message.data for message in device.emitted[1:]] == [{"state": "connected"}] * 2
    assert await device.change(ONLINE) == []
    assert await device.change(OFFLINE) == [
        "mycroft.internet.disconnected",
        "mycroft.network.disconnected",
        NO_INTERNET,
        *STATES,
    ]


@pytest.mark.usefixtures("connectivity")
async def test_a_new_connection_to_the_bus_gets_the_state(device: Device) -> None:
    await device.change(ONLINE)
    emitted = await device.receive("connected")
    expected = ["mycroft.network.connected", "mycroft.internet.connected", *STATES]
    assert [message.msg_type for message in emitted] == expected


async def test_a_networkmanager_that_is_missing_is_looked_for_again(
    device: Device, connectivity: Connectivity
) -> None:
    await device.change(ONLINE, HostError("gone"))
    assert connectivity.link is None
    device.emitted.clear()
    device.changes.put_nowait(LAN)
    await asyncio.sleep(RETRY_S + 1)
    assert device.emitted[0].msg_type == "mycroft.network.connected"


@pytest.mark.usefixtures("connectivity")
async def test_a_question_is_answered_after_a_new_check(device: Device) -> None:
    device.now = LAN
    [answer] = await device.receive("ovos.PHAL.internet_check")
    assert answer.msg_type == "ovos.PHAL.internet_check.response"
    assert answer.data == {"internet_connected": False, "network_connected": True}
    device.error = HostError("no NetworkManager")
    [answer] = await device.receive("ovos.PHAL.internet_check")
    assert answer == Message("ovos.PHAL.internet_check.failed", {"error": "no NetworkManager"})


@pytest.fixture
def ovos(device: Device, connectivity: Connectivity) -> OvosClient:
    service: Any = device
    return OvosClient(service, connectivity, device.dispatcher, device.emit)


@pytest.mark.usefixtures("ovos")
async def test_the_setup_registers_with_ovos_also_after_a_restart_of_either(device: Device) -> None:
    emitted = await device.receive("connected")
    assert [message.msg_type for message in emitted] == [
        "ovos.phal.wifi.plugin.deregister.client",
        "ovos.phal.wifi.plugin.register.client",
    ]
    [registration] = await device.receive("ovos.phal.wifi.plugin.alive")
    assert registration.data["has_gui"]
    assert not registration.data["requires_input"]


async def register(device: Device, number: int = 7, client: str = CLIENT) -> None:
    await device.receive("ovos.phal.wifi.plugin.client.registered", {"client": client, "id": f"id{number}"})


@pytest.mark.usefixtures("ovos")
@pytest.mark.parametrize(
    ("sender", "link", "begins"),
    [
        (ADMINISTRATOR, ONLINE, True),
        (ADMINISTRATOR, None, True),
        (STRANGER, OFFLINE, True),
        (STRANGER, LAN, False),
        (STRANGER, None, False),
        (None, LAN, False),
    ],
)
async def test_ovos_starts_a_setup_where_no_network_is_lost(
    device: Device, sender: Any, link: Link | None, begins: bool
) -> None:
    await register(device)
    if link:
        await device.change(link)
    await device.receive("ovos.phal.wifi.plugin.activate.id7", sender=sender)
    expected = [(topics.WIFI_SETUP, {"lang": None, "allow_timeout": False})]
    assert device.begun == (expected if begins else [])


@pytest.mark.usefixtures("ovos")
async def test_ovos_ends_the_setup_that_it_has_started_and_no_other(device: Device) -> None:
    await register(device)
    await device.receive("ovos.phal.wifi.plugin.deactivate.id7", sender=STRANGER)
    assert device.begun == []
    await device.change(OFFLINE)
    await device.receive("ovos.phal.wifi.plugin.activate.id7", sender=STRANGER)
    for _ in range(2):
        await device.receive("ovos.phal.wifi.plugin.deactivate.id7", sender=STRANGER)
    assert [topic for topic, _ in device.begun] == [topics.WIFI_SETUP, topics.WIFI_STOP]


@pytest.mark.usefixtures("ovos")
async def test_the_registration_of_another_program_is_ignored(device: Device) -> None:
    await register(device, client="balena")
    await device.receive("ovos.phal.wifi.plugin.activate.id7", sender=ADMINISTRATOR)
    assert device.begun == []


@pytest.mark.usefixtures("ovos")
async def test_the_registrations_that_are_followed_are_bounded(device: Device) -> None:
    before = len(device.dispatcher.patterns)
    for number in range(2 * MAX_IDS):
        await register(device, number)
        await register(device, number)
    assert len(device.dispatcher._handlers) <= before + 2 * MAX_IDS


class Assistant:
    """What the assistant says to a device without a network, as the test chooses."""

    def __init__(self, device: Device, *, begins_s: float | None = 5.0, ends_s: float | None = 12.0) -> None:
        self._device = device
        self._begins_s = begins_s
        self._ends_s = ends_s

    async def run(self) -> None:
        """Speaks once, after the report of the device."""
        while not self._device.emitted:
            await asyncio.sleep(0.1)
        for name, after_s in (("start", self._begins_s), ("end", self._ends_s)):
            if after_s is not None:
                await asyncio.sleep(after_s)
                await self._device.dispatcher(Message(f"recognizer_loop:audio_output_{name}"))


async def start(device: Device, folder: Path | None) -> tuple[list[dict[str, Any]], float | None]:
    """What a device reports by itself after the start of the machine, and after how long it begins a setup."""
    service: Any = device
    device.begun.clear()
    device.emitted.clear()
    began_at = asyncio.get_running_loop().time()
    await BootHelper(device, service, device.dispatcher, device.emit).run(folder, "de-de")
    assert [message.msg_type for message in device.emitted] == ["system.wifi.not_connected"] * len(device.emitted)
    assert device.begun in ([], [(topics.WIFI_SETUP, {"lang": None, "allow_timeout": False})])
    after_s = asyncio.get_running_loop().time() - began_at
    return [message.data for message in device.emitted], after_s if device.begun else None


NOTHING: tuple[list[dict[str, Any]], None] = [], None
INTRODUCTION = [{"known": False, "lang": "de-de"}]
HINT = [{"known": True, "lang": "de-de"}]


async def test_a_device_that_knows_no_network_starts_a_setup_once_after_the_start_of_the_machine(
    device: Device, tmp_path: Path
) -> None:
    without_assistant = INTRODUCTION, GRACE_S + SPEECH_BEGINS_S
    assert await start(device, tmp_path) == without_assistant
    assert await start(device, tmp_path) == NOTHING
    assert await start(device, None) == without_assistant


@pytest.mark.parametrize(
    ("begins_s", "ends_s", "waited_s"),
    [
        (5.0, 12.0, 17.0 + PAUSE_S),
        (SPEECH_BEGINS_S + 1, 12.0, SPEECH_BEGINS_S),
        (None, 1.0, SPEECH_BEGINS_S),
        (5.0, None, 5.0 + SPEECH_ENDS_S),
    ],
)
async def test_the_setup_begins_after_its_introduction(
    device: Device, begins_s: float | None, ends_s: float | None, waited_s: float
) -> None:
    speaking = asyncio.create_task(Assistant(device, begins_s=begins_s, ends_s=ends_s).run())
    reported, setup_s = await start(device, None)
    assert reported == INTRODUCTION
    assert setup_s == pytest.approx(GRACE_S + waited_s, abs=0.2)
    await speaking


async def test_the_end_of_earlier_speech_is_not_the_end_of_the_introduction(device: Device) -> None:
    async def speak() -> None:
        await asyncio.sleep(GRACE_S + 1)
        for name, after_s in (("end", 1), ("start", 5), ("end", 10)):
            await device.dispatcher(Message(f"recognizer_loop:audio_output_{name}"))
            await asyncio.sleep(after_s)

    speaking = asyncio.create_task(speak())
    assert await start(device, None) == (INTRODUCTION, GRACE_S + 1 + 1 + 5 + PAUSE_S)
    await speaking


async def test_what_is_said_before_the_introduction_or_by_a_satellite_is_no_introduction(device: Device) -> None:
    async def speak_elsewhere() -> None:
        for context in ({}, {"session": {"session_id": "satellite"}}):
            for name in ("start", "end"):
                await device.dispatcher(Message(f"recognizer_loop:audio_output_{name}", {}, context))
            await asyncio.sleep(GRACE_S + 1)

    speaking = asyncio.create_task(speak_elsewhere())
    assert await start(device, None) == (INTRODUCTION, GRACE_S + SPEECH_BEGINS_S)
    await speaking


async def test_a_cable_that_is_plugged_in_during_the_introduction_makes_the_setup_needless(device: Device) -> None:
    async def plug_in() -> None:
        await asyncio.sleep(GRACE_S + 1)
        device.now = LAN

    plugging = asyncio.create_task(plug_in())
    assert await start(device, None) == (INTRODUCTION, None)
    await plugging


async def test_a_stop_during_the_introduction_leaves_it_to_the_next_daemon(device: Device, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(GRACE_S + 1):
            await start(device, tmp_path)
    assert await start(device, tmp_path) == (INTRODUCTION, GRACE_S + SPEECH_BEGINS_S)


async def test_a_device_that_is_in_no_known_network_gives_a_hint_once_and_starts_no_setup(
    device: Device, tmp_path: Path
) -> None:
    device.known = True
    assert await start(device, tmp_path) == (HINT, None)
    assert await start(device, tmp_path) == NOTHING


@pytest.mark.parametrize("known", [True, False])
async def test_a_device_in_a_network_does_nothing_by_itself(device: Device, tmp_path: Path, known: bool) -> None:
    device.known, device.now = known, LAN
    assert await start(device, tmp_path) == NOTHING


async def test_a_hint_that_no_bus_takes_is_no_error(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: Message) -> None:
        raise BusUnavailableError("no bus")

    monkeypatch.setattr(device, "emit", refuse)
    device.known = True
    assert await start(device, None) == NOTHING


async def test_a_device_without_networkmanager_starts_no_setup(device: Device, tmp_path: Path) -> None:
    device.error = HostError("no NetworkManager")
    assert await start(device, tmp_path) == NOTHING
