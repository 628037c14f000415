"""SPI on two GPIO lines, for boards that have their LEDs on no SPI bus."""

from enclosure.ports import Output


class BitBangedSpi:
    """The Spi port on a data and a clock line: the highest bit first, valid where the clock rises.

    A frame of three LEDs takes some milliseconds: a line changes in 5 to 20 µs. APA102 LEDs have no lowest speed.
    """

    def __init__(self, data: Output, clock: Output) -> None:
        self._data = data
        self._clock = clock
        self._is_open = False
        self._level = False
        """Level of the data line; it is set only where it changes."""

    def write(self, data: bytes) -> None:
        """Sends bytes; requests both lines first. Raises BoardError."""
        if not self._is_open:
            self._data.open()
            self._clock.open()
            self._is_open, self._level = True, False
        for byte in data:
            for place in range(7, -1, -1):
                bit = bool(byte >> place & 1)
                if bit != self._level:
                    self._data.set(bit)
                    self._level = bit
                self._clock.set(True)
                self._clock.set(False)

    def close(self) -> None:
        """Releases both lines; may be called twice."""
        self._is_open = False
        self._data.close()
        self._clock.close()
