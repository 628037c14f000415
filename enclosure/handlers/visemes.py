"""enclosure.mouth.viseme_list -> one mouth after the other, each at its time."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bus.client.dispatch import Dispatcher, is_local
from bus.contract import ours as topics
from bus.errors import PayloadError
from bus.message import Message
from enclosure.display import MouthViseme
from enclosure.ports import Face

MAX_VISEMES = 10_000
"""Of one sentence; a long one has some hundreds."""

MAX_AHEAD_S = 600.0
"""How long after the message a sentence may end."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A mouth, from one moment to another in s since the start of the sentence."""

    viseme: MouthViseme
    begins_s: float
    ends_s: float


class VisemeHandler:
    """Moves the mouth along with a sentence; the next sentence, a stop, or the end of speech ends it.

    What the mouth does then is the faceplate handler's.
    """

    def __init__(self, face: Face, dispatcher: Dispatcher) -> None:
        self._face = face
        self._follows = True
        self._timer: asyncio.TimerHandle | None = None
        dispatcher.on(topics.MOUTH_VISEME_LIST, self._on_list)
        dispatcher.on(topics.MOUTH_EVENTS_ACTIVATE, partial(self._follow, True))
        dispatcher.on(topics.MOUTH_EVENTS_DEACTIVATE, partial(self._follow, False))
        for topic in (topics.STOP, topics.AUDIO_OUTPUT_END, topics.RECORD_BEGIN):
            dispatcher.on(topic, self._on_end)

    def stop(self) -> None:
        """Moves the mouth no more."""
        self._cancel()

    async def _on_list(self, message: Message, start: float, visemes: list[object]) -> None:
        sentence = timed(visemes)
        if not self._follows or not is_local(message):
            return
        self._cancel()
        # Wall time is what the speaker counts in; the loop's own clock does not jump.
        began = asyncio.get_running_loop().time() + start - time.time()
        self._next(began, iter(sentence))

    async def _follow(self, follows: bool, _: Message) -> None:
        self._follows = follows
        if not follows:
            self._cancel()

    async def _on_end(self, message: Message) -> None:
        if is_local(message):
            self._cancel()

    def _next(self, began: float, sentence: Iterator[Timed]) -> None:
        """Shows the mouth that is due, leaving out those that are over, and sees to the next."""
        self._timer = None
        loop = asyncio.get_running_loop()
        for mouth in sentence:
            if began + mouth.ends_s > loop.time():
                self._timer = loop.call_at(began + mouth.begins_s, self._show, began, mouth, sentence)
                return
        self._face.react(None)

    def _show(self, began: float, mouth: Timed, sentence: Iterator[Timed]) -> None:
        self._face.react(mouth.viseme)
        self._timer = asyncio.get_running_loop().call_at(began + mouth.ends_s, self._next, began, sentence)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def timed(visemes: Sequence[object]) -> list[Timed]:
    """The mouths of a message, ``[code, end]`` each. Raises PayloadError."""
    if len(visemes) > MAX_VISEMES:
        raise PayloadError(f"more than {MAX_VISEMES} visemes")
    found, begins_s = [], 0.0
    for viseme in visemes:
        match viseme:
            case [str() | int() as code, int() | float() as ends_s] if (
                str(code) in {*"0123456"} and begins_s <= ends_s <= MAX_AHEAD_S
            ):
                found.append(Timed(MouthViseme(int(code)), begins_s, float(ends_s)))
                begins_s = float(ends_s)
            case _:
                raise PayloadError("visemes are not [code, end] each, with codes 0 to 6 and ends that rise")
    return found
