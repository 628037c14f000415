"""What the rest of the enclosure may ask of its devices; a driver meets one of these protocols."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from enclosure.activity import Activity
from enclosure.display import Command, EyesColor, MouthCommand


class Faceplate(Protocol):
    """Two eyes and a mouth."""

    def show(self, command: Command) -> None:
        """Takes a command, to be shown as soon as the device can. Never waits; an absent device is no error.

        On the mouth it stays until another one, or MouthAction.RESET.
        """


class Face(Faceplate, Protocol):
    """A faceplate whose mouth also moves by itself, and that can be asked."""

    @property
    def firmware(self) -> str | None:
        """The version of its firmware; None while it does not answer."""

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each of the 24 pixels of the eyes, as it was asked for, at full brightness."""

    def react(self, command: MouthCommand | None) -> None:
        """Takes what the mouth does by itself while somebody speaks or listens; None: nothing any more.

        It is seen only where `show` has put nothing on the mouth.
        """

    def forget(self) -> None:
        """Drops what it has taken and could not show yet: something else is to be seen at once."""

    def idle(self, command: MouthCommand | None) -> None:
        """Takes what is seen while `show` and `react` have nothing on the mouth; None: nothing any more."""


class Display(Protocol):
    """What a board can show, in layers: question, volume, notification, skill content, activity, rest.

    A layer that ends uncovers the one below. No method waits, except `close`; an absent device is no error, and
    shows the whole state when it comes back. A board shows what it can, and ignores the rest.
    """

    @property
    def firmware(self) -> str | None:
        """Version of the display's firmware; None without one, and while it does not answer."""

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each pixel of the eyes, as it was asked for, at full brightness."""

    def show(self, command: Command) -> None:
        """Takes what a skill shows. On the mouth it stays until the next text or picture, or MouthAction.RESET.

        Colour and level of the eyes stay as those of the rest layer.
        """

    def indicate(self, activity: Activity) -> None:
        """Takes what the assistant is doing now."""

    def notify(self, text: str) -> None:
        """Shows a short text until it has been read; the next one replaces it."""

    def show_volume(self, level: float) -> None:
        """Shows the volume, 0 to 1, for a moment."""

    def ask(self, question: str | None) -> None:
        """Shows a question that waits for a press, above all else; None ends it.

        Reports QuestionShown(True) once it can be read in full, and QuestionShown(False) when it no longer can.
        """

    async def run(self) -> None:
        """Keeps the display up to date until cancelled."""

    async def close(self) -> None:
        """Shows what a device without this daemon looks like, or one that is leaving; returns when it is shown."""


class MixerLevel(NamedTuple):
    """What a mixer is set to."""

    percent: int
    """0 to 100."""
    muted: bool
    """Whether it is switched off; never where the card has no switch."""


class Mixer(Protocol):
    """The playback level of a sound card. Each call takes some milliseconds, and may raise MixerError.

    Once one has, the card is gone, and has to be opened again.
    """

    def open(self) -> None:
        """Opens the card, again if it was open; before anything else."""

    def read(self) -> MixerLevel:
        """The level as it is now."""

    def write(self, percent: int, muted: bool) -> MixerLevel:
        """Sets the level, 0 to 100; returns what the card has made of it.

        A card without a switch is turned down to 0 instead.
        """

    async def changed(self) -> None:
        """Waits until somebody may have changed something, or the card is gone; `read` tells."""


class SerialPort(Protocol):
    """A serial line that is open."""

    async def read(self) -> bytes:
        """Some bytes, at least one. Raises OSError when the port is gone."""

    def write(self, data: bytes) -> None:
        """Queues bytes, a line at a time. Raises OSError when the port is gone or takes no more."""

    def close(self) -> None:
        """Closes the port; may be called twice."""
