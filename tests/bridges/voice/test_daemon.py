"""The bridge between a real bus and satellites that the test plays, in virtual time."""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bridges.voice.assistant import ENCLOSURE
from bridges.voice.config import LocalAddress, Wyoming
from bridges.voice.daemon import bridge
from bridges.voice.services import EVENTS_BURST, LINES_BURST, MAX_UNSENT, RETRY_S
from bridges.voice.wyoming import Parser, WyomingEvent, encode
from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.errors import ListenError
from bus.message import Message
from bus.server.listener import Server
from tests.bridges.voice.rig import CAPTURED
from tests.conftest import until

LVA = (CAPTURED / "linux-voice-assistant-1.1.15.jsonl").read_text().splitlines()
WYOMING = (CAPTURED / "wyoming-satellite-1.4.1.events").read_bytes()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Peer:
    """Another program on the bus."""

    def __init__(self, url: str) -> None:
        self.client = BusClient(url)
        self.received: list[Message] = []

    async def receive(self, message: Message) -> None:
        self.received.append(message)

    async def send(self, msg_type: str, source: str = ENCLOSURE, **data: Any) -> None:
        await self.client.emit(Message(msg_type, data, {"source": source}))

    async def ask(self) -> bool | None:
        """Whether the microphone is muted, as the bridge answers; also a barrier."""
        answer = "mycroft.mic.get_status.response"
        before = self.count(answer)
        await self.send("mycroft.mic.get_status", source="barrier")
        await until(lambda: self.count(answer) > before, "the answer")
        last = [message.data["muted"] for message in self.received if message.msg_type == answer][-1]
        return bool(last)

    def types(self) -> list[str]:
        return [message.msg_type for message in self.received]

    def count(self, msg_type: str) -> int:
        return self.types().count(msg_type)

    async def saw(self, msg_type: str, count: int = 1) -> None:
        await until(lambda: self.count(msg_type) >= count, msg_type, 60)


@contextlib.asynccontextmanager
async def running(satellite: LocalAddress | Wyoming) -> AsyncIterator[Peer]:
    """A bus, a peer on it, and the bridge to a satellite."""
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        peer = Peer(server.url)
        tasks = [asyncio.create_task(peer.client.run(peer.receive))]
        await until(lambda: "connected" in peer.types(), "the peer")
        tasks.append(asyncio.create_task(bridge(server.url, satellite)))
        yield peer
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.wait(tasks)


# linux-voice-assistant.


class Api:
    """The peripheral API, as the bridge sees it."""

    def __init__(self) -> None:
        self.address = LocalAddress("127.0.0.1", free_port())
        self.commands: list[dict[str, Any]] = []
        self.connection: ServerConnection | None = None
        self.connections = 0

    def serving(self) -> serve:
        return serve(self._serve, *self.address)

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        self.connection = connection
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                self.commands.append(json.loads(text))

    async def send(self, text: str | bytes) -> None:
        assert self.connection is not None
        await self.connection.send(text)

    def asked(self) -> list[str]:
        return [command["command"] for command in self.commands]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    api = Api()
    async with api.serving():
        yield api


async def test_the_captured_conversation_reaches_the_bus_and_presses_reach_the_satellite(api: Api) -> None:
    async with running(api.address) as peer:
        await until(lambda: api.asked() == ["register_light"], "the light")
        for text in LVA[:9]:
            await api.send(text)
        await peer.saw("recognizer_loop:audio_output_end")
        assert "speak" not in peer.types()
        assert "recognizer_loop:utterance" not in peer.types()
        await peer.send("mycroft.mic.listen")
        await until(lambda: api.asked()[1:] == ["start_listening"], "the press")
        await peer.send("mycroft.mic.mute.toggle")
        await until(lambda: api.asked()[2:] == ["mute_mic"], "the mute")
        assert not await peer.ask()
        await api.send('{"event": "muted", "data": {"muted": true}}')
        await until(lambda: peer.received[-1].data == {"muted": True}, "the mute as the satellite reports it")


async def test_the_bridge_connects_within_a_second_of_the_start_of_the_satellite() -> None:
    api = Api()
    clock = asyncio.get_running_loop().time
    async with running(api.address):
        await asyncio.sleep(300)
        started = clock()
        async with api.serving():
            await until(lambda: api.asked() == ["register_light"], "the light")
            assert clock() - started < 2


async def test_an_absent_satellite_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async with running(LocalAddress("127.0.0.1", free_port())):
        await asyncio.sleep(300)
    assert caplog.text.count("no satellite at ws://127.0.0.1:") == 1


async def test_a_satellite_that_restarts_is_greeted_again_and_its_conversation_ends(api: Api) -> None:
    async with running(api.address) as peer:
        await until(lambda: api.connection is not None, "the connection")
        for text in LVA[:3]:
            await api.send(text)
        await peer.saw("recognizer_loop:record_begin")
        assert api.connection is not None
        await api.connection.close()
        await peer.saw("recognizer_loop:record_end")
        await until(lambda: api.asked() == ["register_light"] * 2, "the light again")


@pytest.mark.parametrize("text", ["[", "x" * 100_000, b"\xff\xfe", '{"event": ' + "[" * 50_000])
async def test_a_text_that_is_no_event_ends_the_connection_and_not_the_bridge(
    api: Api, text: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(api.address):
        await until(lambda: api.connection is not None, "the connection")
        await api.send(text)
        await until(lambda: api.connections == 2, "another connection")
    assert "Traceback" not in caplog.text


async def test_events_that_come_too_fast_are_read_more_slowly_and_none_is_lost(api: Api) -> None:
    async with running(api.address) as peer:
        await until(lambda: api.connection is not None, "the connection")
        clock = asyncio.get_running_loop().time
        began = clock()
        for number in range(200):
            await api.send('{"event": "muted", "data": {"muted": %s}}' % ("true" if number % 2 else "false"))
        await peer.saw("mycroft.mic.get_status.response", 200)
        assert clock() - began > 5


# wyoming-satellite.


class Connection:
    """One end of a connection of Wyoming."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.received: list[WyomingEvent] = []
        self.closed = False
        self.writer = writer
        self._reading = asyncio.create_task(self._read(reader))

    @classmethod
    async def to(cls, address: LocalAddress) -> "Connection":
        return cls(*await asyncio.open_connection(*address))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        parser = Parser()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self.received += parser.feed(data)
        self.closed = True

    def send(self, type_: str, payload: bytes = b"", **data: Any) -> None:
        self.writer.write(encode(WyomingEvent(type_, data, payload)))

    def count(self, type_: str) -> int:
        return sum(event.type == type_ for event in self.received)

    async def saw(self, type_: str, count: int = 1) -> None:
        await until(lambda: self.count(type_) >= count, f"{type_}; there is {self.received}")

    def close(self) -> None:
        self.writer.close()
        self._reading.cancel()


class WakeService:
    """The wake word service behind the proxy."""

    def __init__(self, addresses: Wyoming) -> None:
        assert addresses.wake_service is not None
        self.address = addresses.wake_service
        self.connections: list[Connection] = []

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(
            lambda reader, writer: self.connections.append(Connection(reader, writer)), *self.address
        )


@pytest.fixture
async def addresses() -> Wyoming:
    return Wyoming(*(LocalAddress("127.0.0.1", free_port()) for _ in range(3)))


async def connect(address: LocalAddress | None) -> Connection:
    assert address is not None
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            return await Connection.to(address)
        await asyncio.sleep(0.01)


async def test_a_captured_stream_reaches_the_bus(addresses: Wyoming) -> None:
    async with running(addresses) as peer:
        events = await connect(addresses.events)
        for byte in WYOMING[:1500]:
            events.writer.write(bytes([byte]))
        await peer.saw("recognizer_loop:audio_output_start")
        assert peer.count("mycroft.ready") == 1
        assert not {"speak", "recognizer_loop:utterance"}.intersection(peer.types())
        events.close()
        await peer.saw("recognizer_loop:audio_output_end")


async def test_a_press_is_a_wake_word_and_a_mute_holds_the_sound_back(addresses: Wyoming) -> None:
    service = WakeService(addresses)
    async with await service.start(), running(addresses) as peer:
        events, wake = await connect(addresses.events), await connect(addresses.wake)
        events.send("satellite-connected")
        await peer.saw("mycroft.ready")
        wake.send("detect", names=["ok_nabu"])
        wake.send("audio-start", rate=16000, width=2, channels=1)
        await until(lambda: len(service.connections) == 1, "the wake word service")
        [behind] = service.connections
        wake.send("audio-chunk", b"\0" * 2048, rate=16000, width=2, channels=1)
        await behind.saw("audio-chunk")
        assert [event.type for event in behind.received] == ["detect", "audio-start", "audio-chunk"]
        behind.send("detection", name="ok_nabu", timestamp=1)
        await wake.saw("detection")
        await peer.send("mycroft.mic.listen")
        await wake.saw("detection", 2)
        assert wake.received[-1].data == {"name": None, "timestamp": None}

        await peer.send("mycroft.mic.mute", source="skill")
        assert await peer.ask()
        wake.send("audio-chunk", b"\1" * 2048, rate=16000, width=2, channels=1)
        wake.send("describe")
        await behind.saw("describe")
        assert behind.count("audio-chunk") == 1
        behind.send("detection", name="ok_nabu", timestamp=2)
        behind.send("info", wake=[])
        await wake.saw("info")
        await peer.send("mycroft.mic.listen")
        await peer.send("mycroft.mic.unmute", source="skill")
        assert not await peer.ask()
        assert wake.count("detection") == 2
        wake.send("audio-chunk", b"\0" * 2048, rate=16000, width=2, channels=1)
        await behind.saw("audio-chunk", 2)
        for connection in (events, wake, behind):
            connection.close()


async def test_a_wake_word_service_that_starts_later_receives_the_wake_words(addresses: Wyoming) -> None:
    service = WakeService(addresses)
    async with running(addresses):
        wake = await connect(addresses.wake)
        wake.send("detect", names=["ok_nabu"])
        wake.send("audio-start", rate=16000, width=2, channels=1)
        wake.send("describe")
        await wake.saw("info")
        for _ in range(2):
            async with await service.start():
                await until(lambda: bool(service.connections), "the connection", 3 * RETRY_S)
                behind = service.connections.pop()
                await behind.saw("audio-start")
                assert [event.type for event in behind.received] == ["detect", "audio-start"]
                behind.close()
        assert not wake.closed
        wake.close()


async def test_a_service_that_does_not_read_delays_neither_the_satellite_nor_a_press(addresses: Wyoming) -> None:
    stuck: list[asyncio.StreamWriter] = []

    def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        stuck.append(writer)

    assert addresses.wake_service is not None
    async with await asyncio.start_server(accept, *addresses.wake_service):
        async with running(addresses) as peer:
            events, wake = await connect(addresses.events), await connect(addresses.wake)
            events.send("satellite-connected")
            await peer.saw("mycroft.ready")
            for _ in range(30 * MAX_UNSENT // 8192):
                wake.send("audio-chunk", b"\0" * 8192, rate=16000, width=2, channels=1)
                await wake.writer.drain()
            await peer.send("mycroft.mic.listen")
            await wake.saw("detection")
            for connection in (events, wake):
                connection.close()
        for writer in stuck:
            writer.transport.abort()


async def test_a_satellite_that_connects_again_takes_the_place_of_the_old_connection(addresses: Wyoming) -> None:
    async with running(addresses) as peer:
        first = await connect(addresses.events)
        first.send("satellite-connected")
        first.send("streaming-started")
        await peer.saw("recognizer_loop:record_begin")
        second = await connect(addresses.events)
        await until(lambda: first.closed, "the end of the first")
        await peer.saw("recognizer_loop:record_end")
        second.send("streaming-started")
        await peer.saw("recognizer_loop:record_begin", 2)
        first.close()
        second.close()


async def test_many_connections_at_once_leave_one_open_and_few_lines(
    addresses: Wyoming, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(addresses) as peer:
        connections = [await connect(addresses.events) for _ in range(200)]
        connections[-1].send("satellite-connected")
        await peer.saw("mycroft.ready")
        await until(lambda: all(connection.closed for connection in connections[:-1]), "the end of the others")
        assert not connections[-1].closed
        for connection in connections:
            connection.close()
    assert len(caplog.records) < 2 * LINES_BURST


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100_000, b'{"type":"x","data":' + b"[" * 9999])
async def test_what_is_no_event_ends_the_connection_and_not_the_bridge(
    addresses: Wyoming, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(addresses) as peer:
        for address in (addresses.events, addresses.wake):
            connection = await connect(address)
            connection.writer.write(raw + b"\n")
            await until(lambda c=connection: c.closed, "the end")  # type: ignore[misc]
            connection.close()
        events = await connect(addresses.events)
        events.send("satellite-connected")
        await peer.saw("mycroft.ready")
        events.close()
    assert "Traceback" not in caplog.text


async def test_a_flood_of_events_is_read_slowly(addresses: Wyoming) -> None:
    async with running(addresses) as peer:
        events = await connect(addresses.events)
        for _ in range(5 * EVENTS_BURST):
            events.send("pause-satellite")
            events.send("run-satellite")
        clock = asyncio.get_running_loop().time
        began = clock()
        await peer.saw("mycroft.mic.get_status.response", 10 * EVENTS_BURST)
        assert clock() - began > 10
        events.close()


async def test_without_a_proxy_a_press_fails_with_the_reason(addresses: Wyoming) -> None:
    async with running(Wyoming(addresses.events, None, None)) as peer:
        events = await connect(addresses.events)
        events.send("satellite-connected")
        await peer.saw("mycroft.ready")
        await peer.send("mycroft.mic.listen")
        await peer.saw("mycroft.mic.listen.failed")
        events.close()


async def test_a_press_without_a_satellite_at_the_proxy_is_a_line(
    addresses: Wyoming, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(addresses) as peer:
        events = await connect(addresses.events)
        events.send("satellite-connected")
        await peer.saw("mycroft.ready")
        caplog.set_level(logging.WARNING)
        await peer.send("mycroft.mic.listen")
        await peer.ask()
        assert "no satellite is at voice.wake_uri" in caplog.text
        events.close()


async def test_a_port_that_is_taken_is_an_error_that_names_it(addresses: Wyoming) -> None:
    async with await asyncio.start_server(lambda *_: None, *addresses.events):
        with pytest.raises(ListenError, match=f"event service: cannot listen at {addresses.events}"):
            await bridge("ws://127.0.0.1:1/core", addresses)


async def test_all_states_are_reported_to_a_bus_that_restarts(api: Api) -> None:
    port = free_port()
    settings = WebSocketSettings(port=port)
    async with Server(settings, BusSettings()) as first:
        running_ = asyncio.create_task(bridge(first.url, api.address))
        await until(lambda: api.connection is not None, "the connection")
        for text in LVA[:3]:
            await api.send(text)
    async with Server(settings, BusSettings()) as server:
        peer = Peer(server.url)
        receiving = asyncio.create_task(peer.client.run(peer.receive))
        await peer.saw("recognizer_loop:record_begin")
        for task in (running_, receiving):
            task.cancel()
        await asyncio.wait((running_, receiving))
