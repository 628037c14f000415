"""The bridge between a real bus and a link to the hub that records, in virtual time."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bridges.hive.config import DOWN, UP
from bridges.hive.daemon import AWAY, AWAY_S, BACK, MAX_WAITING, REQUESTS_BURST, RETRY_MAX_S, Bridge
from bridges.hive.errors import HubError, PasswordError
from bridges.hive.frames import MAX_MESSAGE
from bridges.hive.mapping import SOURCE, Relay, Rights
from bridges.outbox import FRESH_S
from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from tests.conftest import until


class Hub:
    """A hub as the bridge sees it: what it was sent, and whether it lets the bridge in."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.attempts: list[float] = []
        self.refusal: HubError | None = None
        self.reads = asyncio.Event()
        """Cleared: it takes nothing that is sent to it."""
        self.reads.set()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator["Hub"]:
        self.attempts.append(asyncio.get_running_loop().time())
        if self.refusal is not None:
            raise self.refusal
        self._queue = asyncio.Queue()
        yield self

    async def send(self, message: bytes) -> None:
        await self.reads.wait()
        self.received.append(json.loads(message))

    async def receive(self) -> bytes:
        if (message := await self._queue.get()) is None:
            raise HubError("the hub has closed the connection")
        return message

    def say(self, msg_type: str, data: dict[str, Any] | None = None) -> None:
        payload = {"type": msg_type, "data": data or {}, "context": {"session": {"session_id": "hers"}}}
        self.say_raw(json.dumps({"msg_type": "bus", "payload": payload}).encode())

    def say_raw(self, raw: bytes) -> None:
        self._queue.put_nowait(raw)

    def end(self) -> None:
        self._queue.put_nowait(None)

    def types(self) -> list[str]:
        return [message["payload"]["type"] for message in self.received]


class Peer:
    """Another program on the bus, which answers as an enclosure does."""

    def __init__(self, url: str) -> None:
        self.client = BusClient(url)
        self.received: list[Message] = []

    async def receive(self, message: Message) -> None:
        self.received.append(message)
        if message.msg_type == "mycroft.volume.get":
            await self.client.emit(message.reply("mycroft.volume.get.response", {"percent": 0.6, "muted": False}))

    def types(self) -> list[str]:
        return [message.msg_type for message in self.received]

    def texts(self) -> list[str]:
        return [message.data["text"] for message in self.received if message.msg_type == "enclosure.mouth.text"]


class Home:
    def __init__(self, hub: Hub, peer: Peer, server: Server) -> None:
        self.hub, self.peer, self.server = hub, peer, server

    async def settled(self) -> None:
        await until(lambda: "mycroft.volume.get.response" in self.hub.types(), "the first state at the hub")

    async def says(self, msg_type: str, data: dict[str, Any] | None = None, **context: Any) -> None:
        await self.peer.client.emit(Message(msg_type, data or {}, context))

    async def stop_bus(self, caplog: pytest.LogCaptureFixture) -> int:
        """Stops the bus; returns its port when both clients have seen the end of their connections."""
        port = int(self.server.url.split(":")[2].split("/")[0])
        await self.server.__aexit__()
        await until(lambda: len(re.findall("bus (closed|dropped|broke)", caplog.text)) == 2, "both ends")
        return port

    async def barrier(self) -> None:
        """Returns when all requests before it have reached the bus."""
        before = self.peer.types().count("mycroft.volume.mute")
        self.hub.say("mycroft.volume.mute")
        await until(lambda: self.peer.types().count("mycroft.volume.mute") > before, "the barrier")


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        peer, hub = Peer(server.url), Hub()
        bridge = Bridge(BusClient(server.url), hub.connect, Relay(Rights(UP, DOWN), "me"))
        tasks = [asyncio.create_task(peer.client.run(peer.receive))]
        await until(lambda: "connected" in peer.types(), "the peer")
        tasks.append(asyncio.create_task(bridge.run()))
        yield Home(hub, peer, server)
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.wait(tasks)


async def test_the_hub_learns_of_the_device_at_once(home: Home) -> None:
    await home.settled()
    assert home.hub.received[0]["payload"]["context"] == {"session": {"session_id": "me"}}


async def test_the_hub_learns_of_the_device_also_where_the_bus_comes_later(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    port = await home.stop_bus(caplog)
    home.hub.end()
    await until(lambda: len(home.hub.attempts) == 2, "the next connection")
    received: list[str] = []

    async def greet(client: ServerConnection) -> None:
        await client.send('{"type": "connected"}')
        async for frame in client:
            received.append(str(frame))  # noqa: PERF401  # each as it arrives

    def questions() -> list[str]:
        return [frame for frame in received if '"type":"mycroft.volume.get"' in frame]

    async with serve(greet, "127.0.0.1", port):
        await until(lambda: bool(questions()), "the question", 60)
        home.hub.say("mycroft.volume.mute")
        await until(lambda: "mycroft.volume.mute" in received[-1], "the barrier")
    assert [SOURCE in frame for frame in questions()] == [True]


async def test_a_request_of_the_hub_is_answered_in_its_session(home: Home) -> None:
    await home.settled()
    home.peer.received.clear()
    home.hub.say("mycroft.volume.get")
    hers = {"session": {"session_id": "hers"}}
    await until(lambda: hers in [message["payload"]["context"] for message in home.hub.received], "the answer")
    assert home.hub.types()[-1] == "mycroft.volume.get.response"
    assert home.peer.received[0].context["session"] == {"session_id": "default"}


async def test_an_utterance_reaches_the_hub(home: Home) -> None:
    await home.settled()
    await home.says("recognizer_loop:utterance", {"utterances": ["hi"]})
    await until(lambda: "recognizer_loop:utterance" in home.hub.types(), "the utterance")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"msg_type": "bus", "payload": 1}', b"[" * 100_000])
async def test_what_the_hub_sends_wrong_is_logged_and_the_bridge_goes_on(
    home: Home, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    home.hub.say_raw(raw)
    await home.barrier()
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert len(home.hub.attempts) == 1


async def test_a_privileged_request_does_not_reach_the_bus(home: Home) -> None:
    await home.settled()
    home.hub.say("system.reboot")
    home.hub.say("bus.subscribe", {"patterns": ["nothing"]})
    await home.barrier()
    assert "system.reboot" not in home.peer.types()
    await test_an_utterance_reaches_the_hub(home)


async def test_a_flood_of_the_hub_is_cut_and_logged_once(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    await home.settled()
    for _ in range(10 * REQUESTS_BURST):
        home.hub.say("enclosure.eyes.blink")
    await asyncio.sleep(10)
    await home.barrier()
    assert home.peer.types().count("enclosure.eyes.blink") == REQUESTS_BURST
    assert caplog.text.count("some are dropped") == 1


async def test_a_hub_that_takes_nothing_costs_no_memory_and_comes_back(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    home.hub.reads.clear()
    for _ in range(500):
        await home.says("mycroft.stop")
    dropped = 500 - MAX_WAITING - 1  # one is being sent
    await until(lambda: caplog.text.count("mycroft.stop is dropped") >= dropped, "the messages")
    home.hub.reads.set()
    await until(lambda: "mycroft.stop" in home.hub.types(), "the first of them")
    await test_an_utterance_reaches_the_hub(home)
    assert 0 < home.hub.types().count("mycroft.stop") < 200
    assert "slower than the bus" in caplog.text


async def test_a_message_that_is_too_long_stays_on_the_bus(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    await home.settled()
    await home.says("recognizer_loop:utterance", {"utterances": ["x" * MAX_MESSAGE]})
    await home.says("mycroft.stop")
    await until(lambda: "mycroft.stop" in home.hub.types(), "the next message")
    assert "recognizer_loop:utterance" not in home.hub.types()
    assert "recognizer_loop:utterance is not sent" in caplog.text


# The hub is away.


async def test_a_hub_that_is_back_soon_is_not_shown(home: Home) -> None:
    await home.settled()
    home.hub.end()
    await until(lambda: home.hub.types().count("mycroft.volume.get.response") == 2, "the next connection")
    await asyncio.sleep(2 * AWAY_S)
    await home.barrier()
    assert home.peer.texts() == []


async def test_the_face_shows_that_the_hub_is_away_and_that_it_is_back(home: Home) -> None:
    await home.settled()
    home.hub.refusal = HubError("no hub at ws://h:1: refused")
    home.hub.end()
    await until(lambda: home.peer.texts() == [AWAY], "the sign", 2 * AWAY_S)
    await asyncio.sleep(100 * AWAY_S)
    assert home.peer.texts() == [AWAY]
    home.hub.refusal = None
    await until(lambda: home.peer.texts() == [AWAY, BACK], "the hub is back", 2 * RETRY_MAX_S)


async def test_who_speaks_while_the_hub_is_away_sees_it(home: Home) -> None:
    await home.settled()
    home.hub.refusal = HubError("no hub at ws://h:1: refused")
    home.hub.end()
    await until(lambda: home.peer.texts() == [AWAY], "the sign", 2 * AWAY_S)
    await asyncio.sleep(AWAY_S)
    await home.says("mycroft.stop")
    for _ in range(300):
        await home.says("recognizer_loop:utterance", {"utterances": ["hi"]})
    await until(lambda: home.peer.texts() == [AWAY, AWAY], "the second sign")
    await asyncio.sleep(AWAY_S)
    assert home.peer.texts() == [AWAY, AWAY]


async def test_a_hub_that_is_away_is_one_line_and_fewer_attempts(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    home.hub.refusal = HubError("no hub at ws://h:1: refused")
    home.hub.attempts.clear()
    home.hub.end()
    await asyncio.sleep(3600)
    assert caplog.text.count("refused") == 1
    assert 0.8 * 3600 / RETRY_MAX_S <= len(home.hub.attempts) <= 1.3 * 3600 / RETRY_MAX_S + 8


async def test_another_password_is_logged_with_the_command_against_it(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    home.hub.refusal = PasswordError("the hub does not have the password")
    home.hub.end()
    await asyncio.sleep(100)
    assert caplog.text.count("sudo mycroft-hive pair") == 1


# The bus is away.


async def test_requests_wait_a_moment_for_the_bus_and_are_dropped_then(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await home.settled()
    port = await home.stop_bus(caplog)
    await asyncio.sleep(1.1 * FRESH_S)
    start = asyncio.get_running_loop().time()
    for _ in range(50):
        home.hub.say("enclosure.eyes.blink")
    await until(lambda: caplog.text.count("enclosure.eyes.blink was not sent") == 50, "the requests")
    assert asyncio.get_running_loop().time() - start < FRESH_S
    async with Server(WebSocketSettings(port=port), BusSettings()):
        while "mycroft.volume.mute" not in home.peer.types():
            home.hub.say("mycroft.volume.mute")
            await asyncio.sleep(1)
        assert "enclosure.eyes.blink" not in home.peer.types()
        assert len(home.hub.attempts) == 1
