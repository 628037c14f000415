"""enclosure.eyes.* and enclosure.mouth.* -> the face, and what the face does by itself while one talks with it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from bus import topics
from bus.dispatch import Dispatcher
from bus.errors import PayloadError
from bus.message import Message
from bus.topic import Topic
from enclosure.faceplate import frames, icons
from enclosure.faceplate.frames import Command
from enclosure.faceplate.text import displayable
from enclosure.ports import Faceplate


def blink(side: str) -> Command:
    """A blink of the right, the left or both eyes."""
    if side not in ("r", "l", "b"):
        raise PayloadError("side is none of r, l, b")
    return frames.EyesBlink(side)


def picture(img_code: str, xOffset: int, yOffset: int, clearPrev: bool) -> Command:  # noqa: N803  # as in the message
    """What of a picture is on the mouth; nothing of it at all empties the mouth."""
    try:
        bitmap = icons.decode(img_code).shifted(xOffset, yOffset)
    except ValueError as error:
        raise PayloadError(f"img_code: {error}") from error
    if not bitmap.columns or not bitmap.height:
        return frames.MOUTH_RESET
    return frames.MouthIcon(bitmap, max(xOffset, 0), max(yOffset, 0), clearPrev)


_EYES: dict[Topic, Callable[..., Command]] = {
    topics.EYES_ON: lambda: frames.EYES_ON,
    topics.EYES_OFF: lambda: frames.EYES_OFF,
    topics.EYES_RESET: lambda: frames.EYES_RESET,
    topics.EYES_SPIN: lambda: frames.EYES_SPIN,
    topics.EYES_BLINK: blink,
    topics.EYES_COLOR: frames.EyesColor,
    topics.EYES_LEVEL: frames.EyesLevel,
    topics.EYES_VOLUME: frames.EyesVolume,
}
_MOUTH: dict[Topic, Callable[..., Command]] = {
    topics.MOUTH_RESET: lambda: frames.MOUTH_RESET,
    topics.MOUTH_TALK: lambda: frames.MOUTH_TALK,
    topics.MOUTH_LISTEN: lambda: frames.MOUTH_LISTEN,
    topics.MOUTH_THINK: lambda: frames.MOUTH_THINK,
    topics.MOUTH_TEXT: lambda text: frames.MouthText(displayable(text)),
    topics.MOUTH_DISPLAY: picture,
}


class FaceplateHandler:
    """Shows what messages ask for.

    Speech and listening move the mouth by themselves. They take back only what they have put there, so that the
    end of speech does not wipe a text, and leave the mouth alone while a skill has told them to.
    """

    def __init__(self, faceplate: Faceplate, dispatcher: Dispatcher) -> None:
        self._faceplate = faceplate
        self._reacts = True
        self._reacting = False
        for topic, make in _EYES.items():
            dispatcher.on(topic, partial(self._eyes, make))
        for topic, make in _MOUTH.items():
            dispatcher.on(topic, partial(self._mouth, make))
        dispatcher.on(topics.MOUTH_EVENTS_ACTIVATE, partial(self._follow, True))
        dispatcher.on(topics.MOUTH_EVENTS_DEACTIVATE, partial(self._follow, False))
        dispatcher.on(topics.RECORD_BEGIN, partial(self._react, frames.MOUTH_LISTEN))
        dispatcher.on(topics.AUDIO_OUTPUT_START, partial(self._react, frames.MOUTH_TALK))
        for topic in (topics.RECORD_END, topics.AUDIO_OUTPUT_END, topics.STOP):
            dispatcher.on(topic, self._rest)

    async def _eyes(self, make: Callable[..., Command], _: Message, **fields: Any) -> None:
        self._faceplate.show(make(**fields))

    async def _mouth(self, make: Callable[..., Command], _: Message, **fields: Any) -> None:
        self._faceplate.show(make(**fields))
        self._reacting = False

    async def _follow(self, reacts: bool, _: Message) -> None:
        self._reacts = reacts

    async def _react(self, command: Command, _: Message) -> None:
        if self._reacts:
            self._faceplate.show(command)
            self._reacting = True

    async def _rest(self, _: Message) -> None:
        if self._reacting:
            self._faceplate.show(frames.MOUTH_RESET)
            self._reacting = False
