"""Puts the enclosure together: drivers, handlers, bus."""

import asyncio
import contextlib
import logging
from pathlib import Path

from bus.client.client import BusClient
from bus.client.dispatch import Dispatcher
from bus.daemon.runner import notify, watched
from bus.errors import BusUnavailableError
from enclosure.config import Profile, VolumeSettings
from enclosure.drivers.alsa import AlsaMixer
from enclosure.drivers.null import NullFace
from enclosure.drivers.serial import AsyncSerial
from enclosure.events import Event, FaceplateState
from enclosure.faceplate.device import FaceplateDevice
from enclosure.handlers.buttons import ButtonHandler
from enclosure.handlers.faceplate import FaceplateHandler
from enclosure.handlers.lifecycle import LifecycleHandler
from enclosure.handlers.menu import MenuHandler
from enclosure.handlers.visemes import VisemeHandler
from enclosure.handlers.volume import VolumeHandler
from enclosure.state import State

FRESH_S = 1.0
"""How long what somebody does at knob and button may wait for the bus. Later it is not what he wants any more: the
device would start to listen to somebody who has long given up."""

LAST_LOOK_S = 0.9
"""How long the face gets at the end for what it should look like without us. A daemon has 2 s to stop, and a bus
that hangs takes 1 s of them."""

_LOGGER = logging.getLogger(__name__)


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
    """Runs the enclosure until it is cancelled; a part of it that fails takes the whole down.

    Without a serial port it has no face.
    """
    bus = BusClient(bus_url)
    dispatcher = Dispatcher(bus.emit)
    state = State(state_path)
    state.load()
    events: asyncio.Queue[tuple[float, Event | FaceplateState]] = asyncio.Queue()

    def on_event(event: Event | FaceplateState) -> None:
        if not menu.take(event):
            events.put_nowait((asyncio.get_running_loop().time(), event))

    faceplate = (
        FaceplateDevice(lambda: AsyncSerial(serial_port, serial_rate), on_event) if serial_port else NullFace()
    )
    control = volume_settings.control
    mixer = AlsaMixer(mixer_device, [control] if control else profile.mixer_controls)
    face = FaceplateHandler(faceplate, dispatcher, bus.emit)
    visemes = VisemeHandler(faceplate, dispatcher)
    volume = VolumeHandler(
        mixer,
        faceplate,
        dispatcher,
        bus.emit,
        full=volume_settings.max or profile.volume_max,
        settings=volume_settings,
        state=state,
    )
    lifecycle = LifecycleHandler(faceplate, dispatcher, bus.emit, state)

    async def forward_events() -> None:
        heard = True
        while True:
            happened_at, event = await events.get()
            try:
                async with asyncio.timeout_at(happened_at + FRESH_S):
                    await face.take(event)
                    await buttons.take(event)
                heard = True
            except (TimeoutError, BusUnavailableError):
                # Loud once per outage; after that it is no news.
                _LOGGER.log(logging.WARNING if heard else logging.DEBUG, "no bus to tell of %s", event)
                heard = False

    async with asyncio.TaskGroup() as devices:
        showing = devices.create_task(faceplate.run())
        menu = MenuHandler(faceplate, lifecycle, dispatcher, bus.emit, devices)
        try:
            async with asyncio.TaskGroup() as group:
                buttons = ButtonHandler(dispatcher, bus.emit, group, profile.press)
                group.create_task(state.run())
                group.create_task(volume.run())
                group.create_task(forward_events())
                group.create_task(bus.run(watched(dispatcher), patterns=dispatcher.patterns))
                group.create_task(lifecycle.boot(profile.boot_timeout_s))
                notify("READY=1")
                await asyncio.get_running_loop().create_future()
        finally:  # now nobody tells the face anything any more
            menu.stop()
            visemes.stop()
            lifecycle.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_LOOK_S):
                    await faceplate.flush()
            showing.cancel()
