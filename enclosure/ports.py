"""What the rest of the enclosure may ask of its devices; a driver meets one of these protocols."""

from typing import Protocol

from enclosure.faceplate.frames import Command


class Faceplate(Protocol):
    """Two eyes and a mouth."""

    def show(self, command: Command) -> None:
        """Takes a command, to be shown as soon as the device can. Never waits; an absent device is no error."""


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
