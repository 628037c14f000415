"""The sound card of a device in a test: a mixer with a memory, since not every machine has a sound server."""

import asyncio

from enclosure.errors import MixerError
from enclosure.ports import MixerLevel

GONE = "the sound card is gone"


class SoundCard:
    """A card with one control, 0 to 100 percent, and a switch. The enclosure uses it as its `Mixer`."""

    def __init__(self) -> None:
        self.level = MixerLevel(50, False)
        self.there = True
        self._changed = asyncio.Event()

    def set(self, percent: int | None = None, *, muted: bool | None = None, there: bool | None = None) -> None:
        """Another program sets the level, or the card goes away or comes back."""
        if percent is not None:
            self.level = self.level._replace(percent=percent)
        if muted is not None:
            self.level = self.level._replace(muted=muted)
        if there is not None:
            self.there = there
        self._changed.set()

    # The port.

    async def open(self) -> None:
        """Opens the card."""
        self.read()

    def read(self) -> MixerLevel:
        """The level."""
        if not self.there:
            raise MixerError(GONE)
        return self.level

    def write(self, percent: int, muted: bool) -> MixerLevel:
        """Sets the level."""
        self.read()
        self.level = MixerLevel(percent, muted)
        return self.level

    async def changed(self) -> None:
        """Waits until another program has changed something."""
        await self._changed.wait()
        self._changed.clear()

    def close(self) -> None:
        """Leaves the card as it is."""
