"""The log of every command: one line for each record, on standard error.

A terminal gets the time and the level. The journal of systemd has a time of its own, and gets the priority in the
form that it understands (sd-daemon(3)).
"""

import logging
import os
import sys
from typing import Any

from bus.daemon.flood import FloodFilter
from bus.message import clip, printable
from bus.nearest import nearest

LEVELS = ("debug", "info", "warning", "error", "critical")

MAX_MESSAGE = 2000
"""Characters of one record; texts from the bus can be as long as a message."""

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_JOURNAL_FORMAT = "%(name)s: %(message)s"

_PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}

_VERBOSE_LIBRARIES = ("websockets", "PIL", "dbus_fast")
"""They log every connection, picture or call at the levels below WARNING."""

_program = ""
"""Name of the program that runs; see `start`."""


def start(level: int = logging.INFO, program: str | None = None) -> None:
    """Starts the log, or changes its level. `program` is the name that `complain` puts before its line."""
    global _program  # noqa: PLW0603  # a process runs one program
    _program = program or _program
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JournalFormatter(_JOURNAL_FORMAT) if _to_journal() else _Formatter(_FORMAT))
        handler.addFilter(FloodFilter())
        root.addHandler(handler)
    root.setLevel(level)
    for library in _VERBOSE_LIBRARIES:
        logging.getLogger(library).setLevel(max(level, logging.WARNING))


def level_of(name: str) -> int:
    """The number of a level, whatever the case of its name. Raises ValueError with the nearest name."""
    level = logging.getLevelNamesMapping().get(name.upper())
    if level is None:
        meant = nearest(name.lower(), LEVELS)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(LEVELS)}"
        raise ValueError(f"{clip(name)} is not a log level; {hint}")
    return level


def complain(text: str) -> None:
    """Prints the one line with which a command ends in an error, after the name of the program."""
    priority = f"<{_PRIORITIES['ERROR']}>" if _to_journal() else ""
    program = f"{_program}: " if _program else ""
    print(f"{priority}{program}{printable(clip(text, MAX_MESSAGE))}", file=sys.stderr)


def _to_journal() -> bool:
    """Whether standard error is the socket of the journal, which JOURNAL_STREAM names (systemd.exec(5))."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # closed
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _Formatter(logging.Formatter):
    """Keeps each message short, and on one line; only a traceback has more."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # of the base class
        """The line of a record."""
        record.message = printable(clip(record.message, MAX_MESSAGE))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # of the base class
        """The lines of a traceback, whose error may quote a text from the bus."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(printable(clip(line, MAX_MESSAGE)) for line in lines)


class _JournalFormatter(_Formatter):
    """Puts the priority before each line, those of a traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """All lines of a record."""
        prefix = f"<{_PRIORITIES.get(record.levelname, 6)}>"
        return "\n".join(f"{prefix}{line}" for line in super().format(record).splitlines())
