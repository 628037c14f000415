"""enclosure.eyes.*, enclosure.mouth.* and the like to the display, and its state to the bus."""

import asyncio
import base64
import binascii
import os
import stat
from collections.abc import Callable
from functools import partial
from typing import Any

from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.errors import PayloadError
from bus.message import Message
from enclosure.content import ANIMATIONS, CONTENT, placed
from enclosure.display import Bitmap, Command, EyesAction, MouthAction
from enclosure.events import Event, FaceplateState
from enclosure.handlers.session import local
from enclosure.images import MAX_BYTES, decode_image
from enclosure.ports import Display
from enclosure.router import Report

NEWEST_FIRMWARE = "1.4.2"
"""The last firmware of the faceplate that was published."""

LOAD_TIMEOUT_S = 5.0
"""How long an image may take to load; a file on a network mount may hang for good. An SD card takes some ms."""

NO_INTERNET_INTERVAL_S = 30.0
"""The shortest time between two notifications; mycroft-core's own."""


class DisplayHandler:
    """Shows what messages ask for, and answers what is asked about the display."""

    def __init__(self, display: Display, dispatcher: Dispatcher, emit: Emit, report: Report) -> None:
        self._display = display
        self._emit = emit
        self._report = report
        self._no_internet_at = -NO_INTERNET_INTERVAL_S
        self._state: FaceplateState | None = None
        self._started = False
        self._loading: asyncio.Future[Bitmap] | None = None
        """The last image that was to be loaded, in a thread."""
        for topic, make in CONTENT.items():
            dispatcher.on(topic, partial(self._show, make))
        for topic, make in ANIMATIONS.items():
            dispatcher.on(topic, local(partial(self._show, make)))
        dispatcher.on(topics.MOUTH_DISPLAY_IMAGE, self._on_display_image)
        dispatcher.on(topics.ENCLOSURE_RESET, self._on_reset)
        dispatcher.on(topics.NO_INTERNET, self._on_no_internet)
        dispatcher.on(topics.EYES_RGB_GET, self._on_rgb_get)
        dispatcher.on(topics.MOUTH_PIXELS_GET, self._on_mouth_pixels_get)
        dispatcher.on(topics.FIRMWARE_VERSION_GET, self._on_version_get)
        for topic in (topics.CONNECTED, topics.REPORT_PARTS):
            dispatcher.on(topic, self._on_state_wanted)

    def handle(self, event: Event) -> bool:
        """Reports that the faceplate has come or gone."""
        if not isinstance(event, FaceplateState):
            return False
        self._state = event
        self._report_state()
        return True

    async def _on_state_wanted(self, _: Message) -> None:
        self._report_state()  # after a connection: the change may have been missed while the bus was away

    def _report_state(self) -> None:
        if self._state is None:
            return
        data = {"state": self._state.state, "firmware": self._state.firmware}
        self._report(Message(topics.FACEPLATE_STATE.name, data))
        if self._state.firmware and not self._started:
            self._started = True
            self._report(Message(topics.ENCLOSURE_STARTED.name), self._on_start_not_reported)

    def _on_start_not_reported(self) -> None:
        self._started = False

    async def _show(self, make: Callable[..., Command | None], _: Message, **fields: Any) -> None:
        command = make(**fields)
        if command is not None:
            self._display.show(command)

    async def _on_reset(self, _: Message) -> None:
        self._display.show(EyesAction.RESET)
        self._display.show(MouthAction.RESET)

    async def _on_no_internet(self, _: Message) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._no_internet_at >= NO_INTERNET_INTERVAL_S:
            self._no_internet_at = now
            self._display.notify("NO INTERNET")

    async def _on_rgb_get(self, message: Message) -> None:
        pixels = [[pixel.r, pixel.g, pixel.b] for pixel in self._display.pixels]
        await self._emit(message.reply(topics.EYES_RGB.name, {"pixels": pixels}))

    async def _on_mouth_pixels_get(self, message: Message) -> None:
        await self._emit(message.reply(topics.MOUTH_PIXELS.name, {"rows": self._display.mouth.rows}))

    async def _on_version_get(self, message: Message) -> None:
        data = {"version": self._display.firmware, "supported": NEWEST_FIRMWARE}
        await self._emit(message.reply(topics.FIRMWARE_VERSION.name, data))

    async def _on_display_image(
        self,
        message: Message,
        *,
        img_path: str | None,
        img_b64: str | None,
        xOffset: int,  # noqa: N803  # as in the message
        yOffset: int,  # noqa: N803
        invert: bool,
        clearPrev: bool,  # noqa: N803
        threshold: int,
    ) -> None:
        def load() -> Bitmap:
            return decode_image(_image_bytes(img_path, img_b64), threshold=threshold, invert=invert)

        # A thread that hangs cannot be ended, so there is never a second one.
        if self._loading is not None and not self._loading.done():
            raise PayloadError("image: the one before hangs")
        self._loading = asyncio.get_running_loop().run_in_executor(None, load)
        loaded, _ = await asyncio.wait((self._loading,), timeout=LOAD_TIMEOUT_S)
        if not loaded:
            raise PayloadError(f"image: not loaded within {LOAD_TIMEOUT_S:g} s")
        try:
            bitmap = self._loading.result()
        except (ValueError, OSError) as error:
            raise PayloadError(f"image: {error}") from error
        await self._show(partial(placed, bitmap, xOffset, yOffset, clearPrev), message)


def _image_bytes(path: str | None, text: str | None) -> bytes:
    """The bytes of an image, from a file or from the message. Raises ValueError or OSError."""
    if text is not None:
        if len(text) > 2 * MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError(f"not base64: {error}") from error
    if path is None:
        raise ValueError("neither img_path nor img_b64")
    # To open a device or a pipe could block, or have an effect; so could a file of the kernel, such as /proc/kmsg,
    # which has no size. O_PATH opens nothing, and what it has found cannot be replaced before it is read.
    found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        status = os.fstat(found)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        if not status.st_size:
            raise ValueError("an empty file")
        with open(f"/proc/self/fd/{found}", "rb") as file:  # noqa: PTH123  # a Path would resolve the link
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(found)
