"""LED chips, written from their data sheets, apart from our side of the wire: bytes in, colours out."""

import math
from collections.abc import Sequence

from hw_sim.boards.i2c import RegisterChip

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

DARK: Colour = (0, 0, 0)


class Apa102Strip:
    """A strip of APA102 LEDs. Data comes in words of four bytes; a word of zeros starts a frame."""

    def __init__(self, count: int) -> None:
        self.colours = [DARK] * count
        self._next = count
        """The LED that takes the next word; the number of them while none does."""
        self._word = bytearray()
        self._bits: list[bool] = []

    def write(self, data: bytes) -> None:
        """Bytes of an SPI bus."""
        for byte in data:
            self._word.append(byte)
            if len(self._word) == 4:
                self._take(bytes(self._word))
                self._word.clear()

    def close(self) -> None:
        """The host gives the bus back; the LEDs stay as they are."""

    def clock(self, bit: bool) -> None:
        """A rising edge of the clock line, and the level of the data line."""
        self._bits.append(bit)
        if len(self._bits) == 8:
            self.write(bytes([sum(bit << 7 - place for place, bit in enumerate(self._bits))]))
            self._bits.clear()

    def _take(self, word: bytes) -> None:
        if word == bytes(4):
            self._next = 0
        elif self._next < len(self.colours):
            level, blue, green, red = word[0] & 31, *word[1:]
            self.colours[self._next] = (red * level // 31, green * level // 31, blue * level // 31)
            self._next += 1


class AttinyRing(RegisterChip):
    """The ring of an SJ201 R6: writes below register 12 are colours from that LED on."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.colours = [DARK] * count
        self.registers[0x60], self.registers[0x61], self.registers[0xF4] = 0xFF, 1, 0xF4

    def write(self, register: int, data: bytes) -> None:
        self.writes.append((register, data))
        if register < len(self.colours):
            for index in range(len(data) // 3):
                red, green, blue = data[3 * index : 3 * index + 3]
                self.colours[register + index] = (red, green, blue)


class Ktd2026(RegisterChip):
    """An RGB LED driver: two bits of register 4 switch each channel on, registers 6 to 8 are their currents."""

    @property
    def colours(self) -> list[Colour]:
        """The colour of its LED."""
        red, green, blue = (
            round((current + 1) * 255 / 192) if self.registers[4] >> 2 * channel & 3 == 1 else 0
            for channel, current in enumerate(self.registers[6:9])
        )
        return [(red, green, blue)]


class Ws2812Pio:
    """The kernel's device for WS2812 LEDs on a Raspberry Pi 5: it corrects colours for the eye."""

    def __init__(self, count: int) -> None:
        self.colours = [DARK] * count

    def write(self, data: bytes) -> None:
        """A frame of the host: red, green, blue and white of each LED."""
        for index in range(len(self.colours)):
            red, green, blue = (_corrected(part) for part in data[4 * index : 4 * index + 3])
            self.colours[index] = (red, green, blue)


def _corrected(part: int) -> int:
    return round(255 * math.pow(part / 255, 1 / 0.45))


def is_lit(colours: Sequence[Colour]) -> bool:
    """Whether any LED is."""
    return any(colour != DARK for colour in colours)
