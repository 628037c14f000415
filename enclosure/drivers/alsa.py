"""pyalsaaudio: the playback level of a sound card.

Its calls may wait for a sound server, so a thread makes them.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import alsaaudio

from enclosure.errors import MixerError

T = TypeVar("T")


class AlsaMixer:
    """The Mixer port on an ALSA device; the first of `controls` that it has is used."""

    def __init__(self, device: str, controls: Sequence[str]) -> None:
        self._device = device
        self._controls = controls
        self._mixer: Any = None
        self._thread = ThreadPoolExecutor(1, "mixer")

    async def volume(self) -> int:
        """The level as it is now, 0 to 100; the mean of all channels. Raises MixerError."""

        def read(mixer: Any) -> int:
            channels: list[int] = mixer.getvolume()
            return round(sum(channels) / len(channels))

        return await self._call(read)

    async def set_volume(self, percent: int) -> None:
        """Sets the level of all channels, 0 to 100. Raises MixerError."""
        await self._call(lambda mixer: mixer.setvolume(percent))

    async def muted(self) -> bool:
        """Whether all channels are switched off; never where the card has no switch. Raises MixerError."""
        return await self._call(lambda mixer: _has_switch(mixer) and all(mixer.getmute()))

    async def set_muted(self, muted: bool) -> None:
        """Switches it off or on; a card without a switch is left as it is. Raises MixerError."""
        await self._call(lambda mixer: mixer.setmute(muted) if _has_switch(mixer) else None)

    async def _call(self, function: Callable[[Any], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._locked_to_thread, function)

    def _locked_to_thread(self, function: Callable[[Any], T]) -> T:
        try:
            if self._mixer is None:
                self._mixer = self._open()
            self._mixer.handleevents()  # or it would not see what others have changed
            return function(self._mixer)
        except alsaaudio.ALSAAudioError as error:
            self._mixer = None  # the card may come back as another one
            raise MixerError(f"mixer of {self._device}: {error}") from error

    def _open(self) -> Any:
        there = alsaaudio.mixers(device=self._device)
        for control in self._controls:
            if control in there:
                return alsaaudio.Mixer(control, device=self._device)
        wanted, found = ", ".join(self._controls), ", ".join(there) or "none"
        raise MixerError(f"mixer of {self._device}: none of {wanted}; there are: {found}")


def _has_switch(mixer: Any) -> bool:
    return "Playback Mute" in mixer.switchcap()
