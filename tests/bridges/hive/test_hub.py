"""The connection to what is no hub, or no longer one, in virtual time."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bridges.hive.config import Hub
from bridges.hive.errors import HubError
from bridges.hive.hub import Greeting, Identity, connect

SECRET = "access-key-1"  # noqa: S105
HELLO = {"msg_type": "hello", "payload": {"pubkey": "x", "peer": "mycroft-hive::7::kitchen::me", "node_id": "hub"}}
OFFER = {
    "msg_type": "shake",
    "payload": {"noise": {"patterns": ["KKpsk0", "XXpsk2"], "suites": ["25519_ChaChaPoly_SHA256"]}},
}
OLD = {"msg_type": "shake", "payload": {"handshake": True, "max_protocol_version": 1}}


@contextlib.asynccontextmanager
async def server(frames: Sequence[object]) -> AsyncIterator[Hub]:
    """A server that sends these to each client, and nothing more."""

    async def talk(client: ServerConnection) -> None:
        for frame in frames:
            await client.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
        await client.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as running:
        yield Hub(f"ws://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}")


async def error(frames: Sequence[object]) -> str:
    """Why there is no connection to such a server."""
    async with server(frames) as hub:
        with pytest.raises(HubError) as caught:
            async with connect(hub, SECRET, None) as connection:
                await connection.shake_hands(bytes(32), bytes(32), None, Identity("me", None))
        return str(caught.value)


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "the hub does not say hello"),
        ([HELLO], "the hub does not say hello"),
        (["hello"], "does not speak as hivemind-core 5 does"),
        ([b"\xff\x00"], "does not speak as hivemind-core 5 does"),
        ([OFFER], "a shake in place of a hello"),
        ([HELLO, HELLO], "a hello in place of a shake"),
        ([{**HELLO, "payload": []}], "not an object"),
        ([HELLO, OLD], "older than hivemind-core 5"),
        ([HELLO, {**OFFER, "payload": {"noise": {"patterns": 1, "suites": 1}}}], "older than hivemind-core 5"),
        ([{**HELLO, "payload": {"peer": 1, "node_id": "x"}}, OFFER], "older than hivemind-core 5"),
        (["x" * 70_000], "the hub sent an invalid frame"),
        (["[" * 60_000], "does not speak as hivemind-core 5 does"),
        ([HELLO, OFFER], "the hub does not answer the handshake"),
        ([HELLO, OFFER, {"msg_type": "shake", "payload": {}}], "answered the handshake with something else"),
        ([HELLO, OFFER, {"msg_type": "shake", "payload": {"noise": {"msg": "zz"}}}], "with something else"),
        ([HELLO, OFFER, {"msg_type": "shake", "payload": {"noise": {"msg": 1}}}], "with something else"),
        ([HELLO, OFFER, {"msg_type": "shake", "payload": {"noise": {"msg": "00" * 96}}}], "an invalid key"),
        ([HELLO, OFFER, {"msg_type": "shake", "payload": {"noise": {"msg": "01" * 96}}}], "does not verify"),
    ],
)
async def test_a_server_that_is_no_hub_is_one_line(frames: Sequence[object], reason: str) -> None:
    found = await error(frames)
    assert reason in found
    assert "\n" not in found
    assert SECRET not in found


async def test_the_error_without_a_server_hides_the_access_key() -> None:
    with pytest.raises(HubError, match=r"no hub at ws://127\.0\.0\.1:1/: ") as caught:
        async with connect(Hub("ws://127.0.0.1:1"), SECRET, None):
            pass
    assert "authorization" not in str(caught.value)


async def test_the_error_with_another_server_hides_the_access_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno\nhub \x1b ")
        writer.close()

    running = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with running:
        hub = Hub(f"ws://127.0.0.1:{running.sockets[0].getsockname()[1]}")
        with pytest.raises(HubError, match=r"it answers HTTP/1\.1 404 Not Found: no hub") as caught:
            async with connect(hub, SECRET, None):
                pass
    assert "\x1b" not in str(caught.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("peer", "number"),
    [("mycroft-hive::7::kitchen::me", "7"), ("", "ID"), ("a::$(reboot)::b", "ID"), ("a::٣", "ID"), ("a::", "ID")],
)
def test_the_number_of_the_client_is_a_number(peer: str, number: str) -> None:
    assert Greeting("hub", peer, b"").client_id == number
