"""pyalsaaudio: the playback level of a sound card.

Its mixer calls hold the interpreter's lock while they wait for a card or a sound server (0.8.4 and 0.11), so a
thread would not help. Setting a level takes 3 ms through PulseAudio. A server that hangs is found by the watchdog.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import alsaaudio

from enclosure.errors import MixerError
from enclosure.ports import MixerLevel

_STDERR = 2


class AlsaMixer:
    """The Mixer port on an ALSA device, with the first of `controls` that it has."""

    def __init__(self, device: str, controls: Sequence[str]) -> None:
        self._device = device
        self._controls = controls
        self._mixer: Any = None
        self._has_switch = False

    async def open(self) -> None:
        """Opens the card, again if it was open. Raises MixerError."""
        with self._mixer_errors():
            before, self._mixer = self._mixer, None
            if before is not None:
                before.close()
            with _silent_libasound():
                there = alsaaudio.mixers(device=self._device)
                control = next((control for control in self._controls if control in there), None)
                if control is None:
                    wanted, found = ", ".join(self._controls), ", ".join(there) or "none"
                    raise MixerError(f"mixer of {self._device}: none of {wanted}; there are: {found}")
                self._mixer = alsaaudio.Mixer(control, device=self._device)
            self._has_switch = _has_switch(self._mixer)

    def read(self) -> MixerLevel:
        """The current level, the mean of all channels. Raises MixerError."""
        with self._mixer_errors():
            self._mixer.handleevents()  # or changes by other programs would not be seen
            channels: list[int] = self._mixer.getvolume()
            muted = self._has_switch and all(self._mixer.getmute())
            return MixerLevel(round(sum(channels) / len(channels)), muted)

    def write(self, percent: int, muted: bool) -> MixerLevel:
        """Sets all channels, 0 to 100; returns the level that the card has rounded it to. Raises MixerError.

        A card without a switch is turned down to 0 instead.
        """
        with self._mixer_errors():
            self._mixer.setvolume(0 if muted and not self._has_switch else percent)
            if self._has_switch and all(self._mixer.getmute()) != muted:
                self._mixer.setmute(muted)
        return self.read()  # which fails if the card is gone; setting does not

    async def changed(self) -> None:
        """Waits until a program may have changed something, or the card is gone; `read` then shows which."""
        loop = asyncio.get_running_loop()
        happened = asyncio.Event()
        with self._mixer_errors():
            files = [file for file, _ in self._mixer.polldescriptors()]
        for file in files:
            loop.add_reader(file, happened.set)
        try:
            await happened.wait()
        finally:
            for file in files:
                loop.remove_reader(file)

    def close(self) -> None:
        """Leaves the card as it is."""

    @contextlib.contextmanager
    def _mixer_errors(self) -> Iterator[None]:
        try:
            yield
        except alsaaudio.ALSAAudioError as error:
            raise MixerError(f"mixer of {self._device}: {error}") from error


def _has_switch(mixer: Any) -> bool:
    try:
        mixer.getmute()
    except alsaaudio.ALSAAudioError:  # switchcap() of 0.8.4 finds one on every card
        return False
    return True


@contextlib.contextmanager
def _silent_libasound() -> Iterator[None]:
    """Discards what libasound prints to stderr for each attempt to open a card that is away."""
    stderr = os.dup(_STDERR)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(stderr, _STDERR)
        os.close(stderr)
