"""Everything that the enclosure package raises.

EnclosureError
├── FaceplateError (OSError)         the serial port is gone, or nobody answers there
└── MixerError (OSError)             the sound card is gone, or has no such control
"""


class EnclosureError(Exception):
    """Base of all errors of this package."""


class FaceplateError(EnclosureError, OSError):
    """The serial port is gone, or nobody answers there."""


class MixerError(EnclosureError, OSError):
    """The sound card is gone, or has no such control."""
