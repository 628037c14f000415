"""Puts the enclosure together: drivers, handlers, bus."""

import asyncio
import logging
from pathlib import Path

from bus.client import BusClient
from bus.dispatch import Dispatcher
from bus.errors import BusUnavailableError
from bus.service import notify
from enclosure.config import Profile, VolumeSettings
from enclosure.drivers.alsa import AlsaMixer
from enclosure.drivers.null import NullFace
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import FaceplateDevice, FaceplateState
from enclosure.faceplate.frames import Event
from enclosure.handlers.buttons import ButtonHandler
from enclosure.handlers.faceplate import FaceplateHandler
from enclosure.handlers.lifecycle import LifecycleHandler
from enclosure.handlers.menu import MenuHandler
from enclosure.handlers.visemes import VisemeHandler
from enclosure.handlers.volume import VolumeHandler
from enclosure.state import State

EVENT_LIMIT = 64
"""Events of knob and button that may wait for a bus that is away; somebody has long given up by then."""

LAST_LOOK_S = 1.0
"""How long the face gets at the end for what it should look like without us; a daemon has 2 s to stop."""

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
    events: asyncio.Queue[Event | FaceplateState] = asyncio.Queue(EVENT_LIMIT)

    def on_event(event: Event | FaceplateState) -> None:
        if menu.take(event):
            return
        if events.full():
            _LOGGER.warning("dropped %s: the bus does not take it", events.get_nowait())
        events.put_nowait(event)

    faceplate = (
        FaceplateDevice(lambda: AsyncSerial(serial_port, serial_rate), on_event) if serial_port else NullFace()
    )
    control = volume_settings.control
    mixer = AlsaMixer(mixer_device, [control] if control else profile.mixer_controls)
    face = FaceplateHandler(faceplate, dispatcher, bus.emit)
    VisemeHandler(faceplate, dispatcher)
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
        while True:
            event = await events.get()
            try:
                await face.take(event)
                await buttons.take(event)
            except BusUnavailableError as error:
                _LOGGER.warning("%s", error)

    async with asyncio.TaskGroup() as group:
        buttons = ButtonHandler(dispatcher, bus.emit, group, profile.press)
        menu = MenuHandler(faceplate, lifecycle, dispatcher, bus.emit, group)
        group.create_task(state.run())
        group.create_task(volume.run())
        group.create_task(faceplate.run())
        group.create_task(forward_events())
        group.create_task(bus.run(dispatcher))
        group.create_task(lifecycle.boot(profile.boot_timeout_s))
        notify("READY=1")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            lifecycle.stop()
            await asyncio.wait([group.create_task(faceplate.flush())], timeout=LAST_LOOK_S)
