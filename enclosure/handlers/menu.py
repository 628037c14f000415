"""The menu of the faceplate -> messages, and what the mouth says of them."""

import asyncio
import logging
from functools import partial
from typing import Any

from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.display import MouthAction, MouthText
from enclosure.events import Brightness, Choice, Chosen, Pressed, Turned
from enclosure.handlers.buttons import SOURCE
from enclosure.handlers.lifecycle import LifecycleHandler, on_failure
from enclosure.ports import Faceplate

LIGHT_SHOW_S = 0.5
"""From the light show to the message that ends it all; mycroft-core waits as long."""

CONFIRM_S = 10.0
"""How long somebody may think about a factory reset."""

READ_S = 1.5
"""How long it takes to read the question. A press before that answers nothing: the one that has chosen WIPE was a
double one, and sends its second half after some 50 to 600 ms."""

TEST_S = 60.0
"""A test whose end was not heard by then, as when the face lost its power, counts as over: nobody else would wake
the assistant up."""

QUESTION = "PRESS AGAIN TO WIPE"
KEPT = "NOT WIPED"

_REQUESTS: dict[Choice, tuple[Topic, dict[str, Any]]] = {
    Choice.WIFI: (topics.WIFI_SETUP, {}),
    Choice.REBOOT: (topics.REBOOT, {}),
    Choice.SHUTDOWN: (topics.SHUTDOWN, {}),
    Choice.FACTORY_RESET: (topics.FACTORY_RESET, {}),
    Choice.ENABLE_SSH: (topics.SSH_ENABLE, {}),
    Choice.DISABLE_SSH: (topics.SSH_DISABLE, {}),
    Choice.ENABLE_LEARNING: (topics.CONFIGURATION_PATCH, {"config": {"opt_in": True}}),
    Choice.DISABLE_LEARNING: (topics.CONFIGURATION_PATCH, {"config": {"opt_in": False}}),
    Choice.DEMO: (topics.MARK1_DEMO, {}),
    Choice.TEST_BEGIN: (topics.SLEEP, {}),
    Choice.TEST_MIC: (topics.SPEAK, {"utterance": "I am testing one two three"}),
    Choice.TEST_END: (topics.WAKE_UP, {}),
}
_LEAVING = (topics.REBOOT, topics.SHUTDOWN, topics.FACTORY_RESET)

_SAID = {Choice.ENABLE_LEARNING: "LEARNING ON", Choice.DISABLE_LEARNING: "LEARNING OFF"}
"""What nobody reports is said as soon as it has been asked for."""

_REPORTED = {topics.SSH_ENABLED: "SSH ON", topics.SSH_DISABLED: "SSH OFF"}
_FAILED = {
    topics.WIFI_SETUP: "WI-FI FAILED",
    topics.REBOOT: "REBOOT FAILED",
    topics.SHUTDOWN: "OFF FAILED",
    topics.FACTORY_RESET: "RESET FAILED",
    topics.SSH_ENABLE: "SSH FAILED",
    topics.SSH_DISABLE: "SSH FAILED",
}

_LOGGER = logging.getLogger(__name__)


class MenuHandler:
    """Asks for what somebody has chosen; for a factory reset only after another press of the button."""

    def __init__(
        self,
        face: Faceplate,
        lifecycle: LifecycleHandler,
        dispatcher: Dispatcher,
        emit: Emit,
        group: asyncio.TaskGroup,
    ) -> None:
        self._face = face
        self._lifecycle = lifecycle
        self._emit = emit
        self._group = group
        self._question: asyncio.TimerHandle | None = None
        self._read_at = 0.0
        self._test: asyncio.TimerHandle | None = None
        self._stopped = False
        for topic, text in _REPORTED.items():
            dispatcher.on(topic, partial(self._on_report, text))
        for topic, text in _FAILED.items():
            on_failure(dispatcher, topic, partial(self._say, text))

    def take(self, event: object) -> bool:
        """Does what somebody wants; returns whether the event was for the menu, and so is nobody else's.

        Never waits: a press that has waited for something else must not answer a question that came later.
        """
        loop = asyncio.get_running_loop()
        asked = self._question is not None and isinstance(event, Chosen | Pressed | Turned)
        if self._stopped or (asked and isinstance(event, Pressed) and loop.time() < self._read_at):
            return True
        if asked:
            self._close_question()
        match event:
            case Chosen(Choice.FACTORY_RESET):
                self._face.show(MouthText(QUESTION))
                self._read_at = loop.time() + READ_S
                self._question = loop.call_later(CONFIRM_S, self._on_no_answer)
            case Chosen(choice):
                self._watch_test(choice)
                self._group.create_task(self._request(choice))
            case Pressed() if asked:
                self._group.create_task(self._request(Choice.FACTORY_RESET))
            case Turned() if asked:
                self._say(KEPT)
            case Brightness(level):
                self._lifecycle.brightened(level)
            case _:
                return False
        return True

    def stop(self) -> None:
        """Keeps all events from whoever would do something about them."""
        self._close_question()
        self._stopped = True

    def _watch_test(self, choice: Choice) -> None:
        if self._test is not None and choice in (Choice.TEST_BEGIN, Choice.TEST_END):
            self._test.cancel()
            self._test = None
        if choice is Choice.TEST_BEGIN:
            self._test = asyncio.get_running_loop().call_later(TEST_S, self.take, Chosen(Choice.TEST_END))

    def _close_question(self) -> None:
        if self._question is not None:
            self._question.cancel()
            self._question = None
            self._face.show(MouthAction.RESET)

    def _on_no_answer(self) -> None:
        self._close_question()
        self._say(KEPT)

    async def _request(self, choice: Choice) -> None:
        topic, data = _REQUESTS[choice]
        try:
            if topic in _LEAVING:
                self._lifecycle.leave(topic)
                await asyncio.sleep(LIGHT_SHOW_S)
            await self._emit(Message(topic.name, data, {"source": SOURCE}))
        except BusUnavailableError as error:
            _LOGGER.warning("%s", error)
            self._lifecycle.stay()
            if topic in _FAILED:
                self._say(_FAILED[topic])
            return
        if choice in _SAID:
            self._say(_SAID[choice])
        if choice is Choice.TEST_END:
            self._lifecycle.rest()  # the test has left the eyes white

    async def _on_report(self, text: str, _: Message) -> None:
        self._say(text)

    def _say(self, text: str) -> None:
        self._face.show(MouthText(text, repeat=False))
