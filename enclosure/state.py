"""Values that outlive a restart, in a small JSON file."""

import asyncio
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

SAVE_DELAY_S = 1.0
"""How long a value waits for others: a turn of the knob changes many, and an SD card wears out."""

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")


def state_file(environment: Mapping[str, str]) -> Path:
    """Path of the file: in the folder that systemd provides, or else in the user's own."""
    first, _, _ = environment.get("STATE_DIRECTORY", "").partition(":")
    return Path(first or "~/.local/state/mycroft-enclosure").expanduser() / "state.json"


class SavedState:
    """Values by name. `run` has to be running, as a task, for them to be saved.

    A file that cannot be read or written is logged, and no more: the device works without it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._saving = threading.Lock()
        self._saved = True

    def load(self) -> None:
        """Reads the file; one that does not exist, or is invalid, is treated as empty."""
        try:
            self._values = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Any])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            _LOGGER.warning("%s is ignored: %s", self._path, error)

    def get(self, name: str, kind: type[T]) -> T | None:
        """The value of this name; None if there is none, or it is not of this kind."""
        if name not in self._values:
            return None
        try:
            return msgspec.convert(self._values[name], kind)
        except msgspec.ValidationError as error:
            _LOGGER.warning("%s: %s is ignored: %s", self._path, name, error)
            return None

    def put(self, name: str, value: object) -> None:
        """Saves a value of any kind that msgspec can turn into JSON."""
        plain = msgspec.to_builtins(value)
        if self._values.get(name) != plain:
            self._values[name] = plain
            self._changed.set()

    def clear(self) -> None:
        """Removes all values."""
        self._values.clear()
        self._changed.set()

    async def run(self) -> None:
        """Saves changes until cancelled, those just before that included."""
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(SAVE_DELAY_S)
                self._changed.clear()
                await asyncio.to_thread(self._save)
        finally:
            if self._changed.is_set():
                self._save()

    def _save(self) -> None:
        new = self._path.with_suffix(".new")
        with self._saving:  # a thread may still be saving when `run` is cancelled
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with new.open("wb") as file:
                    file.write(msgspec.json.encode(self._values))
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(self._path)
                self._saved = True
            except OSError as error:
                _LOGGER.log(logging.WARNING if self._saved else logging.DEBUG, "nothing is saved: %s", error)
                self._saved = False
