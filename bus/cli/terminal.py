"""What our commands print: values of other programs, cut to a readable length, and how far they are."""

import sys
import time
from itertools import islice
from typing import Any

from bus.message import clip, render_data

MAX_TEXT = 200
"""Characters of one text on a terminal; a picture or a sound in a message has a million."""

MAX_ITEMS = 30
"""Entries of one list or object on a terminal."""

PROGRESS_INTERVAL_S = 0.1


def shown(data: dict[str, Any]) -> str:
    """Data on one line: whole for a file or a program, with long values cut on a terminal."""
    return render_data(_cut(data) if sys.stdout.isatty() else data)


def complain(text: str) -> None:
    """Prints a line about what goes wrong, or is worth knowing, apart from the result."""
    print(text, file=sys.stderr, flush=True)


class Progress:
    """One line on the terminal that changes, and in the end a line that stays."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._due = 0.0

    def show(self, text: str) -> None:
        """Shows how far a command is, on a terminal only, and not too often."""
        if self._terminal and time.monotonic() >= self._due:
            self._due = time.monotonic() + PROGRESS_INTERVAL_S
            print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)

    def complain(self, text: str) -> None:
        """Prints a line that stays, in place of the one that changes."""
        complain(f"\r\033[K{text}" if self._terminal else text)


def _cut(value: Any) -> Any:
    match value:
        case str():
            return clip(value, MAX_TEXT)
        case list():
            more = [f"... ({len(value)} entries)"] if len(value) > MAX_ITEMS else []
            return [*map(_cut, value[:MAX_ITEMS]), *more]
        case dict():
            cut = {clip(key, MAX_TEXT): _cut(inner) for key, inner in islice(value.items(), MAX_ITEMS)}
            return cut | ({"...": f"({len(value)} entries)"} if len(value) > MAX_ITEMS else {})
        case _:
            return value
