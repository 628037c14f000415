import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Self

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bus.client.client import BusClient
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


async def test_messages_come_and_go(bus: Server) -> None:
    async with Program(bus.url) as ann, Program(bus.url) as bob:
        await ann.client.emit(Message("x", {"a": 1}, {"source": "ann"}))
        heard = Message("x", {"a": 1}, {"source": "ann", "session": {"session_id": "default"}})
        assert await bob.hears("x") == await ann.hears("x") == heard


async def test_with_patterns_only_those_come_also_after_a_restart(bus: Server) -> None:
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


async def test_a_handler_may_emit_while_the_bus_restarts(bus: Server) -> None:
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


async def test_what_may_be_lost_with_the_bus_is_told_and_not_sent_again(caplog: pytest.LogCaptureFixture) -> None:
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


async def test_what_was_not_written_yet_is_sent_again(caplog: pytest.LogCaptureFixture) -> None:
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
    assert "the bus closed the connection" in caplog.text
    assert "may not have arrived" not in caplog.text


@pytest.mark.parametrize("patterns", [None, ["x"]])
async def test_what_has_arrived_is_not_said_to_be_lost(
    bus: Server, caplog: pytest.LogCaptureFixture, patterns: list[str] | None
) -> None:
    async with Program(bus.url) as program:
        if patterns:  # then it does not hear what has become of the rest
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


async def test_what_a_handler_raises_ends_the_client(bus: Server) -> None:
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


async def test_a_unix_socket_is_an_address_too(tmp_path: Path) -> None:
    path = str(tmp_path / "bus.socket")
    async with Server(WebSocketSettings(port=0), BusSettings(socket=path)), Program(f"unix:{path}") as program:
        await program.client.emit(Message("x"))
        await program.hears("x")


async def test_what_another_bus_relays_is_survived() -> None:
    async def relay(connection: ServerConnection) -> None:
        for frame in ("not json", "[1]", '{"ciphertext":"0","tag":"0","nonce":"0"}', '{"type":"connected"}'):
            await connection.send(frame)
        await connection.wait_closed()

    async with serve(relay, "127.0.0.1", 0) as other:
        port = next(iter(other.sockets)).getsockname()[1]
        async with Program(f"ws://127.0.0.1:{port}/core"):
            pass
