"""The client libraries of the field on our bus."""

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect

from bus.config import BusSettings, WebSocketSettings
from bus.server import Server
from tests.compat.client import Peer, peer
from tests.compat.environment import MYCROFT, OVOS


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


@pytest.fixture
async def peers(bus: Server) -> AsyncIterator[list[Peer]]:
    async with peer(OVOS, bus.url) as ovos, peer(MYCROFT, bus.url) as mycroft:
        yield [ovos, mycroft]


async def test_each_hears_itself_and_the_other(peers: list[Peer]) -> None:
    for sender in peers:
        await sender.emit("speak", {"utterance": "grüße"})
        for listener in peers:
            assert (await listener.hears("speak"))["data"] == {"utterance": "grüße"}


@pytest.mark.parametrize(
    "frame",
    [
        *("not json", "[1]", '{"type":"x","data":[1]}', '{"type":"x","context":{"session":5}}'),
        *('{"type":"x","data":{"a":NaN}}', '{"type":"x","data":{"a":' + "[" * 990 + "]" * 990 + "}}"),
        b"\x00",
    ],
)
async def test_a_bad_frame_upsets_nobody(bus: Server, peers: list[Peer], frame: str | bytes) -> None:
    async with connect(bus.url) as sender:
        await sender.recv()
        await sender.send(frame)
        assert json.loads(await sender.recv())["type"] == "bus.message.rejected"
        await sender.send('{"type":"after"}')
        assert await sender.recv() == '{"type":"after"}'
    for listener in peers:
        await listener.hears("after")
        assert not listener.lost
        assert listener.heard == []
