"""WS2812 LEDs on a line of a Raspberry Pi 5, through the kernel's driver ws2812-pio-rp1. No library is needed."""

import errno
from pathlib import Path

from enclosure.errors import BoardError

OVERLAY = "dtoverlay=ws2812-pio,gpio=12,num_leds=12 in config.txt makes it, on a Raspberry Pi 5 only"
"""What makes the device of a Mark II's ring."""


class Ws2812Pio:
    """The device of a row of LEDs, such as /dev/leds0."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def write(self, data: bytes) -> None:
        """Sends a frame: red, green, blue and white of each LED. Raises BoardError."""
        try:
            # Opened for each frame: the driver appends to what was written since. Never created.
            with self._path.open("r+b", buffering=0) as device:
                device.write(data)
        except OSError as error:
            hint = f" ({OVERLAY})" if error.errno == errno.ENOENT else ""
            raise BoardError(error.errno, f"{self._path}: {error.strerror}{hint}") from error
