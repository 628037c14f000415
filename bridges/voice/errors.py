"""Everything that the voice bridge raises."""


class SatelliteError(ConnectionError):
    """A satellite has sent what its protocol does not allow; the text says what."""
