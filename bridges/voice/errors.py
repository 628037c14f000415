"""Errors of the voice bridge."""


class SatelliteError(ConnectionError):
    """A satellite has violated its protocol; the text says how."""
