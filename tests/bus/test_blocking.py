import asyncio
import contextlib
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from queue import Queue
from typing import Any

import pytest
from pyee import EventEmitter
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import CloseCode

from bus import Message, MessageBusClient
from bus.client.blocking import REQUEST_ID, CollectionMessage
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.errors import BusUnavailableError
from bus.server.listener import Server

pytestmark = pytest.mark.real_time

OWN = {"session_id": "default"}
PATIENCE_S = 10


class Bus:
    """A bus in a thread, which can stop and come back on the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bus of the test")
        self._thread.start()
        self.start()

    def start(self) -> None:
        self._server = Server(WebSocketSettings(port=self.port), BusSettings())
        self._call(self._server.__aenter__())
        self.port = int(self._server.url.split(":")[2].split("/")[0])

    def stop(self) -> None:
        self._call(self._server.__aexit__())

    def end(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)


@pytest.fixture
def bus() -> Iterator[Bus]:
    bus = Bus()
    yield bus
    bus.end()


Connect = Callable[..., MessageBusClient]


@pytest.fixture
def connect(bus: Bus) -> Iterator[Connect]:
    """Makes connected clients, and sees to it that none of their threads outlives `close`."""
    before = set(threading.enumerate())
    clients = []

    def connect(**options: Any) -> MessageBusClient:
        client = MessageBusClient(port=bus.port, **options)
        clients.append(client)
        client.run_in_thread()
        assert client.connected_event.wait(PATIENCE_S)
        settled(client)
        return client

    yield connect
    for client in clients:
        client.close()
    assert set(threading.enumerate()) <= before


@pytest.fixture
def client(connect: Connect) -> MessageBusClient:
    return connect()


@pytest.fixture
def other(connect: Connect) -> MessageBusClient:
    return connect()


def waits(thread: threading.Thread) -> None:
    """Returns when the thread waits for another one."""
    assert thread.ident is not None
    while sys._current_frames()[thread.ident].f_code.co_name != "wait":
        time.sleep(0.001)


def listen(client: MessageBusClient, *events: str) -> Queue[Any]:
    """What the handlers of these events are called with: the event, for those without an argument."""
    heard: Queue[Any] = Queue()
    for event in events:
        client.on(event, lambda *arguments, event=event: heard.put(arguments[0] if arguments else event))
    return heard


def settled(client: MessageBusClient) -> None:
    """Returns when all that was on its way to the client has arrived and has been handled."""
    handled = threading.Event()
    client.once("settled", lambda _: handled.set())
    client.emit(Message("settled"))
    assert handled.wait(PATIENCE_S)


def test_messages_are_sent_and_received(client: MessageBusClient, other: MessageBusClient) -> None:
    heard, raw = listen(other, "x"), listen(other, "message")
    client.emit(Message("x", {"a": 1}, {"source": "ann"}))
    message = heard.get(timeout=PATIENCE_S)
    assert message == Message("x", {"a": 1}, {"session": OWN, "source": "ann"})
    assert Message.deserialize(raw.get(timeout=PATIENCE_S)) == message


def test_handlers_run_in_order_on_one_thread(client: MessageBusClient) -> None:
    calls: list[tuple[str, int, str]] = []

    def slow(message: Message) -> None:
        time.sleep(0.001)
        calls.append(("slow", message.data["n"], threading.current_thread().name))

    client.on("x", slow)
    client.on("x", lambda message: calls.append(("quick", message.data["n"], threading.current_thread().name)))
    for n in range(50):
        client.emit(Message("x", {"n": n}))
    settled(client)
    assert calls == [(name, n, "bus-handlers") for n in range(50) for name in ("slow", "quick")]


def test_once_and_remove_unregister_a_handler(client: MessageBusClient) -> None:
    calls: list[str] = []

    def handler(message: Message) -> None:
        calls.append(message.msg_type)

    def ignored(message: Message) -> None:
        calls.append("removed")

    client.once("once", handler)
    client.on("removed", ignored)
    client.remove("removed", ignored)
    client.remove("removed", ignored)
    client.on("all", ignored)
    client.on_collect("all", ignored)
    client.remove_all_listeners("all")
    for msg_type in ("once", "once", "removed", "all"):
        client.emit(Message(msg_type, context={"__collect_id__": "1"}))
    settled(client)
    assert calls == ["once"]


@pytest.mark.parametrize("emitter", [None, EventEmitter()], ids=["own emitter", "emitter of the program"])
def test_an_error_of_a_handler_is_logged_and_ends_nothing(
    connect: Connect, caplog: pytest.LogCaptureFixture, emitter: EventEmitter | None
) -> None:
    def faulty(message: Message) -> None:
        raise RuntimeError("a fault in a skill")

    client = connect(emitter=emitter)
    heard = listen(client, "after")
    client.on("x", faulty)
    if emitter is None:
        client.on("x", heard.put)
    client.emit(Message("x"))
    client.emit(Message("after"))
    if emitter is None:
        assert heard.get(timeout=PATIENCE_S).msg_type == "x"
    assert heard.get(timeout=PATIENCE_S).msg_type == "after"
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "handler of x"
    assert "a fault in a skill" in caplog.text


def test_on_and_once_are_decorators(client: MessageBusClient) -> None:
    calls: list[str] = []

    @client.on("x")
    def always(_: Message) -> None:
        calls.append("on")

    @client.once("x")
    def once(_: Message) -> None:
        calls.append("once")

    assert client.on("y", always) is always
    for msg_type in ("x", "x", "y"):
        client.emit(Message(msg_type))
    settled(client)
    assert calls == ["on", "once", "on", "on"]
    client.remove("x", always)


def test_a_message_cannot_feign_an_event_of_the_connection(client: MessageBusClient) -> None:
    heard = listen(client, "close", "error", "reconnecting")
    for msg_type in ("close", "error", "reconnecting"):
        client.emit(Message(msg_type))
    settled(client)
    assert heard.empty()


REPLIES: dict[str, tuple[Callable[[Message], Message], bool]] = {
    "response": (lambda request: request.response({"n": 1}), True),
    "with a new context": (lambda _: Message("ask.response"), True),
    "with another source": (lambda request: request.reply("ask.response", context={"source": "service"}), True),
    "of another type": (lambda request: request.reply("answer"), False),
    "to the request of another client": (lambda _: Message("ask.response", context={REQUEST_ID: "theirs"}), False),
    "to the query of another client": (
        lambda _: Message("ask.response", context={"__collect_id__": "theirs"}),
        False,
    ),
    "to an utterance": (lambda _: Message("ask.response", context={"ident": "theirs"}), False),
    "to a satellite": (lambda _: Message("ask.response", context={"session": {"session_id": "sat"}}), False),
}


@pytest.mark.parametrize(("reply", "matches"), REPLIES.values(), ids=REPLIES)
def test_a_request_gets_its_own_reply(
    client: MessageBusClient, other: MessageBusClient, reply: Callable[[Message], Message], matches: bool
) -> None:
    def answer(request: Message) -> None:
        other.emit(reply(request))
        other.emit(request.reply("last"))

    other.on("ask", answer)
    found = client.wait_for_response(Message("ask"), ["ask.response", "last"])
    assert found is not None
    assert found.msg_type == ("ask.response" if matches else "last")


def test_requests_at_the_same_time_get_each_its_own_reply(connect: Connect) -> None:
    service, programs = connect(), [connect() for _ in range(3)]
    requests: list[Message] = []

    def answer_backwards(request: Message) -> None:
        requests.append(request)
        if len(requests) == len(programs):
            for asked in reversed(requests):
                service.emit(asked.response({"name": asked.data["name"]}))

    service.on("ask", answer_backwards)
    names: dict[int, object] = {}

    def ask(index: int) -> None:
        reply = programs[index].wait_for_response(Message("ask", {"name": index}), timeout=PATIENCE_S)
        names[index] = reply and reply.data["name"]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(programs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == {0: 0, 1: 1, 2: 2}


def test_a_handler_may_emit_and_wait(client: MessageBusClient, other: MessageBusClient) -> None:
    def ask(_: Message) -> None:
        reply = client.wait_for_response(Message("ask"), "answer")
        client.emit(Message("found", {"reply": reply and reply.msg_type}))

    other.on("ask", lambda request: other.emit(request.reply("answer")))
    client.on("go", ask)
    heard = listen(other, "found")
    other.emit(Message("go"))
    assert heard.get(timeout=PATIENCE_S).data == {"reply": "answer"}


def test_a_request_without_an_answer_returns_none(client: MessageBusClient) -> None:
    assert client.wait_for_response(Message("ask"), timeout=0.01) is None
    assert client.wait_for_message("x", timeout=0.01) is None


def test_wait_for_message_returns_the_next_of_its_types(client: MessageBusClient, other: MessageBusClient) -> None:
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.01):
            other.emit(Message("y"))

    sending = threading.Thread(target=send)
    sending.start()
    message = client.wait_for_message(["x", "y"], PATIENCE_S)
    stop.set()
    sending.join()
    assert message is not None
    assert message.msg_type == "y"


def test_collect_responses_returns_all_answers(client: MessageBusClient, other: MessageBusClient) -> None:
    def succeed(query: CollectionMessage) -> None:
        other.emit(query.extend(PATIENCE_S))
        time.sleep(0.5)  # longer than min_timeout, and than what `on_collect` has promised
        other.emit(query.success({"answer": 42}))

    def fail(query: CollectionMessage) -> None:
        other.emit(query.failure())

    other.on_collect("query", succeed, timeout=0.1)
    other.on_collect("query", fail, timeout=PATIENCE_S)
    foreign = Message("query.response", {"query": "another", "handler": "1", "succeeded": True})
    other.on("query", lambda _: other.emit(foreign))
    answers = client.collect_responses(Message("query"), min_timeout=0.3, max_timeout=PATIENCE_S)
    found = [(answer.data["succeeded"], answer.data.get("answer")) for answer in answers]
    assert found == [(True, 42), (False, None)]
    assert {answer.context["__collect_id__"] for answer in answers} == {answers[0].data["query"]}

    [first] = client.collect_responses(Message("query"), direct_return_func=lambda answer: True)
    assert first.data["answer"] == 42
    other.remove("query", succeed)
    [second] = client.collect_responses(Message("query"))
    assert second.data["succeeded"] is False


def test_collect_responses_without_a_handler_returns_an_empty_list(
    client: MessageBusClient, other: MessageBusClient
) -> None:
    other.on_collect("silent", lambda _: None, timeout=0.1)
    assert client.collect_responses(Message("unanswered"), min_timeout=0.01) == []
    # For no longer than the handler has promised: that long is more than a test may take.
    assert client.collect_responses(Message("silent"), min_timeout=0.01, max_timeout=1000) == []


def test_the_client_reconnects_after_a_restart(bus: Bus) -> None:
    client = MessageBusClient(port=bus.port)
    events = listen(client, "open", "close", "error", "reconnecting")
    heard = listen(client, "x")
    settled(client)
    assert events.get() == "open"
    bus.stop()
    assert events.get(timeout=PATIENCE_S) == "close"
    assert isinstance(events.get(timeout=PATIENCE_S), BusUnavailableError)
    assert not client.connected_event.is_set()
    sending = threading.Thread(target=client.emit, args=(Message("x", {"n": 1}),))
    sending.start()
    bus.start()
    sending.join(PATIENCE_S)
    assert heard.get(timeout=PATIENCE_S).data == {"n": 1}
    assert client.connected_event.is_set()
    later = [events.get(timeout=PATIENCE_S)]
    while later[-1] != "open":
        later.append(events.get(timeout=PATIENCE_S))
    assert later[-2] == "reconnecting"
    client.close()


def test_without_a_bus_emit_raises(bus: Bus, client: MessageBusClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bus.client.blocking.EMIT_TIMEOUT_S", 0.01)
    events = listen(client, "close")
    bus.stop()
    events.get(timeout=PATIENCE_S)
    with pytest.raises(BusUnavailableError, match="x was not sent"):
        client.emit(Message("x"))
    with pytest.raises(BusUnavailableError, match="ask was not sent"):
        client.wait_for_response(Message("ask"))
    bus.start()


def test_events_are_dropped_when_handlers_are_too_slow(
    client: MessageBusClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bus.client.blocking.QUEUE_LIMIT", 10)
    go_on = threading.Event()
    client.on("slow", lambda _: go_on.wait(PATIENCE_S))
    for _ in range(20):
        client.emit(Message("slow"))
    assert client.wait_for_response(Message("slow"), "slow"), "the network waits for the handlers"
    go_on.set()
    assert "dropped slow: the handlers are 10 events behind" in caplog.text


def test_a_message_that_the_bus_refuses_is_logged(
    client: MessageBusClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.emit(Message("x", context={"session": 5}))
    settled(client)
    assert "the bus did not relay a message: {'reason': 'context.session is not an object'}" in caplog.text


@pytest.mark.parametrize(
    ("value", "error"), [(object(), TypeError), (float("nan"), ValueError), ("\ud800", ValueError)]
)
def test_data_that_json_cannot_hold_raises(
    client: MessageBusClient, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.emit(Message("x", {"a": value}))


def test_messages_carry_the_session_of_the_client(connect: Connect, other: MessageBusClient) -> None:
    class Session:
        session_id = "sat"

        def serialize(self) -> dict[str, Any]:
            return {"session_id": self.session_id}

    client = connect(session=Session())
    assert client.session_id == "sat"
    other.on("ask", lambda request: other.emit(request.response()))
    reply = client.wait_for_response(Message("ask"))
    assert reply is not None
    assert reply.context["session"] == {"session_id": "sat"}


def test_run_forever_ends_with_close(connect: Connect, other: MessageBusClient) -> None:
    client = connect()
    client.on("end", lambda _: client.close())
    events = listen(client, "close")
    running = threading.Thread(target=client.run_forever)
    running.start()
    other.emit(Message("end"))
    running.join(PATIENCE_S)
    assert not running.is_alive()
    assert events.get(timeout=PATIENCE_S) == "close"
    client.run_forever()  # which is over at once


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_handler_may_end_the_program(connect: Connect) -> None:
    client = connect()
    client.on("end", lambda _: sys.exit())
    client.emit(Message("end"))
    client.run_forever()


def test_close_releases_waiting_callers(bus: Bus, connect: Connect) -> None:
    client = connect()
    results: Queue[object] = Queue()

    def wait() -> None:
        results.put(client.wait_for_message("never", PATIENCE_S))

    def emit() -> None:
        with pytest.raises(BusUnavailableError, match="x was not sent: the client was closed"):
            client.emit(Message("x"))
        results.put("raised")

    waiting = threading.Thread(target=wait)
    waiting.start()
    events = listen(client, "reconnecting")
    bus.stop()
    events.get(timeout=PATIENCE_S)
    emitting = threading.Thread(target=emit)
    emitting.start()
    waits(emitting)
    client.close()
    assert {results.get(timeout=1), results.get(timeout=1)} == {None, "raised"}
    with pytest.raises(BusUnavailableError, match="the client is closed"):
        client.emit(Message("x"))
    with pytest.raises(BusUnavailableError, match="the client is closed"):
        client.wait_for_message("x")
    bus.start()


@pytest.mark.parametrize("attempts", [1, 2])
def test_close_before_a_connection_returns_at_once(attempts: int) -> None:
    client = MessageBusClient()
    for _ in range(attempts):
        client.close()
    assert not client.run_in_thread().is_alive()


def test_close_returns_while_the_bus_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:
        client = MessageBusClient(port=hung.getsockname()[1])
        thread = client.run_in_thread()
        assert thread.daemon
        assert client.run_in_thread() is thread
        peer, _ = hung.accept()
        client.close()
        assert not thread.is_alive()
        peer.close()


def test_close_returns_while_the_bus_does_not_read(caplog: pytest.LogCaptureFixture) -> None:
    command = [sys.executable, "-m", "bus", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split(":")[2].split("/")[0])
        client = MessageBusClient(port=port)
        thread = client.run_in_thread()
        assert client.connected_event.wait(PATIENCE_S)
        process.send_signal(signal.SIGSTOP)

        def emit_until_closed() -> None:
            with contextlib.suppress(BusUnavailableError):
                while True:
                    client.emit(Message("x", {"filler": "-" * 1_000_000}))

        emitting = threading.Thread(target=emit_until_closed)
        emitting.start()
        waits(emitting)
        client.close()
        emitting.join(PATIENCE_S)
        assert not emitting.is_alive()
        assert not thread.is_alive()
        assert "does not answer the closing; what was sent last may not have arrived" in caplog.text
        process.kill()


async def test_messages_are_sent_before_the_program_ends() -> None:
    closed: asyncio.Queue[tuple[int, int | None]] = asyncio.Queue()

    async def read_late(connection: ServerConnection) -> None:
        await asyncio.sleep(0.1)
        frames = [frame async for frame in connection]
        closed.put_nowait((sum(map(len, frames)), connection.close_code))

    async with serve(read_late, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        program = (
            "from bus import Message, MessageBusClient\n"
            f"MessageBusClient(port={port}).emit(Message('large', {{'filler': '-' * 8_000_000}}))\n"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        assert await process.wait() == 0
        size, code = await closed.get()
        assert size > 8_000_000
        assert code == CloseCode.NORMAL_CLOSURE


def test_daemons_do_not_import_it() -> None:
    program = "import sys, bus.client.client; assert not {'pyee', 'bus.client.blocking'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE_S)
