"""Knob and button -> messages."""

import asyncio
import contextlib
from functools import partial

from bus.client.dispatch import Dispatcher, Emit, is_local
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.config import Press
from enclosure.events import Pressed, Turned

SOURCE = "mycroft_enclosure"
"""The source of the messages that come of what somebody does with the device."""

KNOB = f"{SOURCE}.knob"
"""The source of the messages that a turn of the knob makes."""

STOP_ANSWER_S = 1.0
"""How long somebody may take to say that he has stopped something."""

PLAYING = 1
"""The state of OVOS' player; 0 is stopped, 2 is paused."""

_GOES_ON: dict[str, tuple[tuple[Topic, ...], tuple[Topic, ...]]] = {
    "recording": ((topics.RECORD_BEGIN,), (topics.RECORD_END,)),
    "speaking": ((topics.AUDIO_OUTPUT_START,), (topics.AUDIO_OUTPUT_END,)),
    "playing": (
        (topics.AUDIO_SERVICE_PLAY, topics.COMMON_PLAY_PLAY),
        (topics.AUDIO_SERVICE_STOP, topics.AUDIO_QUEUE_END, topics.COMMON_PLAY_STOP),
    ),
}
"""What a press stops, with the messages that begin and end it."""


class ButtonHandler:
    """A turn is more or less volume; a press is a stop while something goes on, else it starts to listen.

    `press` may make it always one of them. Where nobody says that he has stopped something, or the bus is away,
    at least our own handlers get the stop. What goes on in a remote satellite's session is not stopped here.
    """

    def __init__(self, dispatcher: Dispatcher, emit: Emit, group: asyncio.TaskGroup, press: Press) -> None:
        self._dispatcher = dispatcher
        self._emit = emit
        self._group = group
        self._press = press
        self._goes_on: set[str] = set()
        self._stop_settled = asyncio.Event()
        for what, (begins, ends) in _GOES_ON.items():
            for topic in begins:
                dispatcher.on(topic, partial(self._on_change, what, True))
            for topic in ends:
                dispatcher.on(topic, partial(self._on_change, what, False))
        dispatcher.on(topics.PLAYER_STATE, self._on_player_state)
        dispatcher.on(topics.STOP, self._on_stop)
        dispatcher.on(topics.STOP_HANDLED, self._on_stop_handled)

    async def take(self, event: object) -> None:
        """Says on the bus what somebody has done. Raises BusUnavailableError."""
        match event:
            case Turned(direction):
                topic = topics.VOLUME_INCREASE if direction > 0 else topics.VOLUME_DECREASE
                await self._emit(Message(topic.name, {"play_sound": True}, {"source": KNOB}))
            case Pressed() if self._press == "stop" or (self._press == "auto" and self._goes_on):
                self._stop_settled.clear()
                self._group.create_task(self._stop_ours_if_nobody_stops())
                await self._emit(Message(topics.STOP.name, {}, {"source": SOURCE}))
            case Pressed():
                await self._emit(Message(topics.MIC_LISTEN.name, {}, {"source": SOURCE}))

    async def _stop_ours_if_nobody_stops(self) -> None:
        try:
            async with asyncio.timeout(STOP_ANSWER_S):
                await self._stop_settled.wait()
        except TimeoutError:
            with contextlib.suppress(BusUnavailableError):  # all that fails then is to report a failure
                await self._dispatcher(Message(topics.STOP.name, {}, {"source": SOURCE}))

    async def _on_change(self, what: str, begins: bool, message: Message) -> None:
        if is_local(message):
            self._change(what, begins)

    async def _on_player_state(self, message: Message, state: int) -> None:
        if is_local(message):
            self._change("playing", state == PLAYING)

    def _change(self, what: str, begins: bool) -> None:
        if begins:
            self._goes_on.add(what)
            self._stop_settled.set()  # what begins after a press is not what was to be stopped
        else:
            self._goes_on.discard(what)

    async def _on_stop(self, message: Message) -> None:
        if is_local(message):
            self._goes_on.clear()  # what is stopped may never say that it has ended

    async def _on_stop_handled(self, _: Message, **__: object) -> None:
        self._stop_settled.set()
