"""Follows what the assistant is doing, and has the display indicate it."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure.activity import TOPICS, Activity, after
from enclosure.display import MouthAction
from enclosure.handlers.session import SOURCE, local
from enclosure.ports import Display

LONGEST_S = {"recording": 60.0, "thinking": 30.0, "updating": 1000.0}
"""How long these last if their end is never reported. OVOS' listener gives a recording up after 10 s, and its core
an utterance for which no skill is found after 20 s at most. An update that has failed reports no end; mycroft-core
waits as long for it."""

_ENDS = (topics.RECORD_END, topics.AUDIO_OUTPUT_END, topics.STOP)
"""What ends the animations that skills put on the mouth, too."""


class ActivityHandler:
    """The one place that knows what the assistant is doing; other handlers read and change it here."""

    def __init__(self, display: Display, dispatcher: Dispatcher, emit: Emit) -> None:
        self.current = Activity()
        self._display = display
        self._emit = emit
        self._ends: dict[str, asyncio.TimerHandle] = {}
        for topic in TOPICS:
            dispatcher.on(topic, local(partial(self._on_message, topic)))
        for topic in (topics.CONNECTED, topics.MIC_MUTE_TOGGLE):
            dispatcher.on(topic, local(self._ask_whether_muted))

    def apply(self, topic: Topic, **fields: Any) -> None:
        """Changes the activity as a message of this topic does."""
        self._set(after(self.current, topic, fields))
        if topic in _ENDS and not (self.current.recording or self.current.thinking or self.current.speaking):
            self._display.show(MouthAction.STILL)

    def change(self, **changes: Any) -> None:
        """Changes some fields of the activity."""
        self._set(replace(self.current, **changes))

    async def _on_message(self, topic: Topic, _: Message, **fields: Any) -> None:
        self.apply(topic, **fields)

    async def _ask_whether_muted(self, _: Message) -> None:
        await self._emit(Message(topics.MIC_GET_STATUS.name, {}, {"source": SOURCE}))

    def _set(self, activity: Activity) -> None:
        before, self.current = self.current, activity
        if activity == before:
            return
        for what, longest_s in LONGEST_S.items():
            goes_on = getattr(activity, what)
            if goes_on == getattr(before, what):
                continue
            if goes_on:
                end = partial(self.change, **{what: False})
                self._ends[what] = asyncio.get_running_loop().call_later(longest_s, end)
            else:
                self._ends.pop(what).cancel()
        self._display.indicate(activity)
