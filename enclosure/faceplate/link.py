"""The faceplate's serial line: opens the port again and again, moves bytes, and keeps time for the exchange."""

import asyncio
import logging
from collections.abc import Callable

from enclosure.errors import FaceplateError
from enclosure.events import Brightness, Chosen, LinkState, Pressed, Turned
from enclosure.faceplate.exchange import Exchange
from enclosure.faceplate.protocol import VERSION, Banner, LineSplitter, Version
from enclosure.ports import SerialPort

PROBE_INTERVAL_S = 2.0
"""How long to wait before a silent faceplate is asked again, and before a missing port is opened again."""

_LOGGER = logging.getLogger(__name__)


class Link:
    """Owns the serial port: sends queued lines, and reports events.

    `on_event` gets what the faceplate reports by itself, `on_state` each change of state or firmware; `on_lost` is
    called when what the faceplate shows is not known any more, also if too many lines wait. None of them may wait.
    """

    def __init__(
        self,
        open_port: Callable[[], SerialPort],
        on_event: Callable[[Banner | Turned | Pressed | Chosen | Brightness], None],
        on_state: Callable[[LinkState], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._open_port = open_port
        self._on_event = on_event
        self._on_state = on_state
        self._on_lost = on_lost
        self._exchange = _opening()
        self._woken = asyncio.Event()
        self.state: LinkState | None = None
        self.firmware: str | None = None
        self.drained = asyncio.Event()
        """Set while the faceplate has read all that was sent."""
        self.drained.set()

    def send(self, line: str, echoed: Callable[[], object] | None = None) -> None:
        """Queues a line, or drops it while not connected; `echoed` is called when the firmware has read it."""
        if self.state is not LinkState.CONNECTED:
            return
        if not self._exchange.put(line, echoed):
            _LOGGER.debug("more than the faceplate can take")
            self._on_lost()
            return
        self.drained.clear()
        self._woken.set()

    def forget(self) -> None:
        """Drops the lines that wait."""
        self._exchange.forget()

    async def run(self) -> None:
        """Keeps the link up until cancelled."""
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
        self._exchange = _opening()
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
                await self._converse(port)
            except FaceplateError as error:
                self._exchange = _opening()
                self._change(LinkState.SILENT, error)
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def _converse(self, port: SerialPort) -> None:
        """Sends what may be sent. Raises FaceplateError when the faceplate does not answer."""
        loop = asyncio.get_running_loop()
        exchange = self._exchange
        while True:
            while (data := exchange.send(loop.time())) is not None:
                _LOGGER.debug("to the faceplate: %r", data)
                port.write(data.encode("ascii"))
            if exchange.idle:
                self.drained.set()
            try:
                async with asyncio.timeout_at(exchange.due):
                    await self._woken.wait()
            except TimeoutError:
                if exchange.late(loop.time()):
                    self._on_lost()
            self._woken.clear()

    async def _read(self, port: SerialPort) -> None:
        splitter = LineSplitter()
        while True:
            for line in splitter.feed(await port.read()):
                _LOGGER.debug("from the faceplate: %r", line)
                self._receive(line)

    def _receive(self, line: str) -> None:
        report = self._exchange.receive(line, asyncio.get_running_loop().time())
        self._woken.set()
        match report:
            case Version(version):
                self.firmware = version
                self._change(LinkState.CONNECTED, f"firmware {version}")
            case Banner() if self.state is not LinkState.CONNECTED:
                pass  # it will be asked for its version
            case Banner(version) if version != self.firmware:
                self.firmware = version
                self._on_state(LinkState.CONNECTED)
            case Banner() | Turned() | Pressed() | Chosen() | Brightness():
                self._on_event(report)

    def _change(self, state: LinkState, why: object) -> None:
        if state is not LinkState.CONNECTED:
            self.drained.set()
        if state is self.state:
            _LOGGER.debug("faceplate still %s: %s", state, why)
            return
        self.state = state
        level = logging.INFO if state is LinkState.CONNECTED else logging.WARNING
        _LOGGER.log(level, "faceplate %s: %s", state, why)
        self._on_state(state)


def _opening() -> Exchange:
    """A conversation that begins with the question for the version."""
    exchange = Exchange()
    exchange.put(VERSION)
    return exchange
