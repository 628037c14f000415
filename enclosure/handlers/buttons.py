"""Knob and button -> messages."""

from bus import topics
from bus.dispatch import Dispatcher, Emit
from bus.message import Message
from enclosure.faceplate.frames import Pressed, Turned

KNOB = "mycroft_enclosure.knob"
"""The source of the messages that a turn of the knob makes."""


class ButtonHandler:
    """A turn is more or less volume; a press is a stop while it listens or speaks, else it starts to listen."""

    def __init__(self, dispatcher: Dispatcher, emit: Emit) -> None:
        self._emit = emit
        self._busy: set[str] = set()
        for start, end in (
            (topics.RECORD_BEGIN, topics.RECORD_END),
            (topics.AUDIO_OUTPUT_START, topics.AUDIO_OUTPUT_END),
        ):

            async def begin(_: Message, what: str = start.name) -> None:
                self._busy.add(what)

            async def finish(_: Message, what: str = start.name) -> None:
                self._busy.discard(what)

            dispatcher.on(start, begin)
            dispatcher.on(end, finish)
        dispatcher.on(topics.STOP, self._stopped)

    async def take(self, event: object) -> None:
        """Says on the bus what somebody has done. Raises BusUnavailableError."""
        match event:
            case Turned(direction):
                topic = topics.VOLUME_INCREASE if direction > 0 else topics.VOLUME_DECREASE
                await self._emit(Message(topic.name, {"play_sound": True}, {"source": KNOB}))
            case Pressed():
                topic = topics.STOP if self._busy else topics.MIC_LISTEN
                await self._emit(Message(topic.name))

    async def _stopped(self, _: Message) -> None:
        self._busy.clear()  # what is stopped may never say that it has ended
