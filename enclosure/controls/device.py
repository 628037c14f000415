"""The Controls port on the lines of a chip: what it reports, and what it does while the chip is away."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable

from enclosure.controls.panel import Panel
from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, PartState
from enclosure.ports import Lines

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 30.0
"""How long a chip that cannot be used is left alone: a module that is loaded late, or a rival that ends."""

PART = "controls"

_LOGGER = logging.getLogger(__name__)


class ControlsDevice:
    """Reads lines, and reports gestures and the state of the lines."""

    def __init__(self, lines: Lines, panel: Panel, on_event: Callable[[Event], None]) -> None:
        self._lines = lines
        self._panel = panel
        self._on_event = on_event
        self._state: BoardState | None = None

    async def run(self) -> None:
        """Reads until cancelled; lines that cannot be used are opened again and again."""
        retry_s = RETRY_FIRST_S
        while True:
            try:
                levels = self._lines.open()
                retry_s = RETRY_FIRST_S
                self._enter(BoardState(PART, PartState.CONNECTED))
                self._report(self._panel.start(levels))
                await self._read()
            except BoardError as error:
                self._enter(BoardState.lost(PART, error))
            finally:
                self._lines.close()
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, RETRY_MAX_S)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._panel.deadline):
                    await self._lines.wait()
            for edge in self._lines.read():  # also after the deadline: an edge may have come just before it
                self._report(self._panel.edge(edge))
            self._report(self._panel.elapse(loop.time()))

    def _enter(self, state: BoardState) -> None:
        if state == self._state:
            return
        self._state = state
        connected = state.state is PartState.CONNECTED
        _LOGGER.log(logging.INFO if connected else logging.WARNING, "controls: %s", state.detail or state.state)
        self._on_event(state)

    def _report(self, events: Iterable[Event]) -> None:
        for event in events:
            self._on_event(event)
