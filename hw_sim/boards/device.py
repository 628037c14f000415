"""The real enclosure on a simulated board, in this process: its chips are where the drivers look for libraries."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

from enclosure.app import enclosure
from enclosure.config import VolumeSettings, load_profile, profile_names
from hw_sim.boards.board import Board, wired

BOARDS = tuple(name for name in profile_names() if load_profile(name).serial_port is None)
"""Names of the boards that can be simulated; the faceplate has a simulator of its own."""

RunEnclosure = Callable[[str], Coroutine[None, None, None]]
"""Runs the enclosure on the bus of this URL, until cancelled."""


def simulated(name: str, folder: Path, stack: AsyncExitStack) -> tuple[Board, RunEnclosure]:
    """A board, plugged in while the stack is, and what runs its enclosure."""
    profile = wired(load_profile(name))
    board = Board(profile, folder, asyncio.get_running_loop().time)
    stack.enter_context(board.plugged_in())

    async def run(bus_url: str) -> None:
        state = folder / "state.json"
        await enclosure(bus_url, profile, None, 0, "default", volume_settings=VolumeSettings(), state_path=state)

    return board, run
