"""What a serial cable may do to the bytes on it. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

BYTE_MS = 10 / 9.6
"""Time on the wire of one byte, with its start and stop bits, at 9600 baud."""


@dataclass(slots=True)
class Cable:
    """Carries bytes in either direction."""

    burst: int = 8
    """Bytes that the host gets at a time; the Pi's serial port reports every 8 (PL011, half of its buffer)."""
    loss: float = 0.0
    """Probability that a byte is lost."""
    noise: float = 0.0
    """Probability that one bit of a byte arrives inverted."""
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  # the same bytes each time

    def carry(self, data: bytes) -> bytes:
        """The bytes that arrive."""
        if not self.loss and not self.noise:
            return data
        return bytes(self._garble(byte) for byte in data if self.chance.random() >= self.loss)

    def _garble(self, byte: int) -> int:
        return byte ^ 1 << self.chance.randrange(8) if self.chance.random() < self.noise else byte


CABLES: dict[str, Callable[[], Cable]] = {
    "clean": Cable,
    "one-byte": lambda: Cable(burst=1),
    "lossy": lambda: Cable(loss=0.002),
    "garbling": lambda: Cable(noise=0.002),
}
"""The cables of the tests, by name. The last two damage a command or its echo in one of ten exchanges or so."""
