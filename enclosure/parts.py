"""The parts that a profile asks for: a driver is imported only where the board needs it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from bus.errors import ConfigError
from enclosure.board import ButtonSettings, Profile, SwitchSettings
from enclosure.events import Event
from enclosure.ports import Controls, Display, I2c, InputLine, Lights, Lines, Mixer, Output, Spi

if TYPE_CHECKING:
    from enclosure.drivers.evdev import Source

OnEvent = Callable[[Event], None]

# ruff: noqa: PLC0415  # that is what this file is for


def display_of(profile: Profile, serial_port: str | None, serial_rate: int) -> Callable[[OnEvent], Display]:
    """The faceplate on a serial port, else the LEDs, else nothing."""

    def make(on_event: OnEvent) -> Display:
        if serial_port is not None:
            from enclosure.drivers.serial import AsyncSerial
            from enclosure.faceplate.device import FaceplateDevice

            return FaceplateDevice(lambda: AsyncSerial(serial_port, serial_rate), on_event)
        lights = lights_of(profile)
        if lights is not None:
            from enclosure.leds.device import LedDisplay

            dimmable = profile.leds.kind != "gpio"
            return LedDisplay(lights, profile.leds.brightness if dimmable else None, on_event)
        from enclosure.drivers.null import NullDisplay

        return NullDisplay()

    return make


def mixer_of(profile: Profile, device: str, control: str | None) -> Mixer:
    """The amplifier of the board, else the mixer of the sound card."""
    amplifier = profile.amplifier
    if amplifier.kind == "tas5806":
        from enclosure.amplifier import Tas5806

        enable = None if amplifier.enable_gpio is None else _gpio(profile).output(amplifier.enable_gpio, False)
        return Tas5806(_chip(amplifier.bus, amplifier.address), enable)
    from enclosure.drivers.alsa import AlsaMixer

    return AlsaMixer(device, [control] if control else profile.mixer_controls)


def controls_of(profile: Profile) -> Callable[[OnEvent], Controls] | None:
    """Buttons, switches and encoders; None for a board that has none, or none that is on a pin."""
    lines = _lines(profile)
    if lines is None:
        return None

    def make(on_event: OnEvent) -> Controls:
        from enclosure.controls.button import Button
        from enclosure.controls.device import ControlsDevice
        from enclosure.controls.encoder import Encoder
        from enclosure.controls.panel import Panel

        buttons = {
            name: Button(
                name,
                hold_s=button.hold_ms / 1000 if button.hold else None,
                double_s=button.double_ms / 1000 if button.double else None,
            )
            for name, button in profile.buttons.items()
            if _has_line(button, profile)
        }
        switches = [name for name, switch in profile.switches.items() if _has_line(switch, profile)]
        encoders = {
            name: Encoder(states=encoder.states, reverse=encoder.reverse)
            for name, encoder in profile.encoders.items()
            if encoder.a is not None and profile.driver != "evdev"
        }
        return ControlsDevice(lines, Panel(buttons, switches, encoders), on_event)

    return make


def summary_of(profile: Profile) -> Mapping[str, object]:
    """What the board has, as the data of enclosure.parts."""
    has_faceplate = profile.serial_port is not None  # its knob is on no pin
    has_lights = profile.leds.kind != "none"
    return {
        "display": "faceplate" if has_faceplate else "lights" if has_lights else "none",
        "buttons": [
            name for name, button in profile.buttons.items() if has_faceplate or _has_line(button, profile)
        ],
        "switches": [name for name, switch in profile.switches.items() if _has_line(switch, profile)],
        "knob": has_faceplate
        or any(encoder.a is not None or encoder.axis is not None for encoder in profile.encoders.values()),
    }


def _has_line(control: ButtonSettings | SwitchSettings, profile: Profile) -> bool:
    return (control.key if profile.driver == "evdev" else control.gpio) is not None


def _lines(profile: Profile) -> Lines | None:
    if profile.driver == "evdev":
        from enclosure.drivers.evdev import EvdevLines

        sources = input_sources(profile)
        return EvdevLines(sources) if sources else None
    lines = _input_lines(profile)
    if not lines:
        return None
    return _gpio(profile).lines(lines)


def input_sources(profile: Profile) -> "Mapping[str, Source]":
    """Keys and axes of the controls that a driver of the kernel reads."""
    from enclosure.drivers.evdev import Source

    keys: dict[str, ButtonSettings | SwitchSettings] = {**profile.buttons, **profile.switches}
    sources = {
        name: Source(control.key, control.device) for name, control in keys.items() if control.key is not None
    }
    return sources | {
        f"encoders.{name}": Source(encoder.axis, encoder.device, is_axis=True, reverse=encoder.reverse)
        for name, encoder in profile.encoders.items()
        if encoder.axis is not None
    }


def _input_lines(profile: Profile) -> dict[str, InputLine]:
    lines = {
        name: InputLine(button.gpio, button.active == "low", button.pull, button.debounce_ms / 1000)
        for name, button in profile.buttons.items()
        if button.gpio is not None
    }
    lines |= {
        name: InputLine(switch.gpio, switch.muted == "low", switch.pull, switch.debounce_ms / 1000)
        for name, switch in profile.switches.items()
        if switch.gpio is not None
    }
    for name, encoder in profile.encoders.items():
        for line, gpio in (("a", encoder.a), ("b", encoder.b)):
            if gpio is not None:
                lines[f"{name}.{line}"] = InputLine(gpio, encoder.active == "low", encoder.pull, 0)
    return lines


def lights_of(profile: Profile) -> Lights | None:
    """The LEDs; None for a board that has none, or a display in their place."""
    leds = profile.leds
    if leds.kind == "none":
        return None
    from enclosure.leds import lights

    match leds.kind:
        case "apa102":
            power = None if leds.power_gpio is None else _gpio(profile).output(leds.power_gpio, False)
            return lights.Apa102Lights(leds.count, _spi(profile), power)
        case "attiny":
            return lights.AttinyLights(leds.count, _chip(leds.bus, leds.address))
        case "ktd2026":
            return lights.Ktd2026Lights(_chip(leds.bus, leds.address))
        case "respeaker_usb":
            from enclosure.drivers.usb import UsbDevice

            return lights.RespeakerUsbLights(leds.count, UsbDevice(*lights.RESPEAKER_USB_4MIC))
        case "ws2812_pio":
            from enclosure.drivers.ws2812_pio import Ws2812Pio

            return lights.Ws2812PioLights(leds.count, Ws2812Pio(leds.device))
        case _:
            return lights.GpioLights(*(_gpio(profile).output(gpio, leds.active == "low") for gpio in leds.gpio))


def _spi(profile: Profile) -> Spi:
    leds = profile.leds
    if leds.data_gpio is not None and leds.clock_gpio is not None:
        from enclosure.leds.bit_banged import BitBangedSpi

        output = _gpio(profile).output
        return BitBangedSpi(output(leds.data_gpio, False), output(leds.clock_gpio, False))
    from enclosure.drivers.spi import SpiBus
    from enclosure.leds.wire import APA102_SPEED_HZ

    return SpiBus(leds.device, APA102_SPEED_HZ)


def _chip(bus: int, address: int) -> I2c:
    with _package("python3-smbus2"):
        from enclosure.drivers.smbus import SmbusChip

    return SmbusChip(bus, address)


class _Gpio(NamedTuple):
    """What makes the parts of a GPIO driver."""

    lines: Callable[[Mapping[str, InputLine]], Lines]
    output: Callable[[int, bool], Output]
    """Called with the line, and whether it is active when it is low."""


def _gpio(profile: Profile) -> _Gpio:
    """libgpiod; or RPi.GPIO where the profile asks for it, or where it is all that there is."""
    if profile.driver == "rpi_gpio":
        with _package("python3-rpi-lgpio"):
            return _rpi_gpio()
    with _package("python3-libgpiod"):
        try:
            from enclosure.drivers.gpiod import GpiodLines, GpiodOutput
        except ImportError:
            with contextlib.suppress(ImportError):
                return _rpi_gpio()
            raise
    return _Gpio(GpiodLines, GpiodOutput)


def _rpi_gpio() -> _Gpio:
    from enclosure.drivers.rpi_gpio import RpiGpioLines, RpiGpioOutput

    return _Gpio(RpiGpioLines, RpiGpioOutput)


@contextlib.contextmanager
def _package(name: str) -> Iterator[None]:
    """Only boards that need it have this package: it is a configuration error where it is missing."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(f"this board needs a package: sudo apt install {name} ({error})") from error
