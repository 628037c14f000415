"""The requests that are under way, for the daemon that is started after this one."""

import logging
from collections.abc import Iterable
from pathlib import Path

from bus.contract.topic import Topic
from bus.errors import FrameError
from bus.message import Message

_LOGGER = logging.getLogger(__name__)


class Unfinished:
    """One file for each request, in a folder that a restart of the machine empties; without one none is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def add(self, request: Topic, message: Message) -> None:
        """Keeps a request until it is removed, or taken by the next daemon. Raises OSError."""
        if self._folder:
            _file(self._folder, request).write_text(message.serialize())

    def remove(self, request: Topic) -> None:
        """Forgets a request whose end is reported."""
        if self._folder:
            _file(self._folder, request).unlink(missing_ok=True)

    def take(self, requests: Iterable[Topic]) -> list[tuple[Topic, Message]]:
        """Removes what the daemon before this one has left of these requests, and returns it."""
        found: list[tuple[Topic, Message]] = []
        if not self._folder:
            return found
        for request in requests:
            path = _file(self._folder, request)
            try:
                found.append((request, Message.deserialize(path.read_text())))
            except FileNotFoundError:
                continue
            except (FrameError, UnicodeDecodeError) as error:  # half written
                _LOGGER.warning("%s: %s", path, error)
            path.unlink()
        return found


def _file(folder: Path, request: Topic) -> Path:
    return folder / f"{request.name}.json"
