"""The faceplate's serial line: one command at a time, each waited for until the firmware has echoed it.

The echo is the only flow control there is: the firmware's input buffer has 64 bytes, and what overruns it is lost
without a word (the real firmware v1.4.2, measured).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from enclosure.errors import FaceplateError
from enclosure.faceplate.frames import (
    ECHO,
    VERSION,
    Banner,
    Chosen,
    Echo,
    Event,
    Pressed,
    Turned,
    Unknown,
    Version,
    parse,
)
from enclosure.ports import SerialPort

BYTE_S = 10 / 9600
"""Time on the wire of one byte: start bit, eight bits, stop bit."""

ECHO_SLACK_S = 1.5
"""How much later than the wire allows an echo may come. A repaint delays it by 37 ms, filling the eyes by 450 ms,
a line left unfinished by somebody else by 1 s (the real firmware, measured)."""

ATTEMPTS = 3
"""A reset deafens the firmware for 2.06 s; the third attempt comes after that."""

PROBE_INTERVAL_S = 2.0
"""How long to wait before a silent faceplate is asked again, and before a missing port is tried again."""

QUEUE_LIMIT = 64
"""Lines that may wait, some 3 s of them. Beyond that the oldest are dropped: the newest is what is to be seen."""

LONGEST_LINE = 512
"""The firmware cuts a line at about 438 characters; more without an end is noise."""

_LOGGER = logging.getLogger(__name__)


class State(StrEnum):
    """Of the link."""

    UNPLUGGED = "unplugged"
    SILENT = "silent"
    CONNECTED = "connected"


class Link:
    """Owns the serial port: opens it again and again, sends queued lines, and reports events.

    `on_event` gets what the faceplate reports by itself, `on_state` each change of state; both must not wait.
    """

    def __init__(
        self,
        open_port: Callable[[], SerialPort],
        on_event: Callable[[Event], None],
        on_state: Callable[[State], None],
    ) -> None:
        self._open_port = open_port
        self._on_event = on_event
        self._on_state = on_state
        self.state: State | None = None
        self.firmware: str | None = None
        self._version_known = asyncio.Event()
        self._queue: deque[str] = deque(maxlen=QUEUE_LIMIT)
        self._queued = asyncio.Event()
        self._line = self._previous = ""
        self._answer: asyncio.Future[bool] | None = None

    def send(self, line: str) -> None:
        """Queues a line; while the faceplate does not answer it is forgotten at once."""
        if self.state is not State.CONNECTED:
            return
        if len(self._queue) == QUEUE_LIMIT:
            _LOGGER.debug("too much for the faceplate: dropped %s", self._queue[0])
        self._queue.append(line)
        self._queued.set()

    async def run(self) -> None:
        """Keeps the link up for ever."""
        while True:
            try:
                port = self._open_port()
            except OSError as error:
                self._change(State.UNPLUGGED, error)
            else:
                await self._use(port)
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def _use(self, port: SerialPort) -> None:
        """Works on an open port until it is gone."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(port))
                group.create_task(self._write(port))
        except* OSError as errors:
            self._change(State.UNPLUGGED, errors.exceptions[0])
        finally:
            port.close()

    async def _write(self, port: SerialPort) -> None:
        while True:
            try:
                # Whatever somebody else left unfinished ends here, and nothing counts as an event before the
                # echo: what arrives first may be the end of an older line.
                await self._exchange(port, VERSION.line)
                await self._version()
                self._change(State.CONNECTED, f"firmware {self.firmware}")
                while True:
                    await self._queued.wait()
                    while self._queue:
                        await self._exchange(port, self._queue.popleft())
                    self._queued.clear()
            except FaceplateError as error:
                self._change(State.SILENT, error)
                await asyncio.sleep(PROBE_INTERVAL_S)

    async def _exchange(self, port: SerialPort, line: str) -> None:
        """Sends a line until the firmware has echoed it as it is. Raises FaceplateError."""
        self._previous, self._line = self._line, line
        timeout_s = (2 * len(line) + len(ECHO) + 3) * BYTE_S + ECHO_SLACK_S
        for attempt in range(ATTEMPTS):
            self._answer = asyncio.get_running_loop().create_future()
            # A first line end makes an end of whatever an interrupted or damaged line has left behind.
            first = "\n" if attempt or self.state is not State.CONNECTED else ""
            port.write(f"{first}{line}\n".encode("ascii"))
            try:
                async with asyncio.timeout(timeout_s):
                    if await self._answer:
                        return
            except TimeoutError:
                pass
            finally:
                self._answer = None
            _LOGGER.debug("no echo of %s", line)
        raise FaceplateError(f"no echo of {line}")

    async def _version(self) -> None:
        """Waits for the answer to ``system.version``, which follows its echo. Raises FaceplateError."""
        try:
            async with asyncio.timeout(ECHO_SLACK_S):
                await self._version_known.wait()
        except TimeoutError:
            raise FaceplateError("no version") from None

    async def _read(self, port: SerialPort) -> None:
        buffer = b""
        while True:
            buffer += await port.read()
            *lines, buffer = buffer.split(b"\n")
            buffer = buffer[-LONGEST_LINE:]
            for line in lines:
                self._take(line.removesuffix(b"\r").decode("latin-1"))

    def _take(self, line: str) -> None:
        event = parse(line)
        waiting = self._answer if self._answer is not None and not self._answer.done() else None
        if isinstance(event, Echo):
            if waiting and event.line == self._line:
                waiting.set_result(True)
            elif waiting and event.line not in ("", self._previous):  # those are late echoes of older attempts
                waiting.set_result(False)
        elif isinstance(event, Version):
            self.firmware = event.version
            self._version_known.set()
        elif isinstance(event, Banner):
            if waiting:
                waiting.set_result(False)  # what was sent is lost, and the firmware listens again
            self._on_event(event)
        elif isinstance(event, Turned | Pressed | Chosen):
            # The end of a damaged echo looks like an event where the command has such a text in it.
            if self.state is State.CONNECTED and not (waiting and self._line.endswith(line)):
                self._on_event(event)
        else:
            _LOGGER.debug("from the faceplate: %r", event.line if isinstance(event, Unknown) else event)

    def _change(self, state: State, why: object) -> None:
        if state is not State.CONNECTED:
            self._queue.clear()
        if state is self.state:
            _LOGGER.debug("faceplate still %s: %s", state, why)
            return
        self.state = state
        _LOGGER.log(logging.INFO if state is State.CONNECTED else logging.WARNING, "faceplate %s: %s", state, why)
        self._on_state(state)
