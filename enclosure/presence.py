"""Whether a part of the board, such as its LEDs, can be used: what is reported, and when it is tried again."""

import asyncio
import logging
from collections.abc import Callable

from enclosure.errors import BoardError
from enclosure.events import BoardState, Event, PartState

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 30.0
"""How long a part that cannot be used is left alone: a module that is loaded late, or a rival that ends."""

STABLE_S = 10.0
"""A part that has worked this long is tried again soon; one with a loose wire is not."""

_LOGGER = logging.getLogger(__name__)


class Presence:
    """Logs and reports each change of the state once."""

    def __init__(self, name: str, on_event: Callable[[Event], None]) -> None:
        self._name = name
        self._on_event = on_event
        self._state: BoardState | None = None
        self._since_s = 0.0
        """Since when it has had this state."""
        self._retry_s = RETRY_FIRST_S

    def connected(self) -> None:
        """The part works; may be called again while it does."""
        self._enter(BoardState(self._name, PartState.CONNECTED))

    def lost(self, error: BoardError) -> float:
        """The part cannot be used; returns the seconds to leave it alone."""
        worked = self._state is not None and self._state.state is PartState.CONNECTED
        if worked and asyncio.get_running_loop().time() - self._since_s >= STABLE_S:
            self._retry_s = RETRY_FIRST_S
        self._enter(BoardState.lost(self._name, error))
        retry_s, self._retry_s = self._retry_s, min(2 * self._retry_s, RETRY_MAX_S)
        return retry_s

    def _enter(self, state: BoardState) -> None:
        if state == self._state:
            return
        self._state, self._since_s = state, asyncio.get_running_loop().time()
        level = logging.INFO if state.state is PartState.CONNECTED else logging.WARNING
        _LOGGER.log(level, "%s: %s", self._name, state.detail or state.state)
        self._on_event(state)
