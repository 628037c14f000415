"""Puts the enclosure together: drivers, handlers, bus."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bus.client.client import BusClient
from bus.client.dispatch import Dispatcher
from bus.daemon.runner import notify, watched
from bus.message import Message
from enclosure.board import Profile
from enclosure.config import VolumeSettings
from enclosure.events import Event
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.admin import AdminHandler
from enclosure.handlers.board import BoardHandler
from enclosure.handlers.boot import BootHandler
from enclosure.handlers.controls import ControlsHandler
from enclosure.handlers.display import DisplayHandler
from enclosure.handlers.leaving import LeavingHandler
from enclosure.handlers.menu import MenuHandler
from enclosure.handlers.rest import RestHandler
from enclosure.handlers.switches import SwitchHandler
from enclosure.handlers.visemes import VisemeHandler
from enclosure.handlers.volume import VolumeHandler
from enclosure.handlers.wifi import WifiHandler
from enclosure.parts import controls_of, display_of, mixer_of, summary_of
from enclosure.ports import Controls, Display, Mixer
from enclosure.router import Router
from enclosure.state import SavedState

LAST_LOOK_S = 0.9
"""How long the display may take for its last look. A daemon has 2 s to stop, and a bus that hangs takes 1 s of
them."""


class Bus(Protocol):
    """What the enclosure needs of a bus client."""

    async def emit(self, message: Message) -> None:
        """Sends a message. Raises BusUnavailableError."""

    async def run(self, handle: Callable[[Message], Awaitable[None]], *, patterns: Sequence[str]) -> None:
        """Hands the messages whose types match a pattern to `handle`, until cancelled."""


class Enclosure:
    """The handlers of one device. They act on messages through `dispatcher`, and on events through `router`."""

    def __init__(
        self,
        bus: Bus,
        make_display: Callable[[Callable[[Event], None]], Display],
        mixer: Mixer,
        *,
        profile: Profile,
        settings: VolumeSettings,
        saved: SavedState,
        make_controls: Callable[[Callable[[Event], None]], Controls] | None = None,
    ) -> None:
        self._bus = bus
        self._saved = saved
        self._boot_timeout_s = profile.boot_timeout_s
        emit = bus.emit
        self.dispatcher = Dispatcher(emit)
        self.router = Router(emit)
        report = self.router.report
        self.display = make_display(self.router.handle)
        self.controls = make_controls(self.router.handle) if make_controls else None
        # The handlers of a message are called in this order.
        on_display = DisplayHandler(self.display, self.dispatcher, emit, report)
        self.activity = ActivityHandler(self.display, self.dispatcher, emit)
        self.boot = BootHandler(self.activity, self.dispatcher, emit)
        self.leaving = LeavingHandler(self.activity, self.dispatcher)
        self.rest = RestHandler(self.display, self.dispatcher, emit, saved)
        self.visemes = VisemeHandler(self.display, self.dispatcher)
        self.volume = VolumeHandler(
            mixer,
            self.display,
            self.dispatcher,
            emit,
            report,
            on_event=self.router.handle,
            full=settings.max or profile.volume_max,
            settings=settings,
            saved=saved,
        )
        self.menu = MenuHandler(self.display, self.leaving, self.dispatcher, report)
        has_menu = profile.serial_port is not None  # that of the faceplate
        wifi = WifiHandler(self.display, self.activity, self.dispatcher, report, has_menu=has_menu)
        AdminHandler(self.activity, self.leaving, wifi, self.dispatcher, report)
        switches = SwitchHandler(self.display, self.activity, self.dispatcher, report)
        on_controls = ControlsHandler(
            self.volume, self.activity, self.visemes, switches, report, buttons=profile.buttons
        )
        board = BoardHandler(self.dispatcher, report, summary_of(profile))
        # An open question owns the controls, so the menu comes first.
        handlers = (self.menu, self.rest, on_controls, switches, on_display, board)
        self.router.connect(*(handler.handle for handler in handlers))

    async def run(self) -> None:
        """Runs all parts until cancelled; the display is closed last."""
        async with asyncio.TaskGroup() as devices:
            showing = devices.create_task(self.display.run())
            try:
                async with asyncio.TaskGroup() as group:
                    self.rest.restore()
                    group.create_task(self._saved.run())
                    group.create_task(self.volume.run())
                    if self.controls is not None:
                        group.create_task(self.controls.run())
                    group.create_task(self.router.run())
                    group.create_task(self._bus.run(watched(self.dispatcher), patterns=self.dispatcher.patterns))
                    group.create_task(self.boot.run(self._boot_timeout_s))
                    notify("READY=1")
            finally:  # no more messages; and from here on no events
                self.router.connect()
                self.menu.stop()
                self.visemes.stop()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LAST_LOOK_S):
                        await self.display.close()
                showing.cancel()


async def enclosure(
    bus_url: str,
    profile: Profile,
    serial_port: str | None,
    serial_rate: int,
    mixer_device: str,
    *,
    volume_settings: VolumeSettings,
    state_path: Path,
) -> None:
    """Runs the enclosure until it is cancelled; if a part of it fails, all of it ends.

    Without a serial port and LEDs it has no display.
    """

    saved = SavedState(state_path)
    saved.load()
    await Enclosure(
        BusClient(bus_url),
        display_of(profile, serial_port, serial_rate),
        mixer_of(profile, mixer_device, volume_settings.control),
        profile=replace(profile, serial_port=serial_port),
        settings=volume_settings,
        saved=saved,
        make_controls=controls_of(profile),
    ).run()
