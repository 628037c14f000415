"""Start, sleep, a muted microphone and the end of it all, as the face shows them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from bus.client.dispatch import Dispatcher, Emit, is_local
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.display import (
    Command,
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesLevel,
    EyesLook,
    EyesTimedSpin,
    MouthAction,
    MouthText,
)
from enclosure.faceplate.device import DEFAULT_COLOR, DEFAULT_LEVEL
from enclosure.handlers.buttons import SOURCE
from enclosure.ports import Face
from enclosure.state import State

SKILL_ID = "mycroft-enclosure"
"""How a factory reset calls us."""

BRIGHTNESS = "brightness"
"""The name of the state that outlives a restart."""

POLL_INTERVAL_S = 3.0
"""Mycroft and OVOS ask as often who is ready."""

SILENCE_S = 30.0
"""How long a start waits for those of whom nothing was heard yet, when all others are ready. They may not be
installed; but on a Pi 3 a service takes that long until it can say that it is not ready."""

LEVELS = range(1, 31)
"""Of the brightness; at 0 the eyes are off, and nobody could see what mends that."""

ASLEEP_LEVEL = 12
MUTED_COLOR = EyesColor(255, 0, 0)
LEAVING_COLOR = EyesColor(70, 65, 69)
"""As the Mark 1 has always looked when it goes off."""

ANSWER_S = 10.0
"""How long the face waits for somebody to take up a request."""

LEAVE_S = 90.0
"""How long it waits after that: systemd gives its services as long to end, and hardware has 60 s for a reset."""

_OFF_SPIN = EyesTimedSpin(12000)
_LEAVING: dict[Topic, tuple[Command, float]] = {
    topics.REBOOT: (EyesAction.SPIN, ANSWER_S),
    topics.REBOOT_START: (EyesAction.SPIN, LEAVE_S),
    topics.SHUTDOWN: (_OFF_SPIN, ANSWER_S),
    topics.SHUTDOWN_START: (_OFF_SPIN, LEAVE_S),
    topics.FACTORY_RESET: (EyesAction.SPIN, ANSWER_S),
    topics.FACTORY_RESET_START: (EyesAction.SPIN, LEAVE_S),
    topics.FACTORY_RESET_PHAL: (EyesAction.SPIN, LEAVE_S),
    topics.FACTORY_RESET_COMPLETE: (EyesAction.SPIN, ANSWER_S),
}
"""What announces the end, how the eyes then move, and for how long before nothing has come of it."""

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
    topics.SPEECH_READY: "SPEECH",  # as mycroft-core calls it
}

_LOGGER = logging.getLogger(__name__)


class LifecycleHandler:
    """Knows how the eyes look while nothing goes on, and shows what the device as a whole is about.

    `boot` has to be running, as a task, for the start to be seen. The brightness that somebody has chosen is kept
    in `state`, of which a factory reset leaves nothing.
    """

    def __init__(
        self,
        face: Face,
        dispatcher: Dispatcher,
        emit: Emit,
        state: State,
    ) -> None:
        self._face = face
        self._emit = emit
        self._state = state
        self._color = DEFAULT_COLOR
        level = state.get(BRIGHTNESS, int) or DEFAULT_LEVEL.level
        self._level = level if level in LEVELS else DEFAULT_LEVEL.level
        self._asleep = False
        self._muted = False
        self._leaving: asyncio.TimerHandle | None = None
        self._leaving_spin: Command = EyesAction.SPIN
        self._spinning = False
        self._waited_for: str | None = None
        self._ready: dict[str, bool] = {}
        self._changed_at = 0.0
        """When one of them has last told something new."""
        self._all_ready = asyncio.Event()
        for topic, service in _ANSWERS.items():
            dispatcher.on(topic, partial(self._on_answer, service))
        dispatcher.on(topics.READY, self._on_ready)
        for topic in (topics.ENCLOSURE_IS_ALIVE, topics.ENCLOSURE_IS_READY, topics.ENCLOSURE_ALL_LOADED):
            dispatcher.on(topic, self._on_status)
        dispatcher.on(topics.EYES_COLOR, self._on_color)
        dispatcher.on(topics.EYES_LEVEL, self._on_level)
        dispatcher.on(topics.SLEEP, self._on_sleep)
        dispatcher.on(topics.AWOKEN, self._on_awoken)
        dispatcher.on(topics.MIC_MUTE, partial(self._on_mic, muted=True))
        dispatcher.on(topics.MIC_UNMUTE, partial(self._on_mic, muted=False))
        dispatcher.on(topics.MIC_STATUS_RESPONSE, self._on_mic)
        dispatcher.on(topics.MIC_MUTE_TOGGLE, self._on_mic_toggle)
        dispatcher.on(topics.INTERNET_CONNECTED, self._on_internet)
        for topic in _LEAVING:
            dispatcher.on(topic, partial(self._on_leaving, topic))
        for topic in (topics.REBOOT, topics.SHUTDOWN, topics.FACTORY_RESET):
            on_failure(dispatcher, topic, self.stay)
        dispatcher.on(topics.FACTORY_RESET_PING, self._on_factory_reset_ping)
        dispatcher.on(topics.FACTORY_RESET_PHAL, self._on_factory_reset)

    async def boot(self, timeout_s: float) -> None:
        """Shows a start, and what it waits for, until all are ready or the time is over; then opens the eyes."""
        self._spinning = True
        self.rest()
        try:
            async with asyncio.timeout(timeout_s):
                await self._see_all_ready()
        except TimeoutError:
            _LOGGER.info("not ready after %g s: %s", timeout_s, ", ".join(self._missing))
        self._spinning = False
        if self._waited_for:
            self._face.react(None)
        self.rest()

    def rest(self) -> None:
        """Shows the eyes as they are while nothing goes on but, perhaps, the start."""
        if self._leaving:
            return
        self._face.show(MUTED_COLOR if self._muted else self._color)
        self._face.show(EyesLevel(min(self._level, ASLEEP_LEVEL) if self._asleep else self._level))
        if self._spinning:
            self._face.show(EyesAction.SPIN)
        else:
            self._face.show(EyesLook("d") if self._asleep else EyesAction.RESET)

    def brightened(self, level: int) -> None:
        """Takes note of the brightness that somebody has chosen; the faceplate has it already."""
        self._level = level
        self._state.put(BRIGHTNESS, level)

    def leave(self, announcement: Topic) -> None:
        """Shows that the machine is about to go, until it does, or `stay`, or nothing has come of it for long."""
        spin, patience_s = _LEAVING[announcement]
        if self._leaving is None:
            self._leaving_spin = spin
            self._show_leaving()
        else:
            self._leaving.cancel()
        self._leaving = asyncio.get_running_loop().call_later(patience_s, self._give_up, announcement)

    def stay(self) -> None:
        """Shows that the machine does not go after all."""
        if self._leaving:
            self._leaving.cancel()
            self._leaving = None
            self.rest()

    def stop(self) -> None:
        """Leaves the face as somebody expects it who does not know of us; where the machine goes, spinning."""
        self._asleep = self._muted = self._spinning = False
        self._face.forget()
        if self._leaving:
            self._leaving.cancel()
            self._show_leaving()
        else:
            self.rest()
            self._empty_mouth()

    def _show_leaving(self) -> None:
        self._face.show(LEAVING_COLOR)
        self._face.show(self._leaving_spin)
        self._empty_mouth()

    def _empty_mouth(self) -> None:
        self._face.idle(None)
        self._face.react(None)
        self._face.show(MouthAction.RESET)

    # The start.

    async def _see_all_ready(self) -> None:
        while not self._all_ready.is_set():
            with contextlib.suppress(BusUnavailableError):  # then they are asked later
                for question in _QUESTIONS:
                    await self._emit(Message(question.name, {}, {"source": SOURCE}))
            try:
                async with asyncio.timeout(POLL_INTERVAL_S):
                    await self._all_ready.wait()
            except TimeoutError:
                if self._ready and self._missing:  # where nobody answers there may be no assistant
                    self._wait_for_missing()

    def _wait_for_missing(self) -> None:
        silence_s = asyncio.get_running_loop().time() - self._changed_at
        if all(self._ready.values()) and silence_s >= SILENCE_S:
            _LOGGER.info("nothing heard of: %s", ", ".join(self._missing))
            self._all_ready.set()
        elif self._missing[0] != self._waited_for and not self._leaving:
            self._waited_for = self._missing[0]
            self._face.react(MouthText(f"STARTING {self._waited_for}"))
            self._face.show(EyesAction.SPIN)  # which the text has ended

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

    # The eyes at rest.

    async def _on_color(self, _: Message, r: int, g: int, b: int) -> None:
        self._color = EyesColor(r, g, b)
        if self._muted:
            self.rest()

    async def _on_level(self, _: Message, level: int) -> None:
        self._level = level

    async def _on_sleep(self, message: Message) -> None:
        # While the faceplate tests itself it shows that, and reads nothing.
        if is_local(message) and message.context.get("source") != SOURCE:
            for level in range(self._level, ASLEEP_LEVEL, -2):
                self._face.show(EyesLevel(level))
            self._asleep = True
            self.rest()

    async def _on_awoken(self, message: Message) -> None:
        if is_local(message):
            self._asleep = False
            self.rest()
            self._face.show(EyesBlink("b"))

    async def _on_mic(self, message: Message, muted: bool) -> None:
        if is_local(message) and muted != self._muted:
            self._muted = muted
            self.rest()

    async def _on_mic_toggle(self, _: Message) -> None:
        await self._emit(Message(topics.MIC_GET_STATUS.name, {}, {"source": SOURCE}))

    async def _on_internet(self, _: Message) -> None:
        self._face.show(MouthAction.RESET)

    # The end.

    async def _on_leaving(self, announcement: Topic, _: Message, **__: object) -> None:
        self.leave(announcement)

    def _give_up(self, announcement: Topic) -> None:
        _LOGGER.warning("nothing has come of %s", announcement.name)
        self.stay()

    async def _on_factory_reset_ping(self, message: Message) -> None:
        await self._emit(message.reply(topics.FACTORY_RESET_REGISTER.name, {"skill_id": SKILL_ID}))

    async def _on_factory_reset(self, message: Message) -> None:
        self._state.clear()
        self._color, self._level = DEFAULT_COLOR, DEFAULT_LEVEL.level
        await self._emit(message.reply(topics.FACTORY_RESET_PHAL_COMPLETE.name, {"skill_id": SKILL_ID}))


def on_failure(dispatcher: Dispatcher, request: Topic, act: Callable[[], None]) -> None:
    """Has `act` called when a request has failed, or when the bus does not let us make it."""

    async def on_failed(_: Message) -> None:
        act()

    async def on_denied(message: Message, **_: object) -> None:
        if message.data["type"] == request.name:
            act()

    dispatcher.on(Topic(f"{request.name}.failed", f"It failed: {request.summary}"), on_failed)
    dispatcher.on(topics.DENIED, on_denied)
