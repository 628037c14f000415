"""The machine is about to restart, to go off or to be reset, and what it does if nothing comes of that."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure.activity import LEAVING
from enclosure.handlers.activity import ActivityHandler

ANSWER_S = 10.0
"""How long a request may wait for a program that takes it up."""

LEAVE_S = 90.0
"""How long it may take after that: systemd gives services as long to end, and hardware has 60 s for a reset."""

REQUESTS = (topics.REBOOT, topics.SHUTDOWN, topics.FACTORY_RESET)
_IN_PROGRESS = (
    *(topics.REBOOT_START, topics.SHUTDOWN_START),
    *(topics.FACTORY_RESET_START, topics.FACTORY_RESET_PHAL),
)

_LOGGER = logging.getLogger(__name__)


class LeavingHandler:
    """Has the display show that the machine goes, until it does, or the request fails, or nothing comes of it."""

    def __init__(self, activity: ActivityHandler, dispatcher: Dispatcher) -> None:
        self._activity = activity
        self._patience: asyncio.TimerHandle | None = None
        for topic in LEAVING:
            if topic != topics.FACTORY_RESET:  # the user has to confirm that of another program
                dispatcher.on(topic, partial(self._on_announced, topic))
        for topic in REQUESTS:
            on_failure(dispatcher, topic, self.stay)

    def leave(self, announcement: Topic) -> None:
        """The machine is about to go, as this message announces."""
        self._stop_waiting()
        self._activity.apply(announcement)
        patience_s = LEAVE_S if announcement in _IN_PROGRESS else ANSWER_S
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(patience_s, self._give_up, announcement)

    def stay(self) -> None:
        """The machine does not go after all."""
        self._stop_waiting()
        self._activity.change(leaving=None)

    async def _on_announced(self, announcement: Topic, _: Message, **__: object) -> None:
        self.leave(announcement)

    def _give_up(self, announcement: Topic) -> None:
        _LOGGER.warning("nothing has come of %s", announcement.name)
        self.stay()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def on_failure(dispatcher: Dispatcher, request: Topic, act: Callable[[], None]) -> None:
    """Has `act` called when a request has failed, or the bus refuses to relay ours."""

    async def on_failed(_: Message) -> None:
        act()

    async def on_denied(_: Message, type: str, **__: object) -> None:  # noqa: A002  # as in the message
        if type == request.name:
            act()

    dispatcher.on(Topic(f"{request.name}.failed", f"It failed: {request.summary}"), on_failed)
    dispatcher.on(topics.DENIED, on_denied)
