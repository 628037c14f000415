"""The client libraries of the field on our bus."""

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.server.listener import Server
from tests.compat.client import Peer, default_peer, peer
from tests.compat.environment import MYCROFT, OVOS, OVOS_2
from tests.compat.network import default_bus
from tests.conftest import until

# The first time, the libraries are installed.
pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


@pytest.fixture
async def peers(bus: Server) -> AsyncIterator[list[Peer]]:
    async with peer(OVOS, bus.url) as ovos, peer(OVOS_2, bus.url) as ovos_2, peer(MYCROFT, bus.url) as mycroft:
        yield [ovos, ovos_2, mycroft]


async def test_each_library_receives_its_own_messages_and_those_of_others(peers: list[Peer]) -> None:
    for sender in peers:
        await sender.emit("speak", {"utterance": "grüße"})
        for listener in peers:
            assert (await listener.hears("speak"))["data"] == {"utterance": "grüße"}


@pytest.mark.parametrize("library", [OVOS, OVOS_2, MYCROFT], ids=["ovos", "ovos 2", "mycroft"])
async def test_a_peer_reports_messages_in_the_order_of_the_bus(bus: Server, library: tuple[str, str]) -> None:
    types = [f"test.{number}" for number in range(500)]
    async with peer(library, bus.url) as listener, connect(bus.url, max_queue=None) as raw:

        def heard() -> list[str]:
            """Without what the libraries say by themselves."""
            return [message["type"] for message in listener.heard if message["type"] in types]

        for msg_type in types:
            await raw.send(json.dumps({"type": msg_type}))
        await until(lambda: len(heard()) == len(types), "all of them")
        assert heard() == types


async def test_renamed_types_of_ovos_2_reach_other_libraries_under_the_old_name(peers: list[Peer]) -> None:
    ovos, ovos_2, mycroft = peers
    await ovos_2.emit("ovos.utterance.speak", {"utterance": "hello"})
    for listener in (ovos, mycroft):
        twin = await listener.hears("speak")
        assert twin["data"] == {"utterance": "hello"}
        assert twin["context"]["_namespace_compat_twin"] is True
    await ovos_2.hears("ovos.utterance.speak")
    await ovos_2.emit("after")
    await ovos_2.hears("after")
    assert ovos_2.heard == []  # it passes over the twin


@pytest.mark.parametrize("library", [OVOS, OVOS_2, MYCROFT], ids=["ovos", "ovos 2", "mycroft"])
async def test_a_library_connects_at_its_default_address(library: tuple[str, str]) -> None:
    async with default_bus() as run, default_peer(library, run) as client:
        await client.emit("speak", {"utterance": "hello"})
        assert (await client.hears("speak"))["data"] == {"utterance": "hello"}


async def answer_to(asker: Peer, question: str) -> dict[str, Any]:
    """What the library's wait_for_response() returns."""
    await asker.command(ask=question, context={"source": "asker", "destination": "answerer"})
    await until(lambda: bool(asker.answers), f"an answer to {question}")
    return asker.answers.pop()


async def test_each_library_gets_answers_of_each_other(peers: list[Peer]) -> None:
    for number, (asker, answerer) in enumerate(itertools.permutations(peers, 2)):
        question = f"test.question{number}"
        await answerer.command(answer=question, data={"number": number})
        await answerer.emit(f"{question}.ready")
        await asker.hears(f"{question}.ready")
        assert await answer_to(asker, question) == {"number": number}
        context = (await asker.hears(f"{question}.response"))["context"]
        assert (context["source"], context["destination"]) == ("answerer", "asker")


async def raw_hears(raw: ClientConnection, msg_type: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await raw.recv())
        if message["type"] == msg_type:
            return message


async def test_each_library_answers_a_message_that_has_only_a_type(bus: Server, peers: list[Peer]) -> None:
    async with connect(bus.url) as raw:
        for number, answerer in enumerate(peers):
            question = f"test.question{number}"
            await answerer.command(answer=question, data={"number": number})
            await answerer.emit(f"{question}.ready")
            await raw_hears(raw, f"{question}.ready")
            await raw.send(json.dumps({"type": question}))
            assert (await raw_hears(raw, f"{question}.response"))["data"] == {"number": number}


async def test_libraries_reconnect_after_a_restart(bus: Server, peers: list[Peer]) -> None:
    port = int(bus.url.split(":")[2].split("/")[0])
    await bus.__aexit__()
    async with Server(WebSocketSettings(port=port), BusSettings()):
        for listener in peers:
            await listener.hears("connected")  # the libraries wait for 5 s
        for sender in peers:
            await sender.emit("speak", {"utterance": "here again"})
            for listener in peers:
                assert (await listener.hears("speak"))["data"] == {"utterance": "here again"}


@pytest.mark.parametrize(
    "frame",
    [
        *("not json", "[1]", '{"type":"x","data":[1]}', '{"type":"x","context":{"session":5}}'),
        *('{"type":"x","context":{"session":{"lang":5}}}', '{"type":"x","context":{"session":{"context":null}}}'),
        '{"type":"x","context":{"session":{"session_id":[1]}}}',
        *('{"type":"x","data":{"a":NaN}}', '{"type":"x","data":{"a":' + "[" * 990 + "]" * 990 + "}}"),
        b"\x00",
    ],
)
async def test_an_invalid_frame_disconnects_no_library(bus: Server, peers: list[Peer], frame: str | bytes) -> None:
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
