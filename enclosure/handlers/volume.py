"""mycroft.volume.* <-> the mixer. There is one owner of the volume, and this is it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import msgspec

from bus.client.dispatch import Dispatcher, Emit, Handler, is_local
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.config import VolumeSettings
from enclosure.display import EyesVolume
from enclosure.errors import MixerError
from enclosure.handlers.buttons import KNOB
from enclosure.ports import Faceplate, Mixer, MixerLevel
from enclosure.state import State
from enclosure.volume import LISTENER, LOUDEST, RECORDING, Volume, start_level, whole_percent

EYES_STEPS = 11
"""The highest level that enclosure.eyes.volume shows."""

SOUND = "snd/blop-mark-diangelo.wav"
"""What Mycroft and OVOS let hear for a new volume; both have this file."""

SOUND_GAP_S = 0.2
REPORT_GAP_S = 0.1
"""At least between two of them; a knob makes 30 steps in a second."""

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 5.0
"""A restarting PulseAudio is back within a second."""

STATE = "volume"
"""The name of what is remembered over a restart."""

_LOGGER = logging.getLogger(__name__)


class _Saved(msgspec.Struct):
    level: Annotated[int, msgspec.Meta(ge=0, le=LOUDEST)]
    muted: bool


class VolumeHandler:
    """Volumes are whole percent of the loudest that the board is meant for, which is `full` percent of the mixer.

    `run` has to be running, as a task, for there to be a card. A request is answered with
    mycroft.volume.get.response; what comes in bursts (knob, slider, other programs) is reported so, a few times in
    a second and at the end. Messages of a remote satellite's session are meant for its own speaker.
    """

    def __init__(
        self,
        mixer: Mixer,
        faceplate: Faceplate,
        dispatcher: Dispatcher,
        emit: Emit,
        *,
        full: int,
        settings: VolumeSettings,
        state: State,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mixer = mixer
        self._full = full
        self._settings = settings
        self._state = state
        self._faceplate = faceplate
        self._emit = emit
        self._clock = clock
        saved = state.get(STATE, _Saved)
        self._volume = Volume(start_level(saved.level if saved else None, settings.start))
        if saved:
            self._volume = self._volume.with_muted(saved.muted)
        self._seen: MixerLevel | None = None
        """How the mixer was when we looked last; None while the card is away."""
        self._news = asyncio.Event()
        self._turned = False
        self._next_sound_s = clock()
        handlers: dict[Topic, Handler] = {
            topics.VOLUME_GET: self._on_get,
            topics.VOLUME_GET_SLIDING_PANEL: self._on_get,
            topics.VOLUME_SET: self._on_set,
            topics.VOLUME_SET_GUI: self._on_set_gui,
            topics.VOLUME_INCREASE: self._on_increase,
            topics.VOLUME_DECREASE: self._on_decrease,
            topics.VOLUME_MUTE: self._on_mute,
            topics.VOLUME_UNMUTE: self._on_unmute,
            topics.VOLUME_MUTE_TOGGLE: self._on_mute_toggle,
            topics.VOLUME_DUCK: self._on_duck,
            topics.VOLUME_UNDUCK: self._on_unduck,
            topics.RECORD_BEGIN: self._on_record_begin,
            topics.RECORD_END: self._on_record_end,
        }
        for topic, handler in handlers.items():
            dispatcher.on(topic, partial(_if_local, handler))
        dispatcher.on(topics.FACTORY_RESET_PHAL, self._on_factory_reset)

    async def run(self) -> None:
        """Keeps the card at the volume that it should have, for ever, and reports what others make of it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_card())
            group.create_task(self._report())

    # Requests.

    async def _on_get(self, message: Message) -> None:
        self._look()
        await self._answer(message)

    async def _on_set(self, message: Message, percent: float | None, play_sound: bool) -> None:
        await self._set(percent, play_sound, by_listener=message.context.get("skill_id") == LISTENER)
        await self._answer(message)

    async def _on_set_gui(self, _: Message, percent: float | None, play_sound: bool) -> None:
        await self._set(percent, play_sound)
        self._news.set()

    async def _set(self, percent: float | None, play_sound: bool, *, by_listener: bool = False) -> None:
        if percent is None:
            self._look()
            return
        level = whole_percent(percent)
        if by_listener:
            self._change(lambda volume: volume.set_by_listener(level, self._clock()))
        else:
            await self._turn(lambda volume: volume.at(level), play_sound)

    async def _on_increase(self, message: Message, percent: float, play_sound: bool) -> None:
        await self._turn(lambda volume: volume.raised(whole_percent(percent)), play_sound)
        await self._answer_turn(message)

    async def _on_decrease(self, message: Message, percent: float, play_sound: bool) -> None:
        await self._turn(lambda volume: volume.lowered(whole_percent(percent)), play_sound)
        await self._answer_turn(message)

    async def _on_mute(self, message: Message) -> None:
        self._change(lambda volume: volume.with_muted(True))
        await self._answer(message)

    async def _on_unmute(self, message: Message) -> None:
        self._change(lambda volume: volume.with_muted(False))
        await self._answer(message)

    async def _on_mute_toggle(self, message: Message) -> None:
        self._change(lambda volume: volume.with_muted(not volume.muted))
        await self._answer(message)

    async def _on_duck(self, message: Message) -> None:
        self._change(lambda volume: volume.ducked(_who(message), self._settings.duck))
        await self._answer(message)

    async def _on_unduck(self, message: Message) -> None:
        self._change(lambda volume: volume.unducked(_who(message)))
        await self._answer(message)

    # Events.

    async def _on_record_begin(self, _: Message) -> None:
        self._follow(lambda volume: volume.recording(self._clock()))
        if self._settings.duck_while_recording:
            self._follow(lambda volume: volume.ducked(RECORDING, self._settings.duck))

    async def _on_record_end(self, _: Message) -> None:
        self._follow(Volume.recorded)

    async def _on_factory_reset(self, _: Message) -> None:
        # Not `_keep`: nothing of it is to be remembered, and the file is empty already.
        self._volume = Volume(start_level(None, self._settings.start))
        if self._seen is not None:
            self._write(self._volume)
        self._news.set()

    def _follow(self, change: Callable[[Volume], Volume]) -> None:
        """Changes what nobody has asked for: so nobody is answered, nor told that it has failed."""
        before = self._volume.heard
        with contextlib.suppress(MixerError):
            self._change(change)
        if self._volume.heard != before:
            self._news.set()

    # The volume.

    async def _turn(self, change: Callable[[Volume], Volume], play_sound: bool) -> None:
        """Changes the level, and lets it be heard. Not while it is lowered: a recording would hear it, too."""
        before = self._volume.level
        self._change(lambda volume: change(volume.taken_over(self._clock())))
        silent = self._volume.muted or self._volume.ducks or self._volume.level == before
        if play_sound and not silent and self._clock() >= self._next_sound_s:
            self._next_sound_s = self._clock() + SOUND_GAP_S
            await self._emit(Message(topics.PLAY_SOUND.name, {"uri": SOUND}))

    def _change(self, change: Callable[[Volume], Volume]) -> None:
        try:
            self._look()
            after = change(self._volume)
            self._write(after)
        except MixerError:
            # What has failed is not done later. But who lowers the volume goes on to, or has to end that.
            self._volume = self._volume.with_ducks_of(change(self._volume))
            raise
        self._keep(after)

    def _keep(self, volume: Volume) -> None:
        self._volume = volume
        self._state.put(STATE, _Saved(min(volume.level, LOUDEST), volume.muted))

    def _write(self, volume: Volume) -> None:
        self._seen = self._mixer.write(min(round(volume.heard * self._full / LOUDEST), 100), volume.muted)

    def _look(self) -> None:
        """Takes over what somebody else has done to the mixer. A level is never read back: rounding changes it."""
        if self._seen is None:
            raise MixerError("the sound card is away")
        before, self._seen = self._seen, self._mixer.read()
        if self._seen == before:
            return
        volume = self._volume
        if self._seen.percent != before.percent:
            volume = volume.found(round(self._seen.percent * LOUDEST / self._full))
        self._keep(volume.with_muted(self._seen.muted))
        self._news.set()

    # The card.

    async def _keep_card(self) -> None:
        retry_s = RETRY_FIRST_S
        while True:
            try:
                self._mixer.open()
                self._write(self._volume)
                _LOGGER.info("the sound card is there")
                retry_s = RETRY_FIRST_S
                self._news.set()
                while True:
                    await self._mixer.changed()
                    self._look()
            except MixerError as error:
                # Loud once per outage; after that it is no news.
                _LOGGER.log(logging.WARNING if retry_s == RETRY_FIRST_S else logging.DEBUG, "%s", error)
            self._seen = None
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, RETRY_MAX_S)

    # Answers.

    async def _answer(self, message: Message) -> None:
        await self._emit(message.reply(topics.VOLUME_RESPONSE.name, self._data))

    async def _answer_turn(self, message: Message) -> None:
        if message.context.get("source") == KNOB:
            self._turned = True
            self._news.set()
        else:
            await self._answer(message)

    async def _report(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._turned:
                self._turned = False
                self._faceplate.show(EyesVolume(round(min(self._volume.level, LOUDEST) * EYES_STEPS / LOUDEST)))
            try:
                await self._emit(Message(topics.VOLUME_RESPONSE.name, self._data))
            except BusUnavailableError as error:
                _LOGGER.warning("%s", error)
            await asyncio.sleep(REPORT_GAP_S)

    @property
    def _data(self) -> dict[str, Any]:
        return {"percent": min(self._volume.heard, LOUDEST) / LOUDEST, "muted": self._volume.muted}


async def _if_local(handler: Handler, message: Message, **fields: object) -> None:
    if is_local(message):
        await handler(message, **fields)


def _who(message: Message) -> str:
    return str(message.context.get("source"))
