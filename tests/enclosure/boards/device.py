"""A whole device with a board whose chips are simulated: gestures in, messages out, and the other way round."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from enclosure.app import Enclosure
from enclosure.config import OWN_PROFILES, VolumeSettings, load_profile
from enclosure.parts import controls_of, display_of, mixer_of
from enclosure.state import SavedState
from hw_sim.boards.gpiod import Gpio
from tests.enclosure.handlers.mark1 import Card, Mark1

QUIET = ("enclosure.board.state", "mycroft.volume.get")


class Device(Mark1):
    """The enclosure of a board. Without an amplifier its mixer is a card that records."""

    def __init__(self, board: str, changes: Mapping[str, Any] | None, state: Path, own: Path) -> None:
        profile = load_profile(board, changes, own)
        self.said = []
        self.away = False
        self.denied = set()
        self.card = Card()
        self.saved = SavedState(state)
        self.enclosure = Enclosure(
            self,
            display_of(profile, None, 0),
            self.card if profile.amplifier.kind == "none" else mixer_of(profile, "", None),
            profile=profile,
            settings=VolumeSettings(),
            saved=self.saved,
            make_controls=controls_of(profile),
        )
        self.enclosure.boot.run = no_start  # type: ignore[method-assign]  # its questions are no part of this

    @property
    def told(self) -> list[str]:
        """The types of what was said, without volume levels and states of the board."""
        return [message.msg_type for message in self.said if not message.msg_type.startswith(QUIET)]


async def no_start(timeout_s: float) -> None:
    """The assistant is ready."""


@contextlib.asynccontextmanager
async def device(
    board: str, changes: Mapping[str, Any] | None = None, own: Path = OWN_PROFILES
) -> AsyncIterator[Device]:
    """The device, running; its set-up is over. `own` is the folder of the owner's profiles."""
    with tempfile.TemporaryDirectory() as folder:
        found = Device(board, changes, Path(folder) / "state", own)
        running = asyncio.create_task(found.enclosure.run())
        await asyncio.sleep(3)
        try:
            yield found
        finally:
            running.cancel()
            await asyncio.wait([running])
    assert running.cancelled()


async def press(gpio: Gpio, line: int, length_s: float = 0.1) -> None:
    """A button is pressed and released."""
    gpio.press(line)
    await asyncio.sleep(length_s)
    gpio.release(line)
    await asyncio.sleep(0.1)
