"""enclosure.eyes.*, enclosure.mouth.* and the like -> the face, and what it tells of itself -> the bus."""

import asyncio
import base64
import binascii
import os
import stat
from collections.abc import Callable
from functools import partial
from typing import Any

from bus.client.dispatch import Dispatcher, Emit, is_local
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import PayloadError
from bus.message import Message
from enclosure import artwork, display, icons
from enclosure.display import Bitmap, Command, MouthCommand
from enclosure.events import FaceplateState
from enclosure.faceplate.text import displayable
from enclosure.handlers.buttons import PLAYING
from enclosure.images import MAX_BYTES, decode_image
from enclosure.ports import Face

NEWEST_FIRMWARE = "1.4.2"
"""The last one that there is."""

NO_INTERNET_INTERVAL_S = 30.0
"""mycroft-core says it no more often."""


def placed(bitmap: Bitmap, x: int, y: int, clear: bool) -> Command | None:
    """What of a picture is on the mouth; where nothing of it is, at most the rest is emptied."""
    shown = bitmap.shifted(x, y)
    if not shown.columns or not shown.height:
        return display.MouthAction.RESET if clear else None
    return display.MouthIcon(shown, max(x, 0), max(y, 0), clear)


def picture(img_code: str, xOffset: int, yOffset: int, clearPrev: bool) -> Command | None:  # noqa: N803  # as in the message
    """The picture of a code."""
    try:
        return placed(icons.decode(img_code), xOffset, yOffset, clearPrev)
    except ValueError as error:
        raise PayloadError(f"img_code: {error}") from error


def fill(percentage: float) -> Command:
    """The eyes as a gauge; one pixel is lit at 0 %."""
    return display.EyesFill(round(23 * percentage / 100))


def setpixel(idx: int, r: int, g: int, b: int) -> Command:
    """One pixel of the eyes."""
    return display.EyesPixel(idx, display.EyesColor(r, g, b))


def timedspin(length: int) -> Command:
    """A spin of so many ms."""
    return display.EyesTimedSpin(max(length, 1))


def weather(img_code: int, temp: object) -> Command:
    """A picture of the weather, and the temperature."""
    try:
        degrees = round(float(str(temp).strip().removesuffix("°")))
    except (ValueError, OverflowError):
        raise PayloadError("temp is not a number") from None
    if not -99 <= degrees <= 999:
        raise PayloadError("temp is not between -99 and 999")
    return display.Weather(str(degrees), artwork.WEATHER[img_code])


def viseme(code: object) -> MouthCommand:
    """The mouth of a sound."""
    if str(code) not in {*"0123456"}:
        raise PayloadError("code is none of 0 to 6")
    return display.MouthViseme(int(str(code)))


def written(text: str, repeat: bool = True) -> Command:
    """A text; none empties the mouth."""
    shown = displayable(text)
    return display.MouthText(shown, repeat) if shown else display.MouthAction.RESET


_SHOWN: dict[Topic, Callable[..., Command | None]] = {
    topics.EYES_ON: lambda: display.EyesAction.ON,
    topics.EYES_OFF: lambda: display.EyesAction.OFF,
    topics.EYES_RESET: lambda: display.EyesAction.RESET,
    topics.EYES_SPIN: lambda: display.EyesAction.SPIN,
    topics.EYES_NARROW: lambda: display.EyesAction.NARROW,
    topics.EYES_WIDEN: lambda: display.EyesAction.WIDEN,
    topics.EYES_UNLOOK: lambda: display.EyesAction.UNLOOK,
    topics.EYES_BLINK: display.EyesBlink,
    topics.EYES_COLOR: display.EyesColor,
    topics.EYES_LEVEL: display.EyesLevel,
    topics.EYES_VOLUME: display.EyesVolume,
    topics.EYES_LOOK: display.EyesLook,
    topics.EYES_SETPIXEL: setpixel,
    topics.EYES_FILL: fill,
    topics.EYES_TIMEDSPIN: timedspin,
    topics.MOUTH_RESET: lambda: display.MouthAction.RESET,
    topics.MOUTH_SMILE: lambda: display.MouthIcon(artwork.SMILE, 0, 0, clear=True),
    topics.MOUTH_TEXT: written,
    topics.MOUTH_DISPLAY: picture,
    topics.WEATHER_DISPLAY: weather,
    topics.DISPLAY_DATE: written,
    topics.DISPLAY_TIME: written,
    topics.FACEPLATE_RESET: lambda: display.SystemAction.RESET,
    topics.FACEPLATE_MUTE: lambda: display.SystemAction.MUTE,
    topics.FACEPLATE_UNMUTE: lambda: display.SystemAction.UNMUTE,
    topics.FACEPLATE_BLINK: display.SystemBlink,
}
"""What a skill puts on the face."""

_PASSING: dict[Topic, Callable[..., MouthCommand]] = {
    topics.MOUTH_TALK: lambda: display.MouthAction.TALK,
    topics.MOUTH_LISTEN: lambda: display.MouthAction.LISTEN,
    topics.MOUTH_THINK: lambda: display.MouthAction.THINK,
    topics.MOUTH_VISEME: viseme,
}
"""What passes over the mouth."""


_NOTE = display.MouthIcon(artwork.NOTE, 12, 0, clear=True)
_MUSIC_BEGINS = (topics.AUDIO_SERVICE_PLAY, topics.COMMON_PLAY_PLAY)
_MUSIC_ENDS = (topics.AUDIO_SERVICE_STOP, topics.AUDIO_QUEUE_END, topics.COMMON_PLAY_STOP, topics.STOP)


class FaceplateHandler:
    """Shows what messages ask for.

    Speech and listening move the mouth by themselves, unless a skill has told them not to. What a skill has left
    on the mouth is not wiped by the end of speech, but the next question clears it away. Music shows a note where
    there is nothing else to see. What goes on in a remote satellite's session moves nothing here.
    """

    def __init__(self, faceplate: Face, dispatcher: Dispatcher, emit: Emit) -> None:
        self._faceplate = faceplate
        self._emit = emit
        self._reacts = True
        self._no_internet_told = -NO_INTERNET_INTERVAL_S
        self._state: FaceplateState | None = None
        self._started = False
        self._telling = asyncio.Lock()
        self._music = False
        for topic, make in _SHOWN.items():
            dispatcher.on(topic, partial(self._show, make))
        for topic, make in _PASSING.items():
            dispatcher.on(topic, partial(self._react, make))
        dispatcher.on(topics.MOUTH_DISPLAY_IMAGE, self._display_image)
        dispatcher.on(topics.MOUTH_EVENTS_ACTIVATE, partial(self._follow, True))
        dispatcher.on(topics.MOUTH_EVENTS_DEACTIVATE, partial(self._follow, False))
        dispatcher.on(topics.RECORD_BEGIN, self._on_record_begin)
        dispatcher.on(topics.AUDIO_OUTPUT_START, partial(self._react, lambda: display.MouthAction.TALK))
        for topic in (topics.RECORD_END, topics.AUDIO_OUTPUT_END, topics.STOP):
            dispatcher.on(topic, self._rest)
        for topic in _MUSIC_BEGINS:
            dispatcher.on(topic, partial(self._on_music, True))
        for topic in _MUSIC_ENDS:
            dispatcher.on(topic, partial(self._on_music, False))
        dispatcher.on(topics.PLAYER_STATE, self._on_player_state)
        dispatcher.on(topics.ENCLOSURE_RESET, self._on_reset)
        dispatcher.on(topics.NO_INTERNET, self._on_no_internet)
        dispatcher.on(topics.EYES_RGB_GET, self._on_rgb_get)
        dispatcher.on(topics.FIRMWARE_VERSION_GET, self._on_version_get)
        dispatcher.on(topics.CONNECTED, self._on_connected)

    async def take(self, event: object) -> None:
        """Says on the bus that the faceplate has come or gone. Raises BusUnavailableError."""
        if isinstance(event, FaceplateState):
            self._state = event
            await self._tell_state()

    async def _on_connected(self, _: Message) -> None:
        await self._tell_state()  # who was not on the bus when it changed has not heard of it

    async def _tell_state(self) -> None:
        async with self._telling:
            if self._state is None:
                return
            data = {"state": self._state.state, "firmware": self._state.firmware}
            await self._emit(Message(topics.FACEPLATE_STATE.name, data))
            if self._state.firmware and not self._started:
                await self._emit(Message(topics.ENCLOSURE_STARTED.name))
                self._started = True

    async def _show(self, make: Callable[..., Command | None], _: Message, **fields: Any) -> None:
        command = make(**fields)
        if command is not None:
            self._faceplate.show(command)

    async def _react(self, make: Callable[..., MouthCommand], message: Message, **fields: Any) -> None:
        command = make(**fields)
        if self._reacts and is_local(message):
            self._faceplate.react(command)

    async def _follow(self, reacts: bool, _: Message) -> None:
        self._reacts = reacts
        if not reacts:
            self._faceplate.react(None)
        self._show_note()

    async def _on_record_begin(self, message: Message) -> None:
        if self._reacts and is_local(message):
            self._faceplate.show(display.MouthAction.RESET)
            self._faceplate.react(display.MouthAction.LISTEN)

    async def _rest(self, message: Message) -> None:
        if is_local(message):
            self._faceplate.react(None)

    async def _on_music(self, plays: bool, message: Message) -> None:
        if is_local(message):
            self._music = plays
            self._show_note()

    async def _on_player_state(self, message: Message, state: int) -> None:
        await self._on_music(state == PLAYING, message)

    def _show_note(self) -> None:
        self._faceplate.idle(_NOTE if self._music and self._reacts else None)

    async def _on_reset(self, _: Message) -> None:
        self._faceplate.react(None)
        self._faceplate.show(display.EyesAction.RESET)
        self._faceplate.show(display.MouthAction.RESET)

    async def _on_no_internet(self, _: Message) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._no_internet_told >= NO_INTERNET_INTERVAL_S:
            self._no_internet_told = now
            self._faceplate.show(written("no internet", repeat=False))

    async def _on_rgb_get(self, message: Message) -> None:
        pixels = [[pixel.r, pixel.g, pixel.b] for pixel in self._faceplate.pixels]
        await self._emit(message.reply(topics.EYES_RGB.name, {"pixels": pixels}))

    async def _on_version_get(self, message: Message) -> None:
        data = {"version": self._faceplate.firmware, "supported": NEWEST_FIRMWARE}
        await self._emit(message.reply(topics.FIRMWARE_VERSION.name, data))

    async def _display_image(
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

        try:
            bitmap = await asyncio.to_thread(load)
        except (ValueError, OSError) as error:
            raise PayloadError(f"image: {error}") from error
        await self._show(partial(placed, bitmap, xOffset, yOffset, clearPrev), message)


def _image_bytes(path: str | None, text: str | None) -> bytes:
    """The bytes of an image from one of two places. Raises ValueError or OSError."""
    if text is not None:
        if len(text) > 2 * MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError(f"not base64: {error}") from error
    if path is None:
        raise ValueError("neither img_path nor img_b64")
    # Opening a device or a pipe could wait for ever, or do something.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
