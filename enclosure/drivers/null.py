"""Stands in for what a board does not have."""

from collections.abc import Sequence

from enclosure.display import Command, EyesColor, MouthCommand


class NullFace:
    """The Face port of a board without one: takes everything and shows nothing."""

    firmware: str | None = None
    pixels: Sequence[EyesColor] = ()

    async def run(self) -> None:
        """Nothing to keep up to date."""

    async def flush(self) -> None:
        """Nothing to wait for."""

    def forget(self) -> None:
        """Nothing waits."""

    def show(self, command: Command) -> None:
        """Takes a command."""

    def react(self, command: MouthCommand | None) -> None:
        """Takes what the mouth would do."""

    def idle(self, command: MouthCommand | None) -> None:
        """Takes what the mouth would show."""
