"""The menu of the faceplate: choices become requests, and the mouth shows what comes of them."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure.events import (
    Brightness,
    Choice,
    Chosen,
    Event,
    FaceplateState,
    LinkState,
    Pressed,
    QuestionShown,
    Turned,
)
from enclosure.handlers.leaving import REQUESTS as LEAVING_REQUESTS
from enclosure.handlers.leaving import LeavingHandler, on_failure
from enclosure.handlers.session import SOURCE
from enclosure.ports import Display
from enclosure.router import Report

LIGHT_SHOW_S = 0.5
"""How long the display shows that the machine goes before that is requested; as in mycroft-core."""

CONFIRM_S = 10.0
"""How long the user may think about each question before a factory reset."""

READ_S = 1.5
"""How long a question has to be visible before a press answers it. WIPE may have been chosen by a double press,
whose second half is reported 50 to 600 ms later."""

TEST_S = 60.0
"""When a test counts as over whose end is not reported, as after a loss of power: nothing else would wake the
assistant up."""

QUESTION, CERTAINLY = "WIPE?", "SURE?"
"""Two questions, because the firmware's menu can cover the first without a report: a press that closes the menu
may be followed by one on the empty mouth, before the question is sent again."""

KEPT = "NOT WIPED"

_REQUESTS: Mapping[Choice, tuple[Topic, dict[str, Any]]] = {
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

_REPORTED = {topics.SSH_ENABLED: "SSH ON", topics.SSH_DISABLED: "SSH OFF"}
_NOT_REPORTED = {Choice.ENABLE_LEARNING: "LEARNING ON", Choice.DISABLE_LEARNING: "LEARNING OFF"}
"""Shown as soon as it is requested, since no program reports that it is done."""

_FAILED = {
    topics.REBOOT: "REBOOT FAILED",
    topics.SHUTDOWN: "OFF FAILED",
    topics.SSH_ENABLE: "SSH FAILED",
    topics.SSH_DISABLE: "SSH FAILED",
    topics.UPDATE: "UPDATE FAILED",
    topics.CONFIGURATION_PATCH: "LEARNING FAILED",
}

RESET_FAILED = "RESET FAILED"

_NOT_SENT = {**_FAILED, topics.FACTORY_RESET: RESET_FAILED, topics.WIFI_SETUP: "WI-FI FAILED"}
"""Of a setup that has begun, `enclosure.handlers.wifi` shows more."""


class MenuHandler:
    """Requests what the user chooses; a factory reset only after a press on each of two questions."""

    def __init__(self, display: Display, leaving: LeavingHandler, dispatcher: Dispatcher, report: Report) -> None:
        self._display = display
        self._leaving = leaving
        self._report = report
        self._question: asyncio.TimerHandle | None = None
        """What answers it with no; None without a question."""
        self._asked = QUESTION
        self._readable_at: float | None = None
        """From when on a press answers it; None while it is not visible."""
        self._asker: Message | None = None
        """What has the face ask, for another program; None where the user has chosen WIPE."""
        self._confirmed = False
        """Whether the last question was answered with yes: only then is a failure of the reset shown."""
        self._test: asyncio.TimerHandle | None = None
        dispatcher.on(topics.FACTORY_RESET_CONFIRM, self._on_confirm)
        for topic, text in _REPORTED.items():
            dispatcher.on(topic, partial(self._on_report, text))
        for topic, text in _FAILED.items():
            on_failure(dispatcher, topic, partial(display.notify, text))
        on_failure(dispatcher, topics.FACTORY_RESET, self._on_reset_failed)

    def handle(self, event: Event) -> bool:
        """Acts on a choice, and on what answers an open question; then no other handler may."""
        match event:
            case Chosen(choice):
                self._close_question()
                self._choose(choice)
            case QuestionShown(visible):
                self._on_question_shown(visible)
            case Pressed() if self._question:
                self._on_press()
            case Turned() if self._question:
                self._refuse()
            case Brightness() if self._question:
                self._refuse()  # the menu, in which it was chosen, covers the question
                return False
            case FaceplateState(state) if self._question and state is not LinkState.CONNECTED:
                self._refuse()
                return False
            case _:
                return False
        return True

    def stop(self) -> None:
        """Takes an open question back."""
        self._close_question()

    # The question.

    def _ask(self, question: str) -> None:
        self._asked, self._readable_at, self._confirmed = question, None, False
        self._display.ask(question)
        self._await_answer()

    def _await_answer(self) -> None:
        if self._question:
            self._question.cancel()
        self._question = asyncio.get_running_loop().call_later(CONFIRM_S, self._refuse)

    def _on_question_shown(self, visible: bool) -> None:
        if not self._question:
            return
        if visible:
            if self._asker:
                self._report(self._asker.reply(topics.FACTORY_RESET_CONFIRMING.name))
            self._readable_at = asyncio.get_running_loop().time() + READ_S
            self._await_answer()
        elif self._readable_at is not None:
            self._refuse()

    def _on_press(self) -> None:
        if self._readable_at is None or asyncio.get_running_loop().time() < self._readable_at:
            return
        if self._asked == QUESTION:
            self._ask(CERTAINLY)
            return
        self._confirmed = True
        if self._asker:
            self._close_question(topics.FACTORY_RESET_CONFIRMED)
        else:
            self._close_question()
            self._request(Choice.FACTORY_RESET)

    def _refuse(self) -> None:
        self._close_question()
        self._display.notify(KEPT)

    def _close_question(self, answer: Topic = topics.FACTORY_RESET_DECLINED) -> None:
        if self._question:
            self._question.cancel()
            self._question = self._readable_at = None
            self._display.ask(None)
        if self._asker:
            self._report(self._asker.reply(answer.name))
            self._asker = None

    async def _on_confirm(self, message: Message) -> None:
        self._close_question()
        self._asker = message
        self._ask(QUESTION)

    def _on_reset_failed(self) -> None:
        if self._confirmed:
            self._display.notify(RESET_FAILED)

    # The choices.

    def _choose(self, choice: Choice) -> None:
        if choice is Choice.FACTORY_RESET:
            self._ask(QUESTION)
        else:
            self._watch_test(choice)
            self._request(choice)

    def _watch_test(self, choice: Choice) -> None:
        if self._test and choice in (Choice.TEST_BEGIN, Choice.TEST_END):
            self._test.cancel()
            self._test = None
        if choice is Choice.TEST_BEGIN:
            self._test = asyncio.get_running_loop().call_later(TEST_S, self._request, Choice.TEST_END)

    def _request(self, choice: Choice) -> None:
        topic, data = _REQUESTS[choice]
        send = partial(
            self._report, Message(topic.name, data, {"source": SOURCE}), partial(self._on_not_sent, topic)
        )
        if topic in LEAVING_REQUESTS:
            self._leaving.leave(topic)
            asyncio.get_running_loop().call_later(LIGHT_SHOW_S, send)
        else:
            send()
        if choice in _NOT_REPORTED:
            self._display.notify(_NOT_REPORTED[choice])

    def _on_not_sent(self, topic: Topic) -> None:
        self._leaving.stay()
        if topic in _NOT_SENT:
            self._display.notify(_NOT_SENT[topic])

    async def _on_report(self, text: str, _: Message) -> None:
        self._display.notify(text)
