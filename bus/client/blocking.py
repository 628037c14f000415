"""The client for programs without an event loop, with the API of the Mycroft and OVOS clients.

It has two threads. One runs the event loop with the socket, and no code of the caller. The other calls the
handlers one after the other, in the order of the messages, so that a handler may be slow, emit and wait itself.
Replies are matched on the first thread as they arrive, ahead of the handlers: a handler that waits for a reply
would otherwise block itself. A handler cannot wait for the reply of another handler of the same client.
"""

import asyncio
import atexit
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol, Self
from uuid import uuid4

from pyee import EventEmitter

from bus.address import bus_url
from bus.client.client import EMIT_TIMEOUT_S, BusClient
from bus.errors import BusUnavailableError
from bus.message import Message

CLOSE_TIMEOUT_S = 2.0
"""How long `close` waits for the threads; only a handler that does not return takes longer."""

QUEUE_LIMIT = 20_000
"""Events that may wait for the handlers; what comes then is dropped, with a line in the log for each."""

REQUEST_ID = "__request_id__"
"""The key in the context by which a reply is matched: replies of all clients keep the context of the request.

Named after the `__collect_id__` of the Mycroft client. `ident` is taken: by Mycroft for the utterance, and by
Neon's services for the type of their reply.
"""

_COLLECT_ID = "__collect_id__"
_LOCAL_EVENTS = frozenset({"open", "close", "error", "reconnecting", "message"})
_LOGGER = logging.getLogger(__name__)

Callback = Callable[..., Any]
_Inbox = SimpleQueue[Message | None]
"""Messages for one waiting caller; None when the client is closed."""


class Session(Protocol):
    """The session of a client's messages, such as the Session of OVOS."""

    session_id: str

    def serialize(self) -> dict[str, Any]:
        """The object that goes into the context."""


@dataclass(slots=True)
class CollectionMessage(Message):
    """A query, as a handler of `on_collect` gets it; makes the answers, which the handler then emits."""

    handler_id: str = ""
    query_id: str = ""

    @classmethod
    def from_message(cls, message: Message, handler_id: str, query_id: str) -> Self:
        """The query in a message."""
        return cls(message.msg_type, message.data, message.context, handler_id, query_id)

    def success(self, data: dict[str, Any] | None = None, context: dict[str, Any] | None = None) -> Message:
        """The answer of a handler that has one."""
        return self.response({**(data or {}), **self._marks, "succeeded": True}, context)

    def failure(self) -> Message:
        """The answer of a handler that has none."""
        return self.response({**self._marks, "succeeded": False})

    def extend(self, timeout: float) -> Message:
        """Asks for `timeout` more seconds."""
        return self.reply(f"{self.msg_type}.handling", {**self._marks, "timeout": timeout})

    @property
    def _marks(self) -> dict[str, Any]:
        return {"query": self.query_id, "handler": self.handler_id}


class HandlerEmitter(EventEmitter):
    """Calls all the handlers of an event, whatever one of them raises; that is logged."""

    def emit(self, event: str, *args: Any, **kwargs: Any) -> bool:
        """Calls the handlers; returns whether there were any."""
        with self._lock:
            handlers = tuple(self._events.get(event, {}).values())
        for handler in handlers:
            try:
                handler(*args, **kwargs)
            except Exception:  # contains one handler's fault with one message
                _LOGGER.exception("handler of %s", event)
        return bool(handlers)


@dataclass(frozen=True, slots=True)
class _Collector:
    """What `on_collect` has registered; `handler` is the one that the emitter knows."""

    handler: Callback
    handler_id: str
    timeout: float


class MessageBusClient:
    """A connection of a program to the bus, with the API of the Mycroft and OVOS clients.

    It connects in the background when it is first used, if neither `run_forever` nor `run_in_thread` has been
    called before; it reconnects whenever the bus goes away, and loses no message silently: see `emit`. Handlers
    may also be registered for "open", "close" and "reconnecting", for "error" with an exception, and for "message"
    with the JSON text of a message.
    """

    def __init__(  # noqa: PLR0917  # the order of the Mycroft and OVOS clients
        self,
        host: str = "127.0.0.1",
        port: int = 8181,
        route: str = "/core",
        ssl: bool = False,
        emitter: EventEmitter | None = None,
        cache: bool = False,  # of the configuration; accepted for compatibility, not used
        session: Session | None = None,
    ) -> None:
        self.emitter = HandlerEmitter() if emitter is None else emitter
        self.session_id = "default" if session is None else session.session_id
        self.connected_event = threading.Event()
        self.started_running = False
        self._session = session
        self._core = BusClient(bus_url(host, port, route, tls=ssl))
        self._network_thread = threading.Thread(target=self._connect, name="bus-network", daemon=True)
        self._handler_thread = threading.Thread(target=self._handle_events, name="bus-handlers", daemon=True)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop: asyncio.AbstractEventLoop  # from the start on
        self._closed = threading.Event()
        self._lock = threading.Lock()  # of starting, closing, _inboxes and _collectors
        self._events: SimpleQueue[tuple[str, tuple[Any, ...]] | None] = SimpleQueue()
        self._inboxes: dict[_Inbox, Callable[[Message], bool]] = {}
        self._collectors: dict[tuple[str, Callback], _Collector] = {}

    # Handlers.

    def on(self, event_name: str, func: Callback | None = None) -> Callback:
        """Has `func` called for every message of this type; returns it. Without one, this is a decorator."""
        if func is None:
            return partial(self.on, event_name)
        self.emitter.on(event_name, func)
        return func

    def once(self, event_name: str, func: Callback | None = None) -> Callback:
        """Has `func` called for the next message of this type; returns it. Without one, this is a decorator."""
        if func is None:
            return partial(self.once, event_name)
        self.emitter.once(event_name, func)
        return func

    def on_collect(self, event_name: str, func: Callback, timeout: float = 2) -> None:
        """Has `func` called with a CollectionMessage for every query of this type.

        The sender of the query is informed at once that an answer will come within `timeout` seconds, even while
        handlers are busy.
        """
        handler_id = str(uuid4())

        def handle(message: Message) -> None:
            if _COLLECT_ID in message.context:
                func(CollectionMessage.from_message(message, handler_id, message.context[_COLLECT_ID]))

        self.remove(event_name, func)  # registering twice counts once, as with `on`
        with self._lock:
            self._collectors[event_name, func] = _Collector(handle, handler_id, timeout)
        self.emitter.on(event_name, handle)

    def remove(self, event_name: str, func: Callback) -> None:
        """Undoes `on`, `once` or `on_collect`; does nothing if there is nothing to undo."""
        with self._lock:
            collector = self._collectors.pop((event_name, func), None)
        with contextlib.suppress(KeyError):
            self.emitter.remove_listener(event_name, collector.handler if collector else func)

    def remove_all_listeners(self, event_name: str) -> None:
        """Undoes all of that for one type."""
        with self._lock:
            self._collectors = {key: value for key, value in self._collectors.items() if key[0] != event_name}
        self.emitter.remove_all_listeners(event_name)

    # Messages.

    def emit(self, message: Message) -> None:
        """Sends a message, once; returns when it is written to the socket.

        Waits while the bus is away. Raises BusUnavailableError after EMIT_TIMEOUT_S, or when the client is closed.
        What is on its way when the bus dies may be lost: its type is logged, and named in the "error" event.
        Raises ValueError for what is no JSON, such as NaN.
        """
        self._send(self._outgoing(message))

    def wait_for_message(self, message_type: str | list[str], timeout: float = 3.0) -> Message | None:
        """The next message of a type, or of one of several; None after `timeout` seconds or at `close`."""
        types = [message_type] if isinstance(message_type, str) else message_type
        with self._inbox(lambda message: message.msg_type in types) as inbox:
            return _next(inbox, timeout)

    def wait_for_response(
        self, message: Message, reply_type: str | list[str] | None = None, timeout: float = 3.0
    ) -> Message | None:
        """Sends a request and returns the reply to it; None after `timeout` seconds, or at `close`.

        The reply has `reply_type`, or one of several, ``<type>.response`` by default. Replies to the requests of
        other clients are ignored where they are recognisable. Raises BusUnavailableError as `emit` does.
        """
        reply_type = reply_type or f"{message.msg_type}.response"
        types = [reply_type] if isinstance(reply_type, str) else reply_type
        request = self._outgoing(message, REQUEST_ID)
        with self._inbox(lambda reply: reply.msg_type in types and _answers(reply, request)) as inbox:
            self._send(request)
            return _next(inbox, timeout)

    def collect_responses(
        self,
        message: Message,
        min_timeout: float = 0.2,
        max_timeout: float = 3.0,
        direct_return_func: Callable[[Message], Any] = lambda _: False,
    ) -> list[Message]:
        """Sends a query to all handlers of `on_collect` on the bus and returns their answers.

        Handlers have `min_timeout` seconds to announce an answer, and the time that they ask for, `max_timeout` at
        most. An answer for which `direct_return_func` is true ends it at once. Raises BusUnavailableError.
        """
        query = self._outgoing(message, _COLLECT_ID)
        types = (f"{message.msg_type}.handling", f"{message.msg_type}.response")
        answers: dict[object, Message] = {}
        with self._inbox(
            lambda found: found.msg_type in types and found.data.get("query") == query.context[_COLLECT_ID]
        ) as inbox:
            self._send(query)
            start = time.monotonic()
            due: dict[str, float] = {}
            while True:
                end = min(max([start + min_timeout, *due.values()]), start + max_timeout)
                found = _next(inbox, end - time.monotonic())
                if found is None:
                    return list(answers.values())
                handler = str(found.data.get("handler"))
                if found.msg_type == types[0]:
                    due[handler] = due.get(handler, time.monotonic()) + _seconds(found.data.get("timeout"))
                    continue
                due.pop(handler, None)
                answers[handler] = found
                if direct_return_func(found):
                    return list(answers.values())

    # Life.

    def run_in_thread(self) -> threading.Thread:
        """Connects in the background, once; returns the daemon thread that keeps the connection until `close`."""
        with self._lock:
            if not self.started_running and not self._closed.is_set():
                self._loop = self._runner.get_loop()
                self.started_running = True
                self._network_thread.start()
                self._handler_thread.start()
                atexit.register(self.close)
        return self._network_thread

    def run_forever(self) -> None:
        """Connects and returns after `close`, which a handler or another thread calls."""
        try:
            self.run_in_thread()
            self._closed.wait()
        finally:
            self.close()

    def close(self) -> None:
        """Closes the connection for good and ends all threads, within CLOSE_TIMEOUT_S.

        Emitted messages have been sent then; messages that have not been handled yet are dropped. A caller that
        waits for a reply gets None, one that waits to emit BusUnavailableError. A handler may call it; a second
        call does nothing.
        """
        with self._lock:
            if self.started_running and not self._closed.is_set():
                self._loop.call_soon_threadsafe(_cancel_all)
            self._closed.set()
        atexit.unregister(self.close)
        end = time.monotonic() + CLOSE_TIMEOUT_S
        for thread in (self._network_thread, self._handler_thread):
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(0, end - time.monotonic()))

    # The network thread.

    def _connect(self) -> None:
        try:
            with self._runner, contextlib.suppress(asyncio.CancelledError):
                self._runner.run(self._core.run(self._receive, self._observe))
        finally:
            self._closed.set()
            with self._lock:
                for inbox in self._inboxes:
                    inbox.put(None)
            self._events.put(None)

    async def _receive(self, message: Message) -> None:
        with self._lock:
            inboxes = tuple(self._inboxes.items())
            collectors = [found for (event, _), found in self._collectors.items() if event == message.msg_type]
        for inbox, accepts in inboxes:
            if accepts(message):
                inbox.put(message)
        for collector in collectors:
            await self._promise(message, collector)
        if message.msg_type in ("bus.message.rejected", "bus.message.denied"):
            _LOGGER.warning("the bus did not relay a message: %s", message.data)
        if message.msg_type not in _LOCAL_EVENTS:  # a message cannot feign an outage
            self._queue(message.msg_type, message)

    async def _promise(self, query: Message, collector: _Collector) -> None:
        if _COLLECT_ID not in query.context:
            return
        taken = CollectionMessage.from_message(query, collector.handler_id, query.context[_COLLECT_ID])
        try:
            # Received just now, so there is a bus; without one the answer would not arrive either.
            await self._core.emit(self._outgoing(taken.extend(collector.timeout)), timeout_s=0.5)
        except BusUnavailableError as error:
            _LOGGER.warning("%s", error)

    def _observe(self, event: str, *arguments: Any) -> None:
        if event == "open":
            self.connected_event.set()
        elif event == "close":
            self.connected_event.clear()
        self._queue(event, *arguments)

    def _queue(self, event: str, *arguments: Any) -> None:
        if self._events.qsize() < QUEUE_LIMIT:
            self._events.put((event, arguments))
        else:
            _LOGGER.error("dropped %s: the handlers are %d events behind", event, QUEUE_LIMIT)

    # The handler thread.

    def _handle_events(self) -> None:
        try:
            while (queued := self._events.get()) is not None:
                event, arguments = queued
                if event == "close" or not self._closed.is_set():
                    self._handle(event, *arguments)
        finally:
            self.close()  # after a handler that has called sys.exit()

    def _handle(self, event: str, *arguments: Any) -> None:
        try:
            self.emitter.emit(event, *arguments)
        except Exception:  # of an emitter that the program has brought along; see HandlerEmitter
            _LOGGER.exception("handler of %s", event)

    # The threads of the caller.

    def _outgoing(self, message: Message, mark: str | None = None) -> Message:
        """What goes out for a message: with a session, and with an id of its own under the key `mark`."""
        session = {"session_id": "default"} if self._session is None else self._session.serialize()
        context = {"session": session, **(message.context or {})}
        if mark is not None:
            context[mark] = str(uuid4())
        return replace(message, data=message.data or {}, context=context)

    def _send(self, message: Message) -> None:
        with self._open() as loop:
            sending = asyncio.run_coroutine_threadsafe(self._core.emit(message, EMIT_TIMEOUT_S), loop)
        try:
            sending.result()
        except CancelledError:
            raise BusUnavailableError(f"{message.msg_type} was not sent: the client was closed") from None

    @contextlib.contextmanager
    def _inbox(self, accepts: Callable[[Message], bool]) -> Iterator[_Inbox]:
        inbox: _Inbox = SimpleQueue()
        with self._open():
            self._inboxes[inbox] = accepts
        try:
            yield inbox
        finally:
            with self._lock:
                del self._inboxes[inbox]

    @contextlib.contextmanager
    def _open(self) -> Iterator[asyncio.AbstractEventLoop]:
        """The loop of the client, which is not closed meanwhile. Raises BusUnavailableError when it was before."""
        self.run_in_thread()
        with self._lock:
            if self._closed.is_set():
                raise BusUnavailableError("the client is closed")
            yield self._loop


def _answers(reply: Message, request: Message) -> bool:
    """Whether a message of the right type may be the reply to a request.

    The first id that it carries decides, then a session that is not the device's own. Many services answer with a
    new context, which tells nothing: such a reply goes to every waiting caller.
    """
    for key in (REQUEST_ID, _COLLECT_ID, "ident"):
        if key in reply.context:
            return bool(reply.context[key] == request.context.get(key))
    return _session_id(reply) in ("default", _session_id(request))


def _cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def _session_id(message: Message) -> object:
    return (message.context.get("session") or {}).get("session_id", "default")


def _next(inbox: _Inbox, timeout: float) -> Message | None:
    with contextlib.suppress(Empty):
        return inbox.get(timeout=max(0, timeout))
    return None


def _seconds(value: object) -> float:
    return value if isinstance(value, int | float) else 0
