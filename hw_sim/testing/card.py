"""What makes the sound of a device in a test: a mixer with a memory, or the amplifier of its board."""

import asyncio
from typing import Protocol

from enclosure.amplifier import register
from enclosure.board import Profile
from enclosure.errors import MixerError
from enclosure.parts import mixer_of
from enclosure.ports import Mixer, MixerLevel
from hw_sim.boards.board import Board

GONE = "the sound card is gone"


class Card(Protocol):
    """A sound card or an amplifier, as a test turns and reads it."""

    @property
    def level(self) -> MixerLevel:
        """The level."""

    def mixer(self, profile: Profile) -> Mixer:
        """The enclosure's side of it."""

    def turn_to(self, percent: int) -> None:
        """Another program sets the level."""

    def plug(self, there: bool) -> None:
        """It comes or goes."""


class SoundCard:
    """A card with one control, 0 to 100 percent, and a switch: not every machine has a sound server."""

    def __init__(self) -> None:
        self.level = MixerLevel(50, False)
        self.there = True
        """Whether it is in the machine."""
        self._changed = asyncio.Event()

    def turn_to(self, percent: int) -> None:
        """Another program sets the level."""
        self.level = self.level._replace(percent=percent)
        self._changed.set()

    def plug(self, there: bool) -> None:
        """It comes or goes."""
        self.there = there
        self._changed.set()

    def mixer(self, _: Profile) -> Mixer:
        """The enclosure uses the card itself."""
        return self

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


class Amplifier:
    """The amplifier of a board, which the enclosure's own driver uses."""

    def __init__(self) -> None:
        self.board: Board

    @property
    def level(self) -> MixerLevel:
        """The level; silent while it is away."""
        return self.board.level or MixerLevel(0, muted=True)

    def mixer(self, profile: Profile) -> Mixer:
        """The driver, which finds the chip of the board."""
        return mixer_of(profile, "", None)

    def turn_to(self, percent: int) -> None:
        """Another program sets the level."""
        assert self.board.amplifier is not None, "it has one"
        self.board.amplifier.turn_to(register(percent))

    def plug(self, there: bool) -> None:
        """It comes, without what was written to it, or goes."""
        self.board.plug_amplifier(there)
