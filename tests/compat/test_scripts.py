"""The example scripts of the Mycroft and OVOS documentation, with our client, and our client with theirs."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from bus import Message, MessageBusClient
from bus.client.blocking import REQUEST_ID
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.server.listener import Server
from tests.compat.client import Peer, peer
from tests.compat.environment import MYCROFT, OVOS, OVOS_2, python_with
from tests.compat.network import Run, default_bus, line

pytestmark = pytest.mark.real_time

# Only the first line differs from the documentation, where it has `ovos_bus_client`.
SENDER = """\
from bus import MessageBusClient, Message

print('Setting up client to connect to a local mycroft instance')
client = MessageBusClient()

print('Sending speak message...')
client.emit(Message('speak', data={'utterance': 'Hello World'}))
"""

# The same. The documentation mentions the last line, which keeps the script running, but does not show it.
LISTENER = """\
from bus import MessageBusClient, Message

print('Setting up client to connect to a local ovos instance')
client = MessageBusClient()

def print_utterance(message):
    print('OVOS said "{}"'.format(message.data.get('utterance')))

print('Registering handler for speak message...')
client.on('speak', print_utterance)

client.run_forever()
"""

# Where Mycroft's documentation has the print statements of Python 2, these are functions.
MYCROFT_CONNECTION = """\
#! /usr/bin/env python

import sys
from websocket import create_connection
uri = 'ws://' + sys.argv[1] + ':8181/core'
ws = create_connection(uri)
print("Sending " + sys.argv[2] + " to " + uri + "...")
if len(sys.argv) >= 4:
    data = sys.argv[3]
else:
    data = "{}"

message = '{"type": "' + sys.argv[2] + '", "data": ' + data +'}'
result = ws.send(message)
print("Receiving...")
result =  ws.recv()
print("Received '%s'" % result)
ws.close()
"""

# OVOS' copy of it lacks two lines, and so never sends the data that it is given.
OVOS_CONNECTION = MYCROFT_CONNECTION.replace("else:\n", "").replace("ws.close()\n", "")

HEARS_SPEAK = """\
from bus import MessageBusClient

client = MessageBusClient()
client.on("connected", lambda _: print("connected"))
client.on("speak", lambda message: print(message.data))
client.run_forever()
"""

GREETING = '{"type":"connected","data":{},"context":{"session":{"session_id":"default"}}}'


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    async with default_bus() as run:
        yield run


async def test_the_speak_scripts_work_unchanged(run: Run) -> None:
    async with asyncio.timeout(30), run(sys.executable, "-u", "-c", LISTENER) as listener:
        assert await line(listener) == "Setting up client to connect to a local ovos instance"
        assert await line(listener) == "Registering handler for speak message..."
        heard = asyncio.create_task(line(listener))
        while not heard.done():  # it does not tell when it is connected
            async with run(sys.executable, "-c", SENDER) as sender:
                assert await sender.wait() == 0
        assert heard.result() == 'OVOS said "Hello World"'


@pytest.mark.parametrize(
    ("script", "data"),
    [(MYCROFT_CONNECTION, "{'utterance': 'hello'}"), (OVOS_CONNECTION, "{}")],
    ids=["mycroft", "ovos"],
)
async def test_the_connection_scripts_work_unchanged(run: Run, script: str, data: str) -> None:
    python = await asyncio.to_thread(python_with, OVOS[1])
    async with (
        asyncio.timeout(30),
        run(sys.executable, "-u", "-c", HEARS_SPEAK) as listener,
    ):
        assert await line(listener) == "connected"
        async with run(python, "-u", "-c", script, "127.0.0.1", "speak", '{"utterance": "hello"}') as process:
            assert await line(process) == "Sending speak to ws://127.0.0.1:8181/core..."
            assert await line(process) == "Receiving..."
            assert await line(process) == f"Received '{GREETING}'"
            assert await process.wait() == 0
        assert await line(listener) == data


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


@pytest.fixture
async def client(bus: Server) -> AsyncIterator[MessageBusClient]:
    client = MessageBusClient(port=int(bus.url.split(":")[2].split("/")[0]))
    yield client
    await asyncio.to_thread(client.close)


@pytest.fixture(params=[OVOS, OVOS_2, MYCROFT], ids=["ovos", "ovos 2", "mycroft"])
async def service(bus: Server, request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    """A program with their client."""
    async with peer(request.param, bus.url) as service:
        yield service


async def obeyed(service: Peer) -> None:
    """Returns when the commands until now have been carried out."""
    await service.emit("obeyed")
    await service.hears("obeyed")


async def test_replies_of_other_libraries_are_matched(client: MessageBusClient, service: Peer) -> None:
    await service.command(answer="ask", data={"n": 42})
    await obeyed(service)
    foreign = Message("ask.response", {"n": 0}, {REQUEST_ID: "another client's"})
    client.on("ask", lambda request: client.emit(foreign))
    for _ in range(2):
        reply = await asyncio.to_thread(client.wait_for_response, Message("ask"))
        assert reply is not None
        assert reply.data == {"n": 42}


async def test_handlers_of_other_libraries_answer_our_query(client: MessageBusClient, service: Peer) -> None:
    await service.command(collect="query", data={"n": 42})
    await obeyed(service)
    [answer] = await asyncio.to_thread(client.collect_responses, Message("query"), 10, 10, lambda _: True)
    assert (answer.data["n"], answer.data["succeeded"]) == (42, True)


async def test_our_handlers_answer_queries_of_other_libraries(client: MessageBusClient, service: Peer) -> None:
    client.on_collect("query", lambda query: client.emit(query.success({"n": 42})))
    await asyncio.to_thread(client.emit, Message("there"))
    async with asyncio.timeout(15):
        while not service.answers:  # it waits 0.2 s for a promise, too short on a busy machine
            await service.command(query="query")
            await obeyed(service)
    [answer] = service.answers
    assert (answer["n"], answer["succeeded"]) == (42, True)
