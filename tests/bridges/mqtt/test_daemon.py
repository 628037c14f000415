"""The bridge between a real bus and a recording link to the broker, in virtual time."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridges.mqtt.daemon import BIRTH_DELAY_S, COMMANDS_BURST, MEASURE_INTERVAL_S, RETRY_MAX_S, Bridge
from bridges.mqtt.entities import Device
from bridges.mqtt.errors import BrokerError
from bridges.mqtt.host import Machine
from bridges.outbox import FRESH_S
from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from tests.conftest import until

CONFIG = "homeassistant/device/kitchen1/config"
AVAILABILITY = "mycroft/kitchen1/availability"
PARTS = {"display": "faceplate", "buttons": ["knob"], "switches": [], "knob": True}


class Broker:
    """A broker that records publications, and can refuse the bridge."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str | bytes, int, bool]] = []
        self.subscribed: list[str] = []
        self.attempts: list[float] = []
        self.refusal: str | None = None
        self.receive: Callable[[str, bytes, bool], None]
        self.refused: Callable[[str, str], None]
        self._end: asyncio.Future[str] | None = None

    @contextlib.asynccontextmanager
    async def connect(
        self, receive: Callable[[str, bytes, bool], None], refused: Callable[[str, str], None]
    ) -> AsyncIterator["Broker"]:
        self.attempts.append(asyncio.get_running_loop().time())
        if self.refusal is not None:
            raise BrokerError(self.refusal)
        self.receive, self.refused = receive, refused
        self._end = asyncio.get_running_loop().create_future()
        yield self
        self._end = None

    async def subscribe(self, topics: Sequence[str]) -> None:
        self.subscribed = [*topics]

    def publish(self, topic: str, payload: str | bytes, *, qos: int, retain: bool) -> None:
        self.published.append((topic, payload, qos, retain))

    async def ended(self) -> None:
        assert self._end is not None
        raise BrokerError(await self._end)

    def end(self) -> None:
        assert self._end is not None
        self._end.set_result("it has closed the connection")

    def last(self, topic: str) -> Any:
        return next((payload for name, payload, *_ in reversed(self.published) if name == topic), None)

    def count(self, topic: str) -> int:
        return sum(name == topic for name, *_ in self.published)


class Peer:
    """Another client of the bus, which answers as the enclosure does."""

    def __init__(self, url: str) -> None:
        self.client = BusClient(url)
        self.received: list[Message] = []
        self.mouth = ["." * 32] * 8

    async def receive(self, message: Message) -> None:
        self.received.append(message)
        if message.msg_type == "enclosure.report-parts":
            await self.client.emit(message.reply("enclosure.parts", PARTS))
        elif message.msg_type == "enclosure.mouth.pixels.get":
            await self.client.emit(message.reply("enclosure.mouth.pixels", {"rows": self.mouth}))
        elif message.msg_type in ("mycroft.volume.get", "mycroft.volume.set"):
            percent = message.data.get("percent", 0.6)
            await self.client.emit(
                message.reply("mycroft.volume.get.response", {"percent": percent, "muted": False})
            )

    def types(self) -> list[str]:
        return [message.msg_type for message in self.received]


class Home:
    def __init__(self, broker: Broker, peer: Peer, server: Server) -> None:
        self.broker, self.peer, self.server = broker, peer, server

    async def settled(self) -> None:
        await until(lambda: self.broker.last("mycroft/kitchen1/mouth") is not None, "the states")
        await until(lambda: self.broker.last("mycroft/kitchen1/face") is not None, "the last answer")

    def command(self, key: str, payload: str, *, retained: bool = False) -> None:
        self.broker.receive(f"mycroft/kitchen1/{key}/set", payload.encode(), retained)

    async def barrier(self) -> None:
        """Returns when all commands before it have reached the bus."""
        before = self.peer.types().count("mycroft.volume.mute")
        self.command("mute", "ON")
        await until(lambda: self.peer.types().count("mycroft.volume.mute") > before, "the barrier")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        peer, broker = Peer(server.url), Broker()
        bridge = Bridge(
            BusClient(server.url),
            broker.connect,
            Device("kitchen1", "Kitchen", "0.1.0"),
            "homeassistant",
            Machine(tmp_path),
        )
        tasks = [asyncio.create_task(peer.client.run(peer.receive))]
        await until(lambda: "connected" in peer.types(), "the peer")
        tasks.append(asyncio.create_task(bridge.run()))
        home = Home(broker, peer, server)
        yield home
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.wait(tasks)


async def test_the_device_is_announced_with_all_that_is_known(home: Home) -> None:
    await home.settled()
    assert home.broker.subscribed == ["mycroft/kitchen1/+/set", "homeassistant/status"]
    components = json.loads(home.broker.last(CONFIG) or "")["components"]
    assert components["mouth"]["state_topic"] == "mycroft/kitchen1/mouth"
    assert components["restart"] == {"p": "button"}
    assert home.broker.last(AVAILABILITY) == "online"
    assert home.broker.last("mycroft/kitchen1/volume") == "60"
    assert all(qos == 1 and retain for topic, _, qos, retain in home.broker.published if "/ip" not in topic)


async def test_a_command_comes_back_as_state(home: Home) -> None:
    await home.settled()
    home.command("volume", "35")
    await until(lambda: home.broker.last("mycroft/kitchen1/volume") == "35", "the volume")


async def test_a_retained_command_is_not_obeyed(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    await home.settled()
    for _ in range(3):
        home.command("volume", "99", retained=True)
    await home.barrier()
    assert "mycroft.volume.set" not in home.peer.types()
    assert caplog.text.count("retained command is not obeyed") == 1


@pytest.mark.parametrize("key", ["restart", "shutdown", "upgrade", "mute_switch", "listening", "nothing"])
async def test_a_command_that_the_device_does_not_have_is_not_obeyed(home: Home, key: str) -> None:
    await home.settled()
    home.peer.received.clear()
    home.command(key, "PRESS")
    await home.barrier()
    assert home.peer.types() == ["mycroft.volume.mute"]


async def test_a_flood_of_commands_is_cut_and_logged_once(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    await home.settled()
    for _ in range(5):
        for _ in range(1000):
            home.command("volume", "35")
        await asyncio.sleep(5)
    await home.barrier()
    assert home.peer.types().count("mycroft.volume.set") <= 5 * COMMANDS_BURST
    assert caplog.text.count("commands per second") == 1


async def test_a_face_that_changes_often_is_one_picture(home: Home) -> None:
    await home.settled()
    before = home.broker.last("mycroft/kitchen1/face")
    asked = home.peer.types().count("enclosure.mouth.pixels.get")
    home.peer.mouth = ["#" * 32] * 8
    for text in ("one", "two", "three"):
        home.command("mouth", text)
    await until(lambda: home.broker.last("mycroft/kitchen1/face") != before, "another picture")
    assert home.peer.types().count("enclosure.mouth.pixels.get") == asked + 1


async def test_a_text_that_has_gone_by_is_seen_within_a_minute(home: Home) -> None:
    await home.settled()
    before = home.broker.last("mycroft/kitchen1/face")
    home.peer.mouth = ["#" * 32] * 8
    await asyncio.sleep(MEASURE_INTERVAL_S)
    await until(lambda: home.broker.last("mycroft/kitchen1/face") != before, "another picture")


async def test_a_birth_message_is_answered_once_after_a_while(home: Home) -> None:
    await home.settled()
    before = home.broker.count(CONFIG)
    for _ in range(3):
        home.broker.receive("homeassistant/status", b"online", False)
    home.broker.receive("homeassistant/status", b"offline", False)
    assert home.broker.count(CONFIG) == before
    await asyncio.sleep(BIRTH_DELAY_S)
    assert home.broker.count(CONFIG) == before + 1


async def test_a_new_connection_gets_everything_again(home: Home) -> None:
    await home.settled()
    home.broker.published.clear()
    home.broker.end()
    await until(lambda: home.broker.last(AVAILABILITY) == "online", "the announcement")
    assert home.broker.last("mycroft/kitchen1/volume") == "60"


async def test_a_broker_that_refuses_is_one_line_and_fewer_attempts(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    home.broker.refusal = "b:8883 refuses the connection: Not authorized"
    home.broker.attempts.clear()
    home.broker.end()
    await asyncio.sleep(3600)
    assert caplog.text.count("Not authorized") == 1
    assert 0.8 * 3600 / RETRY_MAX_S <= len(home.broker.attempts) <= 1.3 * 3600 / RETRY_MAX_S + 8


async def test_a_refused_topic_is_named_once(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    await home.settled()
    for _ in range(3):
        home.broker.refused(CONFIG, "Not authorized 100%s")
    assert caplog.text.count(f"refuses {CONFIG}: Not authorized 100%s") == 1


async def test_without_a_bus_the_device_is_away_and_commands_are_dropped(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    port = int(home.server.url.split(":")[2].split("/")[0])
    await home.server.__aexit__()
    await until(lambda: home.broker.last(AVAILABILITY) == "offline", "the end of the bus")
    for text in ("too late", "much too late"):
        home.command("mouth", text)
    await asyncio.sleep(1.1 * FRESH_S)
    assert caplog.text.count("enclosure.mouth.text was not sent") == 2
    home.peer.received.clear()
    async with Server(WebSocketSettings(port=port), BusSettings()):
        await until(lambda: home.broker.last(AVAILABILITY) == "online", "the bus")
        await until(lambda: "connected" in home.peer.types(), "the peer")
        await home.barrier()
        assert "enclosure.mouth.text" not in home.peer.types()


async def test_events_are_not_kept_by_the_broker(home: Home) -> None:
    await home.settled()
    await home.peer.client.emit(Message("mycroft.mic.listen", {}, {"source": "mycroft_enclosure"}))
    event = ("mycroft/kitchen1/button", '{"event_type":"press"}', 1, False)
    await until(lambda: event in home.broker.published, "the press")


async def test_wrong_payloads_are_logged_and_the_bridge_goes_on(home: Home, caplog: Any) -> None:
    await home.settled()
    caplog.set_level(logging.WARNING)
    for payload in (b"\xff\xfe", b"[" * 4000, b"x" * 100_000):
        home.broker.receive("mycroft/kitchen1/eyes/set", payload, False)
    await home.barrier()
    assert [record.message.partition(": ")[0] for record in caplog.records] == ["mycroft/kitchen1/eyes/set"] * 3
