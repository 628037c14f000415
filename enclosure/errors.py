"""Everything that the enclosure package raises.

EnclosureError
├── FaceplateError (OSError)         the serial port is gone, or the faceplate does not answer
├── BoardError (OSError)             a chip, line or bus of the board is missing, taken or forbidden
└── MixerError (OSError)             the sound card is gone, or has no such control
"""


class EnclosureError(Exception):
    """Base of all errors of this package."""


class FaceplateError(EnclosureError, OSError):
    """The serial port is gone, or the faceplate does not answer."""


class MixerError(EnclosureError, OSError):
    """The sound card is gone, or has no such control."""


class BoardError(EnclosureError, OSError):
    """A chip, line or bus of the board is missing, taken by another program, or forbidden; see its errno."""
