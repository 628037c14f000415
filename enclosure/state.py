"""What is remembered over a restart: a few values in a small JSON file."""

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
    """In the folder that systemd provides, or else in the user's own."""
    first, _, _ = environment.get("STATE_DIRECTORY", "").partition(":")
    return Path(first or "~/.local/state/mycroft-enclosure").expanduser() / "state.json"


class State:
    """Values by name. `run` has to be running, as a task, for them to be saved.

    A file that cannot be read or written is worth a warning, and no more: the device works without.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._saving = threading.Lock()
        self._saved = True

    def load(self) -> None:
        """Reads the file; one that is not there, or makes no sense, is as good as an empty one."""
        try:
            self._values = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Any])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            _LOGGER.warning("%s is ignored: %s", self._path, error)

    def get(self, name: str, kind: type[T]) -> T | None:
        """The value of this name; None where there is none, or one of another kind."""
        if name not in self._values:
            return None
        try:
            return msgspec.convert(self._values[name], kind)
        except msgspec.ValidationError as error:
            _LOGGER.warning("%s: %s is ignored: %s", self._path, name, error)
            return None

    def put(self, name: str, value: object) -> None:
        """Remembers a value of any kind that msgspec can turn into JSON."""
        plain = msgspec.to_builtins(value)
        if self._values.get(name) != plain:
            self._values[name] = plain
            self._changed.set()

    def clear(self) -> None:
        """Forgets everything."""
        self._values.clear()
        self._changed.set()

    async def run(self) -> None:
        """Saves what changes, for ever; also what has changed last before it is cancelled."""
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
        with self._saving:  # a thread may still be at it when `run` is cancelled
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
