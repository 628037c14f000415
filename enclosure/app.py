"""Puts the enclosure together: drivers, handlers, bus."""

import asyncio
import logging

from bus.client import BusClient
from bus.dispatch import Dispatcher
from bus.errors import BusUnavailableError
from bus.service import notify
from enclosure.config import Profile
from enclosure.drivers.alsa import AlsaMixer
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import FaceplateDevice, FaceplateState
from enclosure.faceplate.frames import Event
from enclosure.handlers.buttons import ButtonHandler
from enclosure.handlers.faceplate import FaceplateHandler
from enclosure.handlers.visemes import VisemeHandler
from enclosure.handlers.volume import VolumeHandler

EVENT_LIMIT = 64
"""Events of knob and button that may wait for a bus that is away; somebody has long given up by then."""

_LOGGER = logging.getLogger(__name__)


async def enclosure(bus_url: str, profile: Profile, serial_port: str, serial_rate: int, mixer_device: str) -> None:
    """Runs the enclosure until it is cancelled; a part of it that ends takes the whole down."""
    bus = BusClient(bus_url)
    dispatcher = Dispatcher(bus.emit)
    events: asyncio.Queue[Event | FaceplateState] = asyncio.Queue(EVENT_LIMIT)

    def on_event(event: Event | FaceplateState) -> None:
        if events.full():
            _LOGGER.warning("dropped %s: the bus does not take it", events.get_nowait())
        events.put_nowait(event)

    faceplate = FaceplateDevice(lambda: AsyncSerial(serial_port, serial_rate), on_event)
    mixer = AlsaMixer(mixer_device, profile.mixer_controls)
    face = FaceplateHandler(faceplate, dispatcher, bus.emit)
    VisemeHandler(faceplate, dispatcher)
    VolumeHandler(mixer, profile.volume_max, faceplate, dispatcher, bus.emit)
    buttons = ButtonHandler(dispatcher, bus.emit)

    async def forward_events() -> None:
        while True:
            event = await events.get()
            try:
                await face.take(event)
                await buttons.take(event)
            except BusUnavailableError as error:
                _LOGGER.warning("%s", error)

    async with asyncio.TaskGroup() as group:
        group.create_task(faceplate.run())
        group.create_task(forward_events())
        group.create_task(bus.run(dispatcher))
        notify("READY=1")
