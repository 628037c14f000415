"""A display for boards without one."""

import asyncio
from collections.abc import Sequence

from enclosure.activity import Activity
from enclosure.display import EMPTY, Bitmap, Command, EyesColor


class NullDisplay:
    """The Display port of a board without one: it accepts everything and shows nothing."""

    firmware: str | None = None
    pixels: Sequence[EyesColor] = ()
    mouth: Bitmap = EMPTY

    def show(self, command: Command) -> None:
        """Ignores a command."""

    def indicate(self, activity: Activity) -> None:
        """Ignores an activity."""

    def notify(self, text: str) -> None:
        """Ignores a text."""

    def show_volume(self, level: float) -> None:
        """Ignores a level."""

    def ask(self, question: str | None) -> None:
        """Ignores a question: it is never visible, so it is never answered."""

    async def run(self) -> None:
        """Waits until cancelled."""
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Has nothing to show."""
