"""The start: it lasts until the assistant is ready, and reports what it waits for."""

import asyncio
import contextlib
import logging
from functools import partial

from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.session import SOURCE

POLL_INTERVAL_S = 3.0
"""Mycroft and OVOS ask as often which services are ready."""

SILENCE_S = 30.0
"""How long a start waits for services that have never answered when all others are ready. They may not be
installed; but on a Pi 3 a service needs that long until it can answer that it is not ready."""

_QUESTIONS = (
    topics.SKILLS_IS_READY,
    topics.AUDIO_IS_READY,
    topics.VOICE_IS_READY,
    topics.SPEECH_IS_READY,
    topics.MIC_GET_STATUS,
)
_ANSWERS = {
    topics.SKILLS_READY: "SKILLS",
    topics.AUDIO_READY: "AUDIO",
    topics.VOICE_READY: "SPEECH",
    topics.SPEECH_READY: "SPEECH",  # its name in mycroft-core
}

_LOGGER = logging.getLogger(__name__)


class BootHandler:
    """Asks the services of the assistant until all are ready, and answers whether we are. `run` is the start."""

    def __init__(self, activity: ActivityHandler, dispatcher: Dispatcher, emit: Emit) -> None:
        self._activity = activity
        self._emit = emit
        self._ready: dict[str, bool] = {}
        self._changed_at = 0.0
        """When a service has last reported something new."""
        self._all_ready = asyncio.Event()
        for topic, service in _ANSWERS.items():
            dispatcher.on(topic, partial(self._on_answer, service))
        dispatcher.on(topics.READY, self._on_ready)
        for topic in (topics.ENCLOSURE_IS_ALIVE, topics.ENCLOSURE_IS_READY, topics.ENCLOSURE_ALL_LOADED):
            dispatcher.on(topic, self._on_status)

    async def run(self, timeout_s: float) -> None:
        """Shows the start, and what it waits for, until all are ready or the time is over."""
        self._activity.change(booting=True)
        try:
            async with asyncio.timeout(timeout_s):
                await self._see_all_ready()
        except TimeoutError:
            _LOGGER.info("not ready after %g s: %s", timeout_s, ", ".join(self._missing))
        self._activity.change(booting=False, waiting_for=None)

    async def _see_all_ready(self) -> None:
        while not self._all_ready.is_set():
            with contextlib.suppress(BusUnavailableError):  # then they are asked later
                for question in _QUESTIONS:
                    await self._emit(Message(question.name, {}, {"source": SOURCE}))
            try:
                async with asyncio.timeout(POLL_INTERVAL_S):
                    await self._all_ready.wait()
            except TimeoutError:
                if self._ready and self._missing:  # without any answer there may be no assistant
                    self._wait_for_missing()

    def _wait_for_missing(self) -> None:
        silence_s = asyncio.get_running_loop().time() - self._changed_at
        if all(self._ready.values()) and silence_s >= SILENCE_S:
            _LOGGER.info("no answer from: %s", ", ".join(self._missing))
            self._all_ready.set()
        else:
            self._activity.change(waiting_for=self._missing[0])

    @property
    def _missing(self) -> list[str]:
        return [service for service in dict.fromkeys(_ANSWERS.values()) if not self._ready.get(service)]

    async def _on_answer(self, service: str, _: Message, status: bool) -> None:
        if self._ready.get(service) != status:
            self._ready[service] = status
            self._changed_at = asyncio.get_running_loop().time()
        if not self._missing:
            self._all_ready.set()

    async def _on_ready(self, _: Message) -> None:
        self._all_ready.set()

    async def _on_status(self, message: Message) -> None:
        await self._emit(message.response({"status": True}))
