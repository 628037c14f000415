"""Everything that the enclosure package raises.

EnclosureError
├── FaceplateError (OSError)         the serial port is gone, or the faceplate does not answer
└── MixerError (OSError)             the sound card is gone, or has no such control
"""


class EnclosureError(Exception):
    """Base of all errors of this package."""


class FaceplateError(EnclosureError, OSError):
    """The serial port is gone, or the faceplate does not answer."""


class MixerError(EnclosureError, OSError):
    """The sound card is gone, or has no such control."""
