"""Records of the requests under way, which the next daemon reads at its start."""

import logging
from collections.abc import Iterable
from pathlib import Path

from bus.contract.topic import Topic
from bus.errors import FrameError
from bus.message import Message

_LOGGER = logging.getLogger(__name__)


class Unfinished:
    """One file for each request, in a folder that lasts as long as the service; without a folder, none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def add(self, request: Topic, message: Message) -> None:
        """Writes the record of a request. Raises OSError."""
        if self._folder:
            _file(self._folder, request).write_text(message.serialize())

    def remove(self, request: Topic) -> None:
        """Removes the record of a request."""
        if self._folder:
            _file(self._folder, request).unlink(missing_ok=True)

    def take(self, requests: Iterable[Topic]) -> list[tuple[Topic, Message]]:
        """Removes and returns the records that the previous daemon has left of these requests."""
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
