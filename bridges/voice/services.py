"""The services to which wyoming-satellite connects: the event service, and the proxy of the wake word service."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Self

from bridges.voice.assistant import Assistant, SatelliteRequest
from bridges.voice.config import LocalAddress, Wyoming
from bridges.voice.errors import SatelliteError
from bridges.voice.events import SatelliteEvents
from bridges.voice.wyoming import Parser, WyomingEvent, encode
from bus.daemon.token_bucket import TokenBucket
from bus.errors import ListenError

EVENTS_PER_S = 20
EVENTS_BURST = 40
"""A conversation has a dozen events; faster ones are read more slowly."""

RETRY_S = 5.0
"""When the wake word service is tried again; satellites wait as long."""

CONNECT_TIMEOUT_S = 5.0

MAX_UNSENT = 64 * 1024
"""Maximum number of bytes buffered for a slow consumer: two seconds of sound."""

LINES_PER_S = 0.1
LINES_BURST = 20
"""Lines of the log of each service."""

PRESS = WyomingEvent("detection", {"name": None, "timestamp": None})
"""A wake word without a name. With a name, a satellite ignores a second one within 5 s."""

INFO = WyomingEvent("info", {"wake": []})
"""The description of a wake word service that knows no wake words."""

_AUDIO = "audio-chunk"
_BEGINNINGS = ("detect", "audio-start")
"""Events that a satellite sends before the sound, and that each new wake word service needs."""

_CHUNK = 2**16

_LOGGER = logging.getLogger(__name__)

_Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Service:
    """Listens at an address, and serves one connection: that of a satellite that connects again takes its place.

    Use as an async context manager; entering raises ListenError. `run` has to be running, as a task.
    """

    def __init__(self, name: str, address: LocalAddress, serve: _Serve) -> None:
        self._name = name
        self._address = address
        self._serve = serve
        self._log = _Log(name)
        self._accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        """The newest connection, until it is served."""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(self._accept, self._address.host, self._address.port)
        except OSError as error:
            raise ListenError(f"{self._name}: cannot listen at {self._address}: {error.strerror}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._drop_accepted()

    async def run(self) -> None:
        """Serves until cancelled."""
        async with asyncio.TaskGroup() as group:
            serving: asyncio.Task[None] | None = None
            while True:
                reader, writer = await self._accepted.get()
                if serving is not None and not serving.done():
                    self._log(
                        logging.WARNING, "a new connection takes the place of the last; is there one satellite?"
                    )
                    serving.cancel()
                    await asyncio.wait((serving,))
                serving = group.create_task(self._contained(reader, writer))
                serving.add_done_callback(partial(_abort, writer))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._drop_accepted()
        self._accepted.put_nowait((reader, writer))

    def _drop_accepted(self) -> None:
        while not self._accepted.empty():
            _, writer = self._accepted.get_nowait()
            _abort(writer)

    async def _contained(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._log(logging.INFO, "a satellite has connected")
        try:
            await self._serve(reader, writer)
            self._log(logging.INFO, "the satellite has gone")
        except* (SatelliteError, OSError) as errors:
            self._log(logging.WARNING, str(errors.exceptions[0]))


class _Log:
    """The log of one service, with a limit: a program that connects again and again must not fill the journal."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines = TokenBucket(LINES_PER_S, LINES_BURST)

    def __call__(self, level: int, line: str) -> None:
        allowed = self._lines.spend(asyncio.get_running_loop().time())
        _LOGGER.log(level if allowed else logging.DEBUG, "%s: %s", self._name, line)


class EventService:
    """The event service, to which the satellite reports what it does."""

    def __init__(self, assistant: Assistant, changed: Callable[[], None]) -> None:
        self.events = SatelliteEvents(assistant)
        self._assistant = assistant
        self._changed = changed

    async def serve(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        """Serves a connection until its end. Raises SatelliteError or OSError."""
        self.events.connected()
        self._changed()
        try:
            await _read(reader, self._on_event, TokenBucket(EVENTS_PER_S, EVENTS_BURST))
        finally:
            self._assistant.lost()
            self._changed()

    def _on_event(self, event: WyomingEvent) -> None:
        self.events.read(event)
        self._changed()


class WakeProxy:
    """Stands between the satellite and the wake word service: hands sound on, and reports a press as a wake word.

    Neither side waits for the other: sound for a slow consumer is dropped.
    """

    def __init__(self, service: LocalAddress | None) -> None:
        self.held = False
        """Whether sound is withheld, since the microphone is muted."""
        self._service_address = service
        self._satellite: asyncio.StreamWriter | None = None
        self._service: asyncio.StreamWriter | None = None
        self._beginnings: dict[str, WyomingEvent] = {}
        self._log = _Log("wake proxy")
        self._warned = False

    def press(self) -> bool:
        """Has the satellite listen; returns whether there is one."""
        if self._satellite is None or self.held:
            return False
        self._write(self._satellite, PRESS)
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves a connection of the satellite until its end. Raises SatelliteError or OSError."""
        self._satellite = writer
        self._beginnings.clear()
        try:
            async with asyncio.TaskGroup() as group:
                from_service = group.create_task(self._stay_connected())
                await _read(reader, self._to_service)
                from_service.cancel()
        finally:
            self._satellite = None

    def _to_service(self, event: WyomingEvent) -> None:
        if event.type in _BEGINNINGS:
            self._beginnings[event.type] = event
        if event.type == _AUDIO and self.held:
            return
        if self._service is not None:
            self._write(self._service, event)
        elif event.type == "describe" and self._satellite is not None:
            self._write(self._satellite, INFO)

    async def _stay_connected(self) -> None:
        """Relays the events of the wake word service until cancelled."""
        while self._service_address is not None:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    reader, writer = await asyncio.open_connection(*self._service_address)
                self._service, self._warned = writer, False
                self._log(logging.INFO, "connected to the wake word service")
                try:
                    await self._from_service(reader, writer)
                finally:
                    self._service = None
                    writer.transport.abort()
                raise SatelliteError("it has closed the connection")
            except (SatelliteError, OSError) as error:
                level = logging.DEBUG if self._warned else logging.WARNING
                self._warned = True
                self._log(level, f"wake word service at {self._service_address}: {error or 'no answer'}")
            await asyncio.sleep(RETRY_S)

    async def _from_service(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for event in self._beginnings.values():
            self._write(writer, event)
        await _read(reader, self._to_satellite)

    def _to_satellite(self, event: WyomingEvent) -> None:
        if self._satellite is not None and not (event.type == "detection" and self.held):
            self._write(self._satellite, event)

    def _write(self, writer: asyncio.StreamWriter, event: WyomingEvent) -> None:
        unsent = writer.transport.get_write_buffer_size()
        if unsent <= MAX_UNSENT:
            writer.write(encode(event))
        elif event.type != _AUDIO:
            self._log(logging.WARNING, f"{event.type} is dropped: {unsent} bytes before it were not read")


class WyomingServices:
    """The services of a satellite. Use as an async context manager; entering raises ListenError."""

    def __init__(self, addresses: Wyoming, assistant: Assistant, changed: Callable[[], None]) -> None:
        self._events = EventService(assistant, changed)
        self._proxy = WakeProxy(addresses.wake_service)
        self._services = [Service("event service", addresses.events, self._events.serve)]
        if addresses.wake is not None:
            self._services.append(Service("wake proxy", addresses.wake, self._proxy.serve))
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        for service in self._services:
            await self._open.enter_async_context(service)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def run(self) -> None:
        """Serves until cancelled."""
        async with asyncio.TaskGroup() as group:
            for service in self._services:
                group.create_task(service.run())

    def request(self, request: SatelliteRequest) -> None:
        """Carries out a request; there is no way to carry out the others."""
        match request:
            case SatelliteRequest.LISTEN:
                if not self._proxy.press():
                    _LOGGER.warning("a press has no effect: no satellite is at voice.wake_uri, or it is muted")
            case SatelliteRequest.MUTE | SatelliteRequest.UNMUTE:
                self._proxy.held = request is SatelliteRequest.MUTE
                self._events.events.hold(self._proxy.held)


def _abort(writer: asyncio.StreamWriter, _: object = None) -> None:
    writer.transport.abort()


async def _read(
    reader: asyncio.StreamReader, handle: Callable[[WyomingEvent], None], pace: TokenBucket | None = None
) -> None:
    """Handles the events of a connection until its end. Raises SatelliteError or OSError."""
    parser = Parser()
    clock = asyncio.get_running_loop().time
    while data := await reader.read(_CHUNK):
        for event in parser.feed(data):
            handle(event)
            if pace is not None:
                await asyncio.sleep(pace.take(1, clock()))
