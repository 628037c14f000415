"""Everything that the bus package raises.

BusError
├── FrameError (ValueError)          a frame on the wire is not a message
├── PayloadError (ValueError)        a field of a message has the wrong type, or is missing
├── RecordingError (ValueError)      a line of a recording cannot be replayed
├── ConfigError (ValueError)         mycroft.conf, the environment or a flag is wrong
├── ListenError (OSError)            the server cannot listen at a configured address
└── BusUnavailableError (ConnectionError)

And what our commands exit with.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of all our commands."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_BUS = 3


class BusError(Exception):
    """Base of all errors of this package."""


class FrameError(BusError, ValueError):
    """A frame is not a message; the text is the reason, for its sender."""


class PayloadError(BusError, ValueError):
    """A field of a message has the wrong type or is missing; the text names it."""


class RecordingError(BusError, ValueError):
    """A line of a recording cannot be replayed; the text names it."""


class ConfigError(BusError, ValueError):
    """A configuration value is wrong; the text names file, key and what would be right."""


class ListenError(BusError, OSError):
    """The server cannot listen at a configured address; the text says which and why."""


class BusUnavailableError(BusError, ConnectionError):
    """The bus is not there, or did not come back in time; the message was not sent."""
