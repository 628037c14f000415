import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Self, cast

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bus.client import backoff, inbox
from bus.client.client import BusClient
from bus.client.unconfirmed import Unconfirmed
from bus.client.websocket import WebSocket
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.errors import BusUnavailableError
from bus.message import Message
from bus.server.listener import Server


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


class Program:
    """A client with an inbox, running while the context is entered."""

    def __init__(self, url: str, patterns: Sequence[str] = ()) -> None:
        self.client = BusClient(url)
        self.patterns = patterns
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.client.run(self.inbox.put, patterns=self.patterns))
        await self.hears("connected")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])

    async def hears(self, msg_type: str) -> Message:
        async with asyncio.timeout(10):
            while (message := await self.inbox.get()).msg_type != msg_type:
                pass
        return message


async def test_messages_are_sent_and_received(bus: Server) -> None:
    async with Program(bus.url) as ann, Program(bus.url) as bob:
        await ann.client.emit(Message("x", {"a": 1}, {"source": "ann"}))
        heard = Message("x", {"a": 1}, {"source": "ann", "session": {"session_id": "default"}})
        assert await bob.hears("x") == await ann.hears("x") == heard


async def test_subscribed_patterns_hold_also_after_a_restart_of_the_bus(bus: Server) -> None:
    port = int(bus.url.split(":")[2].split("/")[0])
    async with Program(bus.url, ["a.*"]) as program:
        for _ in range(2):
            for msg_type in ("b.x", "a.x"):
                await program.client.emit(Message(msg_type))
            await program.hears("bus.subscribe.response")
            assert (await program.inbox.get()).msg_type == "a.x"
            await bus.__aexit__()
            bus = await Server(WebSocketSettings(port=port), BusSettings()).__aenter__()
            await program.hears("connected")
    await bus.__aexit__()


async def test_emit_waits_for_a_bus_that_restarts(bus: Server) -> None:
    async with Program(bus.url) as program:
        port = int(bus.url.split(":")[2].split("/")[0])
        await bus.__aexit__()
        sending = asyncio.create_task(program.client.emit(Message("x")))
        await asyncio.sleep(0.05)
        async with Server(WebSocketSettings(port=port), BusSettings()):
            await sending
            await program.hears("connected")
            await program.hears("x")


async def test_a_receiver_may_emit_while_the_bus_restarts(bus: Server) -> None:
    async def answer(message: Message) -> None:
        if message.msg_type == "x":
            await bus.__aexit__()
            await asyncio.sleep(0.05)
            await client.emit(message.response())
        else:
            heard.put_nowait(message.msg_type)

    client = BusClient(bus.url)
    heard: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(client.run(answer))
    assert await heard.get() == "connected"
    port = int(bus.url.split(":")[2].split("/")[0])
    await client.emit(Message("x"))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(5), Server(WebSocketSettings(port=port), BusSettings()):
        while await heard.get() != "x.response":
            pass
        running.cancel()
        await asyncio.wait([running])


async def test_messages_without_an_echo_are_named_and_not_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    async def talk(connection: ServerConnection) -> None:
        await connection.send('{"type":"connected"}')
        async for frame in connection:
            heard.append(json.loads(frame)["type"])
            if heard[-1] == "relayed":
                await connection.send(frame)
            elif heard[-1] == "last":
                return

    async with serve(talk, "127.0.0.1", 0) as other:
        port = next(iter(other.sockets)).getsockname()[1]
        async with Program(f"ws://127.0.0.1:{port}/core") as program:
            for msg_type in ("refused", "relayed", "lost", "bus.status", "lost", "last"):
                await program.client.emit(Message(msg_type))
            await program.hears("connected")
            await program.client.emit(Message("relayed"))
            await program.hears("relayed")
    assert heard == ["refused", "relayed", "lost", "bus.status", "lost", "last", "relayed"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["the bus closed the connection (1000); these may not have arrived: 2 lost, 1 last"]


async def test_a_message_that_was_not_written_yet_is_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    connections = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            connection.transport.pause_reading()
        await connection.send('{"type":"connected"}')
        if connections == 1:
            await asyncio.sleep(0.2)
            connection.transport.abort()
        else:
            await connection.send(await connection.recv())

    async with serve(talk, "127.0.0.1", 0, max_size=None) as other:
        port = next(iter(other.sockets)).getsockname()[1]
        async with Program(f"ws://127.0.0.1:{port}/core") as program:
            await program.client.emit(Message("large", {"filler": "-" * 20_000_000}))
            await program.hears("large")
    assert connections == 2
    assert "the connection to the bus broke" in caplog.text
    assert "may not have arrived" not in caplog.text


@pytest.mark.parametrize("patterns", [None, ["x"]])
async def test_a_message_that_has_arrived_is_not_reported_as_lost(
    bus: Server, caplog: pytest.LogCaptureFixture, patterns: list[str] | None
) -> None:
    async with Program(bus.url) as program:
        if patterns:  # then it does not receive the echo of the others
            await program.client.emit(Message("bus.subscribe", {"patterns": patterns}))
        for msg_type in ("y", "bus.status", "x"):
            await program.client.emit(Message(msg_type))
        await program.hears("x")
        if patterns:
            await program.client.emit(Message("y"))
        await bus.__aexit__()
        async with asyncio.timeout(10):
            while "closed the connection (1001)" not in caplog.text:
                await asyncio.sleep(0.01)
    assert "may not have arrived" not in caplog.text


async def test_an_error_of_the_receiver_ends_the_client(bus: Server) -> None:
    async def fail(_: Message) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await BusClient(bus.url).run(fail)


async def test_emit_without_a_bus_raises() -> None:
    with pytest.raises(BusUnavailableError, match="x was not sent"):
        await BusClient("ws://127.0.0.1:9/core").emit(Message("x"), timeout_s=0.01)


async def test_reconnecting_to_a_bus_that_stays_away_becomes_rare_and_never_ends() -> None:
    attempts_at: list[float] = []
    loop = asyncio.get_running_loop()

    def observe(event: str, *_: object) -> None:
        if event == "reconnecting":
            attempts_at.append(loop.time())

    client = BusClient("ws://127.0.0.1:9/core")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(600):
            await client.run(lambda _: asyncio.sleep(0), observe)
    pauses_s = [later - before for before, later in pairwise(attempts_at)]
    assert pauses_s[0] < 1, "a bus that restarts is back at once"
    assert all(3 < pause_s < 10 for pause_s in pauses_s[10:])
    assert attempts_at[-1] > 590


async def test_a_unix_socket_is_an_address(tmp_path: Path) -> None:
    path = str(tmp_path / "bus.socket")
    async with Server(WebSocketSettings(port=0), BusSettings(socket=path)), Program(f"unix:{path}") as program:
        await program.client.emit(Message("x"))
        await program.hears("x")


async def test_invalid_frames_of_another_bus_are_ignored() -> None:
    async def relay(connection: ServerConnection) -> None:
        for frame in ("not json", "[1]", '{"ciphertext":"0","tag":"0","nonce":"0"}', '{"type":"connected"}'):
            await connection.send(frame)
        await connection.wait_closed()

    async with serve(relay, "127.0.0.1", 0) as other:
        port = next(iter(other.sockets)).getsockname()[1]
        async with Program(f"ws://127.0.0.1:{port}/core"):
            pass


async def test_a_full_inbox_does_not_hide_the_end_of_the_connection() -> None:
    handled: asyncio.Queue[str] = asyncio.Queue()
    closed, busy = asyncio.Event(), asyncio.Event()
    connections = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            for _ in range(2 * inbox.MAX_MESSAGES):
                await connection.send('{"type":"question"}')
            await busy.wait()
            connection.transport.abort()
            closed.set()
        else:
            await connection.send('{"type":"again"}')
            await connection.wait_closed()

    async def answer(message: Message) -> None:
        busy.set()
        await closed.wait()
        with contextlib.suppress(BusUnavailableError):
            await client.emit(message.response())
        handled.put_nowait(message.msg_type)

    async with serve(talk, "127.0.0.1", 0) as other:
        port = next(iter(other.sockets)).getsockname()[1]
        client = BusClient(f"ws://127.0.0.1:{port}/core")
        running = asyncio.create_task(client.run(answer))
        async with asyncio.timeout(1):
            while await handled.get() != "again":
                pass
        running.cancel()
        await asyncio.wait([running])
    assert connections == 2


async def test_answers_to_a_connection_that_has_ended_do_not_wait_for_another_bus(bus: Server) -> None:
    handled: list[str] = []
    gone = asyncio.Event()

    async def answer(message: Message) -> None:
        if message.msg_type == "x":
            await gone.wait()
            with contextlib.suppress(BusUnavailableError):
                await client.emit(message.response())  # the first one waits: the bus may come back
            handled.append("x")

    client = BusClient(bus.url)
    running = asyncio.create_task(client.run(answer))
    async with Program(bus.url) as flood:
        for _ in range(100):
            await flood.client.emit(Message("x"))
        for _ in range(100):
            await flood.hears("x")
        await bus.__aexit__()
        gone.set()
    async with asyncio.timeout(15):
        while len(handled) < 100:
            await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.wait([running])


async def test_an_inbox_is_bounded_in_size_too() -> None:
    waiting = inbox.Inbox()
    socket = cast(WebSocket, None)

    def is_open() -> bool:
        return True

    for _ in range(2):
        await waiting.put(inbox.QueuedMessage(Message("large"), inbox.MAX_SIZE // 2, socket), is_open)
    putting = asyncio.create_task(waiting.put(inbox.QueuedMessage(Message("next"), 10, socket), is_open))
    await asyncio.sleep(1)
    assert not putting.done()
    assert (await waiting.get()).message.msg_type == "large"
    await putting


async def test_a_bus_that_accepts_and_closes_is_not_hammered_and_fills_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    accepted: list[float] = []
    loop = asyncio.get_running_loop()
    recovered = asyncio.Event()

    async def talk(connection: ServerConnection) -> None:
        accepted.append(loop.time())
        if recovered.is_set():
            await connection.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as other:
        port = next(iter(other.sockets)).getsockname()[1]
        running = asyncio.create_task(BusClient(f"ws://127.0.0.1:{port}/core").run(asyncio.Queue[Message]().put))
        await asyncio.sleep(60)
        assert len(accepted) < 22  # the first five within 3 s, then one every 4 to 6 s
        closed = [message for message in caplog.messages if "the bus closed the connection" in message]
        connected = [message for message in caplog.messages if message.startswith("connected to")]
        assert (len(closed), len(connected)) == (2, 2)
        recovered.set()
        await asyncio.sleep(5 * backoff.RETRY_MAX_S)
        assert "is stable" in caplog.messages[-1]
        running.cancel()
        await asyncio.wait([running])


def test_an_outage_is_logged_at_its_beginning_and_its_end() -> None:
    outage = backoff.Backoff()
    assert outage.connected()
    assert outage.failed(connected=True) == (backoff.RETRY_FIRST_S, True)
    attempts = [outage.failed(connected=False) for _ in range(10)]
    assert attempts[-1] == (backoff.RETRY_MAX_S, False)
    assert not any(log for _, log in attempts)
    assert outage.connected()
    assert not outage.stable()  # its beginning was logged
    assert outage.failed(connected=True) == (backoff.RETRY_FIRST_S, True)


def test_a_flapping_bus_is_logged_once_until_it_is_stable() -> None:
    outage = backoff.Backoff()
    assert [outage.failed(connected=True)[1] for _ in range(4)] == [True, True, False, False]
    assert not outage.connected()
    assert outage.stable()  # its beginning was not logged
    assert outage.connected()


def test_unconfirmed_messages_are_those_without_an_echo() -> None:
    account = Unconfirmed()
    types = ("a", "b", "c", "bus.status", "wifi.connect")
    frames = {msg_type: Message(msg_type).serialize() for msg_type in types}
    account.connected(())
    for msg_type, frame in frames.items():
        account.sent(frame, msg_type)
    account.not_sent(frames["c"], "c")
    account.received(frames["a"], Message("a"))
    assert account.disconnected() == "; these may not have arrived: 1 b"
    assert account.disconnected() == ""
    account.connected(["a"])
    for msg_type, frame in frames.items():
        account.sent(frame, msg_type)
    assert account.disconnected() == "; these may not have arrived: 1 a"
