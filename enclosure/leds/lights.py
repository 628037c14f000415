"""The Lights port on each kind of LED chip."""

from collections.abc import Sequence

from enclosure.leds.looks import BLACK, Rgb
from enclosure.leds.wire import apa102, attiny, ktd2026, respeaker_usb, ws2812_pio
from enclosure.ports import I2c, LedDevice, Lights, Output, Spi, Usb

ATTINY_INTERVAL_S = 0.125
"""The ATtiny needs 120 ms to repaint its ring; more frames are lost."""

INTERVAL_S = 0.05
"""20 frames a second look smooth."""

RESPEAKER_USB_4MIC = 0x2886, 0x0018
"""Vendor and product number of the ReSpeaker USB Mic Array v2.0."""

_RESPEAKER_INDEX = 0x1C
_RESPEAKER_FRAME, _RESPEAKER_BRIGHTNESS = 6, 0x20
_RESPEAKER_FULL = 31
"""Numbers of the requests of its firmware, as in the vendor's own library."""

BRIGHT = 64
"""The lowest value of a colour that a plain LED shows."""


def darken(lights: Lights) -> None:
    """Switches LEDs off that an enclosure has left lit. Raises BoardError."""
    try:
        lights.open()
        lights.show((BLACK,) * lights.count)
    finally:
        lights.close()


class Apa102Lights:
    """APA102 LEDs on SPI, some of which have to be powered first."""

    interval_s = INTERVAL_S

    def __init__(self, count: int, spi: Spi, power: Output | None = None) -> None:
        self.count = count
        self._spi = spi
        self._power = power

    def open(self) -> None:
        """Switches the power on."""
        if self._power is not None:
            self._power.open()
            self._power.set(True)

    def show(self, frame: Sequence[Rgb]) -> None:
        """Sends a frame."""
        if self._power is not None:
            self._power.set(True)  # fails where the GPIO chip was away, which has let the line go
        self._spi.write(apa102(frame))

    def close(self) -> None:
        """Switches the power off, and closes the bus."""
        self._spi.close()
        if self._power is not None:
            self._power.close()


class AttinyLights:
    """The ring of an SJ201 R6."""

    interval_s = ATTINY_INTERVAL_S

    def __init__(self, count: int, chip: I2c) -> None:
        self.count = count
        self._chip = chip

    def open(self) -> None:
        """Needs no preparation: the first frame also ends the ring's own animation."""

    def show(self, frame: Sequence[Rgb]) -> None:
        """Writes a frame."""
        for first, colours in attiny(frame):
            self._chip.write(first, colours)

    def close(self) -> None:
        """Closes the bus."""
        self._chip.close()


class Ktd2026Lights:
    """The RGB LED of an AIY Voice Bonnet."""

    count = 1
    interval_s = INTERVAL_S

    def __init__(self, chip: I2c) -> None:
        self._chip = chip

    def open(self) -> None:
        """Needs no preparation: each frame wakes the chip."""

    def show(self, frame: Sequence[Rgb]) -> None:
        """Writes a frame."""
        for register, value in ktd2026(frame[0]):
            self._chip.write(register, (value,))

    def close(self) -> None:
        """Closes the bus."""
        self._chip.close()


class RespeakerUsbLights:
    """The ring of a ReSpeaker USB Mic Array."""

    interval_s = INTERVAL_S

    def __init__(self, count: int, usb: Usb) -> None:
        self.count = count
        self._usb = usb

    def open(self) -> None:
        """Sets the brightness of the firmware to its highest: `dimmed` has made the colours dark enough."""
        self._usb.request(_RESPEAKER_BRIGHTNESS, _RESPEAKER_INDEX, bytes([_RESPEAKER_FULL]))

    def show(self, frame: Sequence[Rgb]) -> None:
        """Sends a frame."""
        self._usb.request(_RESPEAKER_FRAME, _RESPEAKER_INDEX, respeaker_usb(frame))

    def close(self) -> None:
        """Closes the device."""
        self._usb.close()


class Ws2812PioLights:
    """WS2812 LEDs on a line of a Raspberry Pi 5."""

    interval_s = INTERVAL_S

    def __init__(self, count: int, device: LedDevice) -> None:
        self.count = count
        self._device = device

    def open(self) -> None:
        """Needs no preparation."""

    def show(self, frame: Sequence[Rgb]) -> None:
        """Sends a frame."""
        self._device.write(ws2812_pio(frame))

    def close(self) -> None:
        """Keeps nothing open."""


class GpioLights:
    """Plain LEDs on GPIO lines, each on or off."""

    interval_s = INTERVAL_S

    def __init__(self, *leds: Output) -> None:
        self.count = len(leds)
        self._leds = leds

    def open(self) -> None:
        """Requests the lines, dark."""
        for led in self._leds:
            led.open()

    def show(self, frame: Sequence[Rgb]) -> None:
        """Lights what is bright."""
        for led, colour in zip(self._leds, frame, strict=True):
            led.set(max(colour) >= BRIGHT)  # fails where the GPIO chip was away, which has let the line go

    def close(self) -> None:
        """Releases the lines."""
        for led in self._leds:
            led.close()
