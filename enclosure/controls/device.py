"""The Controls port on the lines of a chip: what it reports, and what it does while the chip is away."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from enclosure.controls.panel import Panel
from enclosure.errors import BoardError
from enclosure.events import Event
from enclosure.ports import Lines
from enclosure.presence import Presence


class ControlsDevice:
    """Reads lines, and reports gestures and the state of the lines."""

    def __init__(self, lines: Lines, panel: Panel, on_event: Callable[[Event], None]) -> None:
        self._lines = lines
        self._panel = panel
        self._on_event = on_event
        self._presence = Presence("controls", on_event)

    async def run(self) -> None:
        """Reads until cancelled; lines that cannot be used are opened again and again."""
        while True:
            try:
                levels = self._lines.open()
                self._presence.connected()
                self._report(self._panel.start(levels))
                await self._read()
            except BoardError as error:
                retry_s = self._presence.lost(error)
            finally:
                self._lines.close()
            await asyncio.sleep(retry_s)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._panel.deadline):
                    await self._lines.wait()
            for edge in self._lines.read():  # also after the deadline: an edge may have come just before it
                self._report(self._panel.edge(edge))
            self._report(self._panel.elapse(loop.time()))

    def _report(self, events: Iterable[Event]) -> None:
        for event in events:
            self._on_event(event)
