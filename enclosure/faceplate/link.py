"""The faceplate's serial line: one command at a time, each waited for until the firmware has echoed it.

The echo is the only flow control there is: the firmware's input buffer has 64 bytes, and what overruns it is lost
without a word (the real firmware v1.4.2, measured).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from enclosure.display import SystemAction
from enclosure.errors import FaceplateError
from enclosure.events import Brightness, Choice, Chosen, LinkState, Pressed, Turned
from enclosure.faceplate.protocol import ECHO, VERSION, Banner, Echo, Version, lines, parse
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
"""Lines that may wait, some 3 s of them. More are dropped, all of them, and what should be seen is sent anew."""

UPDATE = "update"
"""The line that comes before a new brightness."""

VISEME = "mouth.viseme="
MOUTH = ("mouth.", "weather.")
"""How lines begin that change what is on the mouth."""

TEST_S = 60.0
"""How long the menu's test may take: the firmware reads nothing until the button was pressed four times and the
microphone listened to for 13 s."""

LONGEST_LINE = 512
"""The firmware cuts a line at about 438 characters; more without an end is noise."""

_LOGGER = logging.getLogger(__name__)


def deaf_s_after(line: str) -> float:
    """How long the firmware reads nothing after this line: it blinks, or starts anew (measured)."""
    if line.startswith("system.blink="):
        return float(line.removeprefix("system.blink="))
    return 2.1 if line in lines(SystemAction.RESET) else 0.0


class Link:
    """Owns the serial port: opens it again and again, sends queued lines, and reports events.

    `on_event` gets what the faceplate reports by itself, `on_state` each change of state; `on_overrun` is called
    when lines had to be dropped. None of them may wait.
    """

    def __init__(
        self,
        open_port: Callable[[], SerialPort],
        on_event: Callable[[Banner | Turned | Pressed | Chosen | Brightness], None],
        on_state: Callable[[LinkState], None],
        on_overrun: Callable[[], None],
    ) -> None:
        self._open_port = open_port
        self._on_event = on_event
        self._on_state = on_state
        self._on_overrun = on_overrun
        self.state: LinkState | None = None
        self.firmware: str | None = None
        self._version_known = asyncio.Event()
        self._queue: deque[tuple[str, Callable[[], object] | None]] = deque()
        self._queued = asyncio.Event()
        self.drained = asyncio.Event()
        """Set while nothing waits for the faceplate."""
        self.drained.set()
        self._line = self._previous = ""
        self._answer: asyncio.Future[bool] | None = None
        self._deaf_until = 0.0
        self._in_step = False
        self._no_test = asyncio.Event()
        self._no_test.set()
        self._update = False
        self._own_update = False

    def send(self, line: str, echoed: Callable[[], object] | None = None) -> None:
        """Queues a line; `echoed` is called when the firmware has it. While nobody answers it is forgotten."""
        if self.state is not LinkState.CONNECTED:
            return
        if len(self._queue) >= QUEUE_LIMIT:
            _LOGGER.debug("more than the faceplate can take")
            self._queue.clear()
            self._on_overrun()
            return
        if line.startswith(VISEME):
            mouths = [at for at, (waiting, _) in enumerate(self._queue) if waiting.startswith(MOUTH)]
            if mouths and self._queue[mouths[-1]][0].startswith(VISEME):
                self._queue[mouths[-1]] = line, echoed  # the one that waits is over; this one takes its turn
                return
        self._queue.append((line, echoed))
        self._queued.set()
        self.drained.clear()

    def forget(self) -> None:
        """Drops all lines that wait; the one that is under way goes on."""
        self._queue.clear()

    async def run(self) -> None:
        """Keeps the link up for ever."""
        while True:
            try:
                port = self._open_port()
            except OSError as error:
                self._change(LinkState.UNPLUGGED, error)
            else:
                await self._use(port)
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def _use(self, port: SerialPort) -> None:
        """Works on an open port until it is gone."""
        self._in_step = False
        self._no_test.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(port))
                group.create_task(self._write(port))
        except* OSError as errors:
            self._change(LinkState.UNPLUGGED, errors.exceptions[0])
        finally:
            port.close()

    async def _write(self, port: SerialPort) -> None:
        while True:
            try:
                # Whatever somebody else left unfinished ends here, and nothing counts as an event before the
                # echo: what arrives first may be the end of an older line.
                await self._exchange(port, VERSION)
                await self._version()
                self._change(LinkState.CONNECTED, f"firmware {self.firmware}")
                while True:
                    await self._queued.wait()
                    while self._queue:
                        line, echoed = self._queue.popleft()
                        await self._exchange(port, line)
                        if echoed:
                            echoed()
                    self._queued.clear()
                    self.drained.set()
            except FaceplateError as error:
                self._change(LinkState.SILENT, error)
                await asyncio.sleep(PROBE_INTERVAL_S)

    async def _exchange(self, port: SerialPort, line: str) -> None:
        """Sends a line until the firmware has echoed it as it is. Raises FaceplateError."""
        self._previous, self._line = self._line, line
        loop = asyncio.get_running_loop()
        deaf_s = max(self._deaf_until - loop.time(), 0)
        timeout_s = deaf_s + (2 * len(line) + len(ECHO) + 3) * BYTE_S + ECHO_SLACK_S
        for attempt in range(ATTEMPTS):
            await self._end_of_test()
            self._answer = loop.create_future()
            # A first line end makes an end of whatever an interrupted or damaged line has left behind.
            first = "\n" if attempt or self.state is not LinkState.CONNECTED else ""
            port.write(f"{first}{line}\n".encode("ascii"))
            try:
                async with asyncio.timeout(timeout_s):
                    if await self._answer:
                        self._deaf_until = loop.time() + deaf_s_after(line)
                        return
            except TimeoutError:
                pass
            finally:
                self._answer = None
            _LOGGER.debug("no echo of %s", line)
        raise FaceplateError(f"no echo of {line}")

    async def _end_of_test(self) -> None:
        try:
            async with asyncio.timeout(TEST_S):
                await self._no_test.wait()
        except TimeoutError:
            self._no_test.set()

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
            self._in_step = True
            self._own_update = event.line.startswith("eyes.level=")
            if waiting and event.line == self._line:
                waiting.set_result(True)
            elif waiting and event.line not in ("", self._previous):  # those are late echoes of older attempts
                waiting.set_result(False)
        elif isinstance(event, Version):
            self.firmware = event.version
            self._version_known.set()
        elif isinstance(event, Banner):
            self._no_test.set()
            if waiting:
                waiting.set_result(False)  # what was sent is lost, and the firmware listens again
            self._on_event(event)
        elif self._update and line.isdecimal():
            self._report_brightness(int(line))
        elif isinstance(event, Turned | Pressed | Chosen):
            # The end of a damaged echo looks like an event where the command has such a text in it.
            if self._in_step and not (waiting and self._line.endswith(line)):
                self._follow_test(event)
                self._on_event(event)
        elif line != UPDATE:
            _LOGGER.debug("from the faceplate: %r", line)
        self._update = line == UPDATE

    def _report_brightness(self, level: int) -> None:
        """After "update" comes a level: from the menu, or in answer to eyes.level; only the echo before tells."""
        if not self._own_update:
            self._on_event(Brightness(level))
        self._own_update = False

    def _follow_test(self, event: Turned | Pressed | Chosen) -> None:
        """Sends nothing while the menu's test goes on: it would only be lost, and the face seem silent."""
        if event == Chosen(Choice.TEST_BEGIN):
            self._no_test.clear()
        elif event == Chosen(Choice.TEST_END):
            self._no_test.set()

    def _change(self, state: LinkState, why: object) -> None:
        if state is not LinkState.CONNECTED:
            self._queue.clear()
            self.drained.set()
        if state is self.state:
            _LOGGER.debug("faceplate still %s: %s", state, why)
            return
        self.state = state
        _LOGGER.log(
            logging.INFO if state is LinkState.CONNECTED else logging.WARNING, "faceplate %s: %s", state, why
        )
        self._on_state(state)
