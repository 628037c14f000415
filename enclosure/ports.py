"""What the rest of the enclosure may ask of its devices; a driver meets one of these protocols."""

from collections.abc import Sequence
from typing import Protocol

from enclosure.faceplate.frames import Command, EyesColor


class Faceplate(Protocol):
    """Two eyes and a mouth."""

    def show(self, command: Command) -> None:
        """Takes a command, to be shown as soon as the device can. Never waits; an absent device is no error.

        On the mouth it stays until another one, or MOUTH_RESET.
        """


class Face(Faceplate, Protocol):
    """A faceplate whose mouth also moves by itself, and that can be asked."""

    @property
    def firmware(self) -> str | None:
        """The version of its firmware; None while it has not told."""

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each of the 24 pixels of the eyes, as it was asked for, at full brightness."""

    def react(self, command: Command | None) -> None:
        """Takes what the mouth does by itself while somebody speaks or listens; None: nothing any more.

        It is seen only where `show` has put nothing on the mouth.
        """


class Mixer(Protocol):
    """The playback level of a sound card."""

    async def volume(self) -> int:
        """The level as it is now, 0 to 100. Raises MixerError."""

    async def set_volume(self, percent: int) -> None:
        """Sets the level, 0 to 100. Raises MixerError."""

    async def muted(self) -> bool:
        """Whether it is switched off; never where the card has no switch. Raises MixerError."""

    async def set_muted(self, muted: bool) -> None:
        """Switches it off or on; a card without a switch is left as it is. Raises MixerError."""


class SerialPort(Protocol):
    """A serial line that is open."""

    async def read(self) -> bytes:
        """Some bytes, at least one. Raises OSError when the port is gone."""

    def write(self, data: bytes) -> None:
        """Queues bytes, a line at a time. Raises OSError when the port is gone or takes no more."""

    def close(self) -> None:
        """Closes the port; may be called twice."""
