"""What a board has besides a face: pins, buses and chips, and what each gesture does. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

import msgspec

ACTS = ("auto", "stop", "listen", "volume_up", "volume_down", "mute")
"""What a gesture does: "auto" stops what goes on, or else starts to listen; "mute" switches the microphone."""

GpioNumber = Annotated[int, msgspec.Meta(ge=0, le=57)]
"""Number of a line of the GPIO header (BCM)."""

Key = Annotated[int, msgspec.Meta(ge=1, le=767)]
"""Key code of the kernel, for a line that an overlay has given to its driver gpio-keys."""

Axis = Annotated[int, msgspec.Meta(ge=0, le=15)]
"""Relative axis of the kernel, for lines that an overlay has given to its driver rotary-encoder."""

Address = Annotated[int, msgspec.Meta(ge=0x03, le=0x77)]
Bus = Annotated[int, msgspec.Meta(ge=0, le=255)]
"""Number of an I2C bus; the header's is 1."""

Device = Annotated[str, msgspec.Meta(pattern="^/[!-~]+$")]
Baud = Annotated[int, msgspec.Meta(ge=50, le=4_000_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Pull = Literal["up", "down", "off"]
Level = Literal["low", "high"]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a profile."""


class ButtonSettings(_Table, frozen=True):
    """A button; without a line it is off, or its presses come from the faceplate."""

    gpio: GpioNumber | None = None
    key: Key | None = None
    device: str | None = None
    """Name of the input device that has the key, where several have it."""
    active: Level = "low"
    """Level of the line while the button is down."""
    pull: Pull = "up"
    debounce_ms: Milliseconds = 20
    press: str = "auto"
    """One of ACTS, or a message type that is sent without data."""
    hold: str | None = None
    hold_ms: Milliseconds = 1000
    double: str | None = None
    double_ms: Milliseconds = 300


class SwitchSettings(_Table, frozen=True):
    """A switch that mutes the microphone."""

    gpio: GpioNumber | None = None
    key: Key | None = None
    """A key that is down in the position that mutes."""
    device: str | None = None
    muted: Level = "high"
    """Level of the line in the position that mutes."""
    pull: Pull = "up"
    debounce_ms: Milliseconds = 50


class EncoderSettings(_Table, frozen=True):
    """A rotary encoder for the volume; without lines it is off."""

    a: GpioNumber | None = None
    b: GpioNumber | None = None
    axis: Axis | None = None
    device: str | None = None
    """Axis 0 and such of an input device, and its name where several have it; with driver evdev."""
    states: Literal[1, 2, 4] = 4
    """Changes of a line from one detent to the next."""
    reverse: bool = False
    active: Level = "low"
    pull: Pull = "up"


class LedSettings(_Table, frozen=True):
    """LEDs of one kind; without a kind there are none."""

    kind: Literal["none", "gpio", "apa102", "attiny", "ktd2026", "respeaker_usb", "ws2812_pio"] = "none"
    count: Annotated[int, msgspec.Meta(ge=1, le=300)] = 1
    brightness: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.2
    """The highest brightness, 0 to 1; of kind gpio an LED is on or off."""
    gpio: tuple[GpioNumber, ...] = ()
    """Lines of kind gpio."""
    active: Level = "high"
    power_gpio: GpioNumber | None = None
    """Line that has to be high for the LEDs to have power."""
    device: Device = "/dev/spidev0.0"
    """SPI device of kind apa102, or device of kind ws2812_pio."""
    data_gpio: GpioNumber | None = None
    clock_gpio: GpioNumber | None = None
    """Lines of kind apa102 where the LEDs are on no SPI bus."""
    bus: Bus = 1
    address: Address = 0x04
    """I2C bus and address of the kinds attiny and ktd2026."""


class AmplifierSettings(_Table, frozen=True):
    """An amplifier whose volume is that of the board; without a kind that is the sound card's mixer."""

    kind: Literal["none", "tas5806"] = "none"
    bus: Bus = 1
    address: Address = 0x2F
    enable_gpio: GpioNumber | None = None
    """Line that has to be high for the amplifier to run."""


class RegisterSettings(_Table, frozen=True):
    """A register of a chip, and its value."""

    address: Address
    number: Annotated[int, msgspec.Meta(ge=0, le=0xFF)]
    value: Annotated[int, msgspec.Meta(ge=0, le=0xFF)]


class DetectSettings(_Table, frozen=True):
    """Signs that together say that this is the board; see `enclosure.detect`."""

    hat: str | None = None
    """Product name in the HAT's EEPROM: /proc/device-tree/hat/product."""
    card: str | None = None
    """ALSA name of its sound card."""
    i2c: tuple[Address, ...] = ()
    """Addresses of the header's I2C bus that may be read safely, and answer."""
    register: RegisterSettings | None = None
    """Read only where all of `i2c` answer: to read it, its number is written to the chip."""
    usb: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{4}:[0-9a-f]{4}$")] | None = None
    """Vendor and product of its USB device."""
    node: str | None = None
    """Node of the device tree that its overlay makes."""
    faceplate: bool = False
    """Whether a faceplate answers on the serial port of the profile."""
    alike: str | None = None
    """Other boards with the same signs that have no profile: then the owner has to say which it is."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of board; each one is a file in `enclosure/profiles` or `/etc/mycroft/boards.d`."""

    mixer_controls: tuple[str, ...] = ()
    """Names of ALSA mixer controls, of which the first that the card has is used."""
    volume_max: Annotated[int, msgspec.Meta(ge=1, le=100)] = 100
    """Full volume, in percent of the mixer."""
    serial_port: Device | None = None
    """Serial port of the faceplate; None for a board without one."""
    serial_rate: Baud = 9600
    boot_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 120.0
    """How long the display shows at most that the voice assistant is still starting."""
    driver: Literal["gpiod", "rpi_gpio", "evdev"] = "gpiod"
    """What reads the lines of the controls: libgpiod, RPi.GPIO, or after an overlay a driver of the kernel."""
    buttons: Mapping[str, ButtonSettings] = field(default_factory=dict)
    switches: Mapping[str, SwitchSettings] = field(default_factory=dict)
    encoders: Mapping[str, EncoderSettings] = field(default_factory=dict)
    leds: LedSettings = field(default_factory=LedSettings)
    amplifier: AmplifierSettings = field(default_factory=AmplifierSettings)
    config_txt: tuple[Annotated[str, msgspec.Meta(pattern="^[!-~]+$")], ...] = ()
    """Lines that it needs in config.txt, besides those for SPI and I2C; see `enclosure.needs`."""
    missing: tuple[str, ...] = ()
    """What of the board this profile does not drive, and why; sentences for the owner to read."""
    detect: tuple[DetectSettings, ...] = ()
    """Signs of this board: each of these tables, by itself, identifies it."""


class Chip(NamedTuple):
    """A chip on an I2C bus."""

    part: Literal["leds", "amplifier"]
    kind: str
    bus: int
    address: int


def chips(profile: Profile) -> Iterator[Chip]:
    """The chips on I2C."""
    leds, amplifier = profile.leds, profile.amplifier
    if leds.kind in ("attiny", "ktd2026"):
        yield Chip("leds", leds.kind, leds.bus, leds.address)
    if amplifier.kind == "tas5806":
        yield Chip("amplifier", amplifier.kind, amplifier.bus, amplifier.address)


def spi_device(profile: Profile) -> str | None:
    """The SPI device of the LEDs; None where they are on none."""
    return profile.leds.device if profile.leds.kind == "apa102" and profile.leds.data_gpio is None else None


def pins(profile: Profile) -> Iterator[tuple[int, str]]:
    """Each GPIO line that is used, and where in the profile."""
    places: Sequence[tuple[int | None, str]] = [
        *((button.gpio, f"buttons.{name}.gpio") for name, button in profile.buttons.items()),
        *((switch.gpio, f"switches.{name}.gpio") for name, switch in profile.switches.items()),
        *((encoder.a, f"encoders.{name}.a") for name, encoder in profile.encoders.items()),
        *((encoder.b, f"encoders.{name}.b") for name, encoder in profile.encoders.items()),
        *((pin, "leds.gpio") for pin in profile.leds.gpio),
        (profile.leds.power_gpio, "leds.power_gpio"),
        (profile.leds.data_gpio, "leds.data_gpio"),
        (profile.leds.clock_gpio, "leds.clock_gpio"),
        (profile.amplifier.enable_gpio, "amplifier.enable_gpio"),
    ]
    return ((pin, place) for pin, place in places if pin is not None)
