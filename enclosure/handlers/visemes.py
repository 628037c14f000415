"""enclosure.mouth.viseme_list: one mouth shape after the other, each at its time."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.errors import PayloadError
from bus.message import Message
from enclosure.display import MouthAction, MouthViseme
from enclosure.handlers.session import local
from enclosure.ports import Display

MAX_VISEMES = 10_000
"""Entries of one sentence; a long one has some hundreds."""

MAX_AHEAD_S = 60.0
"""How long after the message a sentence may begin. Audio services send it when they begin to play."""

MAX_LENGTH_S = 600.0
"""How long a sentence may be."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A mouth shape, and when it is due, in s since the start of the sentence."""

    viseme: MouthViseme
    begins_s: float
    ends_s: float


class VisemeHandler:
    """Moves the mouth along with a sentence; the next sentence, a stop, a reset, or the end of speech ends it."""

    def __init__(self, display: Display, dispatcher: Dispatcher) -> None:
        self._display = display
        self._timer: asyncio.TimerHandle | None = None
        dispatcher.on(topics.MOUTH_VISEME_LIST, local(self._on_list))
        for topic in (topics.STOP, topics.AUDIO_OUTPUT_END, topics.RECORD_BEGIN):
            dispatcher.on(topic, local(self._on_end))
        # A skill's wish for the mouth concerns a satellite's session, too.
        for topic in (topics.MOUTH_EVENTS_DEACTIVATE, topics.MOUTH_RESET, topics.ENCLOSURE_RESET):
            dispatcher.on(topic, self._on_end)

    def stop(self) -> None:
        """Leaves the mouth as it is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _on_list(self, _: Message, start: float, visemes: list[object]) -> None:
        ahead_s = start - time.time()
        if ahead_s > MAX_AHEAD_S:
            raise PayloadError(f"start is more than {MAX_AHEAD_S:g} s ahead")
        sentence = timed(visemes)
        self.stop()
        # The start is wall time, as the audio service has it; the loop's own clock does not jump.
        self._next(asyncio.get_running_loop().time() + ahead_s, iter(sentence))

    async def _on_end(self, _: Message) -> None:
        self.stop()

    def _next(self, began: float, sentence: Iterator[Timed]) -> None:
        """Shows the viseme that is due, without those that are over, and schedules the next one."""
        self._timer = None
        loop = asyncio.get_running_loop()
        for shape in sentence:
            if began + shape.ends_s > loop.time():
                self._timer = loop.call_at(began + shape.begins_s, self._show, began, shape, sentence)
                return
        self._display.show(MouthAction.STILL)

    def _show(self, began: float, shape: Timed, sentence: Iterator[Timed]) -> None:
        self._display.show(shape.viseme)
        self._timer = asyncio.get_running_loop().call_at(began + shape.ends_s, self._next, began, sentence)


def timed(visemes: Sequence[object]) -> list[Timed]:
    """The mouth shapes of a message, ``[code, end]`` each; entries that are not are left out.

    Raises PayloadError if none is left, or there are too many.
    """
    if len(visemes) > MAX_VISEMES:
        raise PayloadError(f"more than {MAX_VISEMES} visemes")
    found: list[Timed] = []
    for entry in visemes:
        begins_s = found[-1].ends_s if found else 0.0
        match entry:
            case [str() | int() as code, ends] if (
                str(code) in {*"0123456"} and begins_s <= (ends_s := _seconds(ends)) <= MAX_LENGTH_S
            ):
                found.append(Timed(MouthViseme(int(code)), begins_s, ends_s))
    if visemes and not found:
        raise PayloadError("visemes are not [code, end] each, with codes 0 to 6 and ends that rise")
    return found


def _seconds(value: Any) -> float:
    """A number, or a text that is one; -1 for anything else."""
    try:
        return -1 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return -1
