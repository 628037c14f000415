"""Warnings that a peer could cause again and again."""

import logging

from bus.message import clip, printable

MAX_LOGGED = 100
"""Warnings that are remembered; further ones are left out."""


class Once:
    """Logs each warning once for each topic or type."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._logged: set[tuple[str, str]] = set()

    def warn(self, what: str, text: str, *more: str) -> None:
        """Logs a text about a topic or type, its first argument; `more` are the others. All may be of the peer."""
        what = printable(clip(what))
        if (what, text) not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add((what, text))
            self._logger.warning(text, what, *map(printable, map(clip, more)))
