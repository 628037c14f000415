"""The signs that tell boards apart, as texts that a person can read, too. Pure."""

from collections.abc import Iterator

from enclosure.board import DetectSettings

FACEPLATE = "a faceplate answers on the serial port"

USB = "USB device "
"""How the sign of a USB device begins."""


def hat(product: str) -> str:
    """The product name in the EEPROM of a HAT."""
    return f"HAT EEPROM: {product}"


def card(name: str) -> str:
    """A sound card, by its ALSA name."""
    return f"sound card {name}"


def chip(address: int) -> str:
    """A chip on the header's I2C bus."""
    return f"a chip at I2C address 0x{address:02x}"


def register(address: int, number: int, value: int) -> str:
    """The value of a register of such a chip."""
    return f"register 0x{number:02x} of the chip at I2C address 0x{address:02x} is 0x{value:02x}"


def usb(device: str) -> str:
    """A USB device, by vendor and product: "2886:0018"."""
    return f"{USB}{device}"


def node(path: str) -> str:
    """A node of the device tree, which an overlay has made."""
    return f"device tree node {path}"


def of(settings: DetectSettings) -> frozenset[str]:
    """The signs that one [[detect]] table of a profile asks for; all have to be there."""
    return frozenset(_of(settings))


def _of(settings: DetectSettings) -> Iterator[str]:
    if settings.hat is not None:
        yield hat(settings.hat)
    if settings.card is not None:
        yield card(settings.card)
    for address in settings.i2c:
        yield chip(address)
    if settings.register is not None:
        wanted = settings.register
        yield register(wanted.address, wanted.number, wanted.value)
    if settings.usb is not None:
        yield usb(settings.usb)
    if settings.node is not None:
        yield node(settings.node)
    if settings.faceplate:
        yield FACEPLATE
