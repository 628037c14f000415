"""mycroft.volume.* <-> the mixer. There is one owner of the volume, and this is it."""

from bus import topics
from bus.dispatch import Dispatcher, Emit, is_local
from bus.message import Message
from enclosure.faceplate.frames import EyesVolume
from enclosure.handlers.buttons import KNOB
from enclosure.ports import Faceplate, Mixer

EYES_STEPS = 11
"""The highest level that enclosure.eyes.volume shows."""


class VolumeHandler:
    """Volumes are whole percent of the loudest that the board is meant for, which is `full` percent of the mixer.

    Every change is answered with mycroft.volume.get.response; a turn of the knob is shown on the eyes, too.
    Messages of a remote satellite's session are meant for its own speaker.
    """

    def __init__(self, mixer: Mixer, full: int, faceplate: Faceplate, dispatcher: Dispatcher, emit: Emit) -> None:
        self._mixer = mixer
        self._full = full
        self._faceplate = faceplate
        self._emit = emit
        self._set: tuple[int, int] | None = None
        dispatcher.on(topics.VOLUME_GET, self._on_get)
        dispatcher.on(topics.VOLUME_SET, self._on_set)
        dispatcher.on(topics.VOLUME_INCREASE, self._on_increase)
        dispatcher.on(topics.VOLUME_DECREASE, self._on_decrease)
        dispatcher.on(topics.VOLUME_MUTE, self._on_mute)
        dispatcher.on(topics.VOLUME_UNMUTE, self._on_unmute)

    async def _on_get(self, message: Message) -> None:
        if is_local(message):
            await self._answer(message)

    async def _on_set(self, message: Message, percent: float, **_: object) -> None:
        if is_local(message):
            await self._change(message, whole_percent(percent))

    async def _on_increase(self, message: Message, percent: float, **_: object) -> None:
        if is_local(message):
            await self._change(message, await self._volume() + whole_percent(percent))

    async def _on_decrease(self, message: Message, percent: float, **_: object) -> None:
        if is_local(message):
            # Whoever turns a muted device down does not want to hear it.
            await self._change(message, await self._volume() - whole_percent(percent), unmute=False)

    async def _on_mute(self, message: Message) -> None:
        if is_local(message):
            await self._mixer.set_muted(True)
            await self._answer(message)

    async def _on_unmute(self, message: Message) -> None:
        if is_local(message):
            await self._mixer.set_muted(False)
            await self._answer(message)

    async def _change(self, message: Message, volume: int, *, unmute: bool = True) -> None:
        volume = min(max(volume, 0), 100)
        await self._mixer.set_volume(round(volume * self._full / 100))
        self._set = (volume, await self._mixer.volume())
        if unmute and await self._mixer.muted():
            await self._mixer.set_muted(False)
        if message.context.get("source") == KNOB:
            self._faceplate.show(EyesVolume(round(volume * EYES_STEPS / 100)))
        await self._answer(message)

    async def _volume(self) -> int:
        level = await self._mixer.volume()
        if self._set and self._set[1] == level:
            return self._set[0]  # not what rounding has made of it
        return min(round(level * 100 / self._full), 100)

    async def _answer(self, message: Message) -> None:
        data = {"percent": await self._volume() / 100, "muted": await self._mixer.muted()}
        await self._emit(message.reply(topics.VOLUME_RESPONSE.name, data))


def whole_percent(value: float) -> int:
    """What clients mean by a `percent`: 0..1 as it should be, or a percentage from 2 to 100."""
    return round(min(value * 100 if value < 2 else value, 100))
