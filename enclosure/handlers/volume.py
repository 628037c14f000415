"""mycroft.volume.* and the knob to the mixer. This daemon is the one owner of the volume."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from bus.client.dispatch import Dispatcher, Emit, Handler
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure.card import Card
from enclosure.config import VolumeSettings
from enclosure.errors import MixerError
from enclosure.events import Event
from enclosure.handlers.session import local
from enclosure.ports import Display, Mixer
from enclosure.router import Report
from enclosure.state import SavedState
from enclosure.volume import LISTENER, LOUDEST, RECORDING, Volume, start_level, whole_percent

STEP = 10
"""Percent that a detent of the knob changes; the default of mycroft.volume.increase, too."""

SOUND = "snd/blop-mark-diangelo.wav"
"""The sound of a new volume in Mycroft and OVOS; both have this file."""

SOUND_GAP_S = 0.2
SHOW_GAP_S = REPORT_GAP_S = 0.1
"""Shortest time between two of them; a knob makes up to 30 steps in a second."""

SOURCE_LENGTH = 64
"""Characters of a `context.source` by which those that lower the volume are told apart."""

SAVED = "volume"
"""The name of the saved value."""

_LOGGER = logging.getLogger(__name__)


class _Saved(msgspec.Struct):
    level: Annotated[int, msgspec.Meta(ge=0, le=LOUDEST)]
    muted: bool


class VolumeHandler:
    """Volumes are whole percent of the loudest that the board is meant for, which is `full` percent of the mixer.

    `run` has to be running, as a task, for there to be a card. A request is answered with
    mycroft.volume.get.response. Changes that come in bursts (knob, slider, other programs) are reported with it a
    few times in a second, and at the end. Messages of a remote satellite's session are meant for its own speaker.
    """

    def __init__(
        self,
        mixer: Mixer,
        display: Display,
        dispatcher: Dispatcher,
        emit: Emit,
        report: Report,
        *,
        on_event: Callable[[Event], None],
        full: int,
        settings: VolumeSettings,
        saved: SavedState,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._saved = saved
        self._display = display
        self._emit = emit
        self._report = report
        self._clock = clock
        self._changed = asyncio.Event()
        self._turned = asyncio.Event()
        before = saved.get(SAVED, _Saved)
        start = Volume(start_level(before.level if before else None, settings.start))
        if before:
            start = start.with_muted(before.muted)
        self._card = Card(mixer, full, start, save=self._save, on_found=self._changed.set, on_event=on_event)
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
            dispatcher.on(topic, local(handler))
        dispatcher.on(topics.FACTORY_RESET_PHAL, self._on_factory_reset)
        dispatcher.on(topics.CONNECTED, self._on_connected)

    async def run(self) -> None:
        """Keeps the card at the volume until cancelled; reports what other programs change."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._card.run())
            group.create_task(self._show())
            group.create_task(self._report_changes())

    # The knob.

    def turn(self, direction: int) -> bool:
        """Turns the volume up (1) or down (-1) by a step, and shows it; returns whether there is a card."""
        try:
            self._turn(lambda volume: volume.raised(STEP) if direction > 0 else volume.lowered(STEP), True)
        except MixerError as error:
            _LOGGER.debug("%s", error)  # a warning has been logged when the card went away
            return False
        self._turned.set()
        self._changed.set()
        return True

    # Requests.

    async def _on_get(self, message: Message) -> None:
        self._card.look()
        await self._answer(message)

    async def _on_set(self, message: Message, percent: float | None, play_sound: bool) -> None:
        self._set(percent, play_sound, by_listener=message.context.get("skill_id") == LISTENER)
        await self._answer(message)

    async def _on_set_gui(self, _: Message, percent: float | None, play_sound: bool) -> None:
        self._set(percent, play_sound)
        self._changed.set()

    def _set(self, percent: float | None, play_sound: bool, *, by_listener: bool = False) -> None:
        if percent is None:
            self._card.look()
            return
        level = whole_percent(percent)
        if by_listener:
            self._card.change(lambda volume: volume.set_by_listener(level, self._clock()))
        else:
            self._turn(lambda volume: volume.at(level), play_sound)

    async def _on_increase(self, message: Message, percent: float, play_sound: bool) -> None:
        self._turn(lambda volume: volume.raised(whole_percent(percent)), play_sound)
        await self._answer(message)

    async def _on_decrease(self, message: Message, percent: float, play_sound: bool) -> None:
        self._turn(lambda volume: volume.lowered(whole_percent(percent)), play_sound)
        await self._answer(message)

    async def _on_mute(self, message: Message) -> None:
        self._card.change(lambda volume: volume.with_muted(True))
        await self._answer(message)

    async def _on_unmute(self, message: Message) -> None:
        self._card.change(lambda volume: volume.with_muted(False))
        await self._answer(message)

    async def _on_mute_toggle(self, message: Message) -> None:
        self._card.change(lambda volume: volume.with_muted(not volume.muted))
        await self._answer(message)

    async def _on_duck(self, message: Message) -> None:
        self._card.change(lambda volume: volume.ducked(_sender(message), self._settings.duck))
        await self._answer(message)

    async def _on_unduck(self, message: Message) -> None:
        self._card.change(lambda volume: volume.unducked(_sender(message)))
        await self._answer(message)

    # Events.

    async def _on_record_begin(self, _: Message) -> None:
        self._follow(lambda volume: volume.recording(self._clock()))
        if self._settings.duck_while_recording:
            self._follow(lambda volume: volume.ducked(RECORDING, self._settings.duck))

    async def _on_record_end(self, _: Message) -> None:
        self._follow(Volume.recorded)

    async def _on_connected(self, _: Message) -> None:
        if self._card.present:
            self._changed.set()  # the report of a change may have been missed while the bus was away

    async def _on_factory_reset(self, _: Message) -> None:
        self._card.reset(Volume(start_level(None, self._settings.start)))
        self._changed.set()

    def _follow(self, change: Callable[[Volume], Volume]) -> None:
        """Makes a change that no request has asked for: there is no answer, and no failure to report."""
        before = self._volume.heard
        with contextlib.suppress(MixerError):
            self._card.change(change)
        if self._volume.heard != before:
            self._changed.set()

    def _turn(self, change: Callable[[Volume], Volume], play_sound: bool) -> None:
        """Changes the level, with a sound; without one while it is lowered: a recording would contain it."""
        before = self._volume.level
        self._card.change(lambda volume: change(volume.taken_over(self._clock())))
        silent = self._volume.muted or self._volume.ducks or self._volume.level == before
        if play_sound and not silent and self._clock() >= self._next_sound_s:
            self._next_sound_s = self._clock() + SOUND_GAP_S
            self._report(Message(topics.PLAY_SOUND.name, {"uri": SOUND}))

    def _save(self, volume: Volume) -> None:
        self._saved.put(SAVED, _Saved(min(volume.level, LOUDEST), volume.muted))

    @property
    def _volume(self) -> Volume:
        return self._card.volume

    # Answers and reports.

    async def _answer(self, message: Message) -> None:
        await self._emit(message.reply(topics.VOLUME_RESPONSE.name, self._data))

    async def _show(self) -> None:
        while True:
            await self._turned.wait()
            self._turned.clear()
            self._display.show_volume(min(self._volume.level, LOUDEST) / LOUDEST)
            await asyncio.sleep(SHOW_GAP_S)

    async def _report_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._report(Message(topics.VOLUME_RESPONSE.name, self._data))
            await asyncio.sleep(REPORT_GAP_S)

    @property
    def _data(self) -> dict[str, Any]:
        return {"percent": min(self._volume.heard, LOUDEST) / LOUDEST, "muted": self._volume.muted}


def _sender(message: Message) -> str:
    """The client that lowers the volume, by a name that differs from LISTENER and RECORDING."""
    source = message.context.get("source")
    return f"source {source[:SOURCE_LENGTH]}" if isinstance(source, str) else "no source"
