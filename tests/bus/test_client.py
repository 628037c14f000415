import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bus.client import BusClient
from bus.config import BusSettings, WebSocketSettings
from bus.errors import BusUnavailableError
from bus.message import Message
from bus.server import Server


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


class Program:
    """A client with an inbox, running while the context is entered."""

    def __init__(self, url: str) -> None:
        self.client = BusClient(url)
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.client.run(self.inbox.put))
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


async def test_what_a_handler_raises_ends_the_client(bus: Server) -> None:
    async def fail(_: Message) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await BusClient(bus.url).run(fail)


async def test_emit_without_a_bus_raises() -> None:
    with pytest.raises(BusUnavailableError, match="x was not sent"):
        await BusClient("ws://127.0.0.1:9/core").emit(Message("x"), timeout_s=0.01)


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
