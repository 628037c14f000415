"""Every profile, end to end: gestures in, messages out; messages in, frames and registers out."""

import asyncio
import fcntl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bus.errors import ConfigError
from bus.message import Message
from enclosure.board import Profile
from enclosure.config import load_profile
from enclosure.drivers import usb
from enclosure.drivers.null import NullDisplay
from enclosure.drivers.spi import SpiBus
from enclosure.parts import controls_of, display_of
from hw_sim.boards.gpiod import Gpio, LineRequest, Value
from hw_sim.boards.i2c import Buses, RegisterChip
from hw_sim.boards.usb import UsbRing
from tests.enclosure.boards.device import device, press
from tests.enclosure.boards.input_devices import EV_KEY, EV_REL, InputDevices

PICROFT = {"buttons": {"talk": {"gpio": 17}, "volume_up": {"gpio": 22}}, "leds": {"kind": "gpio", "gpio": [27]}}
GENERIC = {"encoders": {"knob": {"a": 5, "b": 6}}, "buttons": {"knob": {"gpio": 13}}}

RECORD_BEGIN, RECORD_END = "recognizer_loop:record_begin", "recognizer_loop:record_end"
SPEAKING = "recognizer_loop:audio_output_start"


# picroft


async def test_a_picroft_without_pins_has_no_controls_and_no_lights(gpio: Gpio) -> None:
    async with device("picroft") as picroft:
        assert picroft.enclosure.controls is None
        assert isinstance(picroft.enclosure.display, NullDisplay)
        assert not any(line.consumer for line in gpio.lines)


async def test_the_buttons_of_a_picroft(gpio: Gpio) -> None:
    async with device("picroft", PICROFT) as picroft:
        await press(gpio, 17)
        await picroft.hear(SPEAKING)
        await press(gpio, 17)
        await press(gpio, 17, 1.5)
        assert picroft.told == ["mycroft.mic.listen", "mycroft.stop", "mycroft.stop"]
        before = picroft.card.level.percent
        await press(gpio, 22)
        assert picroft.card.level.percent == before + 10
        assert "mycroft.volume.increase" in picroft.told


async def test_the_led_of_a_picroft_is_lit_while_it_listens(gpio: Gpio) -> None:
    async with device("picroft", PICROFT) as picroft:
        lit = [gpio.lines[27].level]
        for event in (RECORD_BEGIN, RECORD_END, "mycroft.mic.mute"):
            await picroft.hear(event)
            await asyncio.sleep(0.1)
            lit.append(gpio.lines[27].level)
        assert lit == [False, True, False, True]
    assert not gpio.lines[27].level
    assert not gpio.lines[27].consumer


async def test_buttons_act_without_a_bus(gpio: Gpio) -> None:
    async with device("picroft", PICROFT) as picroft:
        picroft.away = True
        before = picroft.card.level.percent
        await press(gpio, 22)
        assert picroft.card.level.percent == before + 10


async def test_a_taken_line_is_reported_and_the_rest_goes_on(gpio: Gpio) -> None:
    gpio.take(17, "ovos-hotkeys")
    async with device("picroft", PICROFT) as picroft:
        detail = "GPIO17 is taken by ovos-hotkeys"
        data = {"part": "controls", "state": "taken", "detail": detail}
        assert Message("enclosure.board.state", data) in picroft.said
        await picroft.hear(RECORD_BEGIN)
        await asyncio.sleep(0.1)
        assert gpio.lines[27].level
        picroft.said.clear()
        await picroft.hear("connected")
        await asyncio.sleep(0.1)
        assert Message("enclosure.board.state", data) in picroft.said


async def test_a_press_may_send_any_message(gpio: Gpio) -> None:
    async with device("picroft", {"buttons": {"lamp": {"gpio": 4, "press": "my.lamp.toggle"}}}) as picroft:
        await press(gpio, 4)
        assert picroft.told == ["my.lamp.toggle"]


async def test_a_double_press_mutes_the_microphone_where_the_owner_wants_that(gpio: Gpio) -> None:
    changes = {"buttons": {"talk": {"gpio": 17, "double": "mute"}}}
    async with device("picroft", changes) as picroft:
        for _ in range(2):
            await press(gpio, 17, 0.05)
        await asyncio.sleep(0.5)
        assert picroft.told == ["mycroft.mic.mute.toggle", "mycroft.mic.get_status"]


@pytest.mark.parametrize(
    ("library", "changes", "package"),
    [("gpiod", PICROFT, "python3-libgpiod"), ("smbus2", {"leds": {"kind": "attiny"}}, "python3-smbus2")],
)
def test_a_missing_library_is_a_configuration_error_that_names_the_package(
    library: str, changes: Mapping[str, Any], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    profile = load_profile("picroft", changes)
    makers: dict[str, Callable[[Profile], object]] = {
        "gpiod": controls_of,
        "smbus2": lambda profile: display_of(profile, None, 0)(print),
    }
    with pytest.raises(ConfigError, match=rf"sudo apt install {package} \(.*{library}"):
        makers[library](profile)


# generic


async def test_a_turn_of_an_encoder_is_the_volume(gpio: Gpio) -> None:
    async with device("generic", GENERIC) as generic:
        before = generic.card.level.percent
        for line, low in [(5, True), (6, True), (5, False), (6, False)] * 2:
            for level in (low, not low, low):
                gpio.drive(line, False if level else None)
            await asyncio.sleep(0.003)
        await asyncio.sleep(0.1)
        assert generic.card.level.percent == before + 20
        await press(gpio, 13)
        assert generic.told[-1] == "mycroft.mic.listen"


# keys and axes of overlays


async def test_keys_and_an_encoder_of_overlays(input_devices: InputDevices) -> None:
    input_devices.plug_in("event0", "soc:buttons", keys=[582, 248])
    input_devices.plug_in("event1", "rotary@11", axes=[0])
    input_devices.down["event0"].add(248)
    changes = {
        "driver": "evdev",
        "encoders": {"knob": {"axis": 0}},
        "buttons": {"knob": {"key": 582}},
        "switches": {"mute": {"key": 248}},
    }
    async with device("generic", changes) as generic:
        assert generic.told == ["mycroft.switch.state", "mycroft.mic.mute"]
        before = generic.card.level.percent
        for _ in range(2):
            input_devices.send("event1", EV_REL, 0, -1)
        await asyncio.sleep(0.1)
        assert generic.card.level.percent == before - 20
        input_devices.send("event0", EV_KEY, 248, 0)
        await asyncio.sleep(0.1)
        generic.said.clear()
        now = asyncio.get_running_loop().time()
        input_devices.send("event0", EV_KEY, 582, 1, at=now)
        input_devices.send("event0", EV_KEY, 582, 0, at=now + 0.1)
        await asyncio.sleep(0.2)
        assert generic.told == ["mycroft.mic.listen"]


# respeaker_2mic


@pytest.fixture
def spi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "spidev0.0"
    path.touch()
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: 0)
    return path


async def test_the_leds_of_a_respeaker_2mic(gpio: Gpio, spi: Path) -> None:
    async with device("respeaker_2mic", {"leds": {"device": str(spi)}}) as board:
        await board.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        await press(gpio, 17)
    frames = [spi.read_bytes()[start : start + 20] for start in range(0, spi.stat().st_size, 20)]
    dark, red = (f"00000000{3 * led}ffffffff" for led in ("ff000000", "ff000033"))
    assert [frame.hex() for frame in frames] == [dark, red, dark]
    assert "mycroft.mic.listen" in board.told


@pytest.mark.parametrize(("board", "button"), [("respeaker_4mic", None), ("respeaker_6mic", 26)])
async def test_the_ring_of_a_respeaker_has_power_before_its_first_frame(
    board: str, button: int | None, gpio: Gpio, spi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    powered: list[bool] = []
    send = SpiBus.write

    def watch(bus: SpiBus, data: bytes) -> None:
        powered.append(gpio.lines[5].level)
        send(bus, data)

    monkeypatch.setattr(SpiBus, "write", watch)
    async with device(board, {"leds": {"device": str(spi)}}) as respeaker:
        await respeaker.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        assert spi.read_bytes()[-60:].hex() == f"ffffffff00000000{12 * 'ff00001a'}ffffffff"
        if button is not None:
            await press(gpio, button)
            assert respeaker.told[-1] == "mycroft.mic.listen"
    assert powered
    assert all(powered)
    assert not gpio.lines[5].consumer


# aiy_voice_v1


async def test_the_button_of_an_aiy_voice_kit_and_its_led(gpio: Gpio) -> None:
    async with device("aiy_voice_v1") as aiy:
        await press(gpio, 23)
        assert aiy.told == ["mycroft.mic.listen"]
        await aiy.hear(RECORD_BEGIN)
        await asyncio.sleep(0.1)
        assert gpio.lines[25].level


# aiy_voice_v2


async def test_the_button_of_an_aiy_voice_bonnet_and_its_led(gpio: Gpio, i2c: Buses) -> None:
    chip = i2c.chips[1, 0x31] = RegisterChip()
    async with device("aiy_voice_v2") as aiy:
        await press(gpio, 23)
        assert aiy.told == ["mycroft.mic.listen"]
        await aiy.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        assert chip.registers[4:9] == bytes((0b01, 0, 37, 0, 0)), "red, at a fifth of 192 steps"
    assert chip.registers[4] == 0, "no channel is on"


# adafruit_voice_bonnet


class DotStars:
    """LEDs on two GPIO lines; they take a bit of the data line each time that the clock line rises."""

    def __init__(self, gpio: Gpio, data: int, clock: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bits: list[bool] = []
        drive = LineRequest.set_value

        def watch(request: LineRequest, line: int, value: Value) -> None:
            rises = line == clock and value.value and not gpio.lines[clock].output
            drive(request, line, value)
            if rises:
                self.bits.append(gpio.lines[data].output)

        monkeypatch.setattr(LineRequest, "set_value", watch)

    @property
    def frame(self) -> str:
        """The last frame, of three LEDs."""
        return f"{int(''.join(str(int(bit)) for bit in self.bits[-160:]), 2):040x}"


async def test_the_button_of_an_adafruit_voice_bonnet_and_its_leds(
    gpio: Gpio, monkeypatch: pytest.MonkeyPatch
) -> None:
    leds = DotStars(gpio, 5, 6, monkeypatch)
    async with device("adafruit_voice_bonnet") as bonnet:
        await press(gpio, 17)
        assert bonnet.told == ["mycroft.mic.listen"]
        await bonnet.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        assert leds.frame == f"00000000{3 * 'ff000033'}ffffffff"
    assert leds.frame == f"00000000{3 * 'ff000000'}ffffffff"
    assert not gpio.lines[5].consumer
    assert not gpio.lines[6].consumer


# usb_respeaker_4mic


@pytest.fixture
def usb_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsbRing:
    ring = UsbRing(tmp_path)
    monkeypatch.setattr(usb, "SYSFS", ring.sysfs)
    monkeypatch.setattr(usb, "DEVICES", ring.devices)
    monkeypatch.setattr(fcntl, "ioctl", ring.ioctl)
    return ring


async def test_the_ring_of_a_respeaker_on_usb(usb_ring: UsbRing) -> None:
    async with device("usb_respeaker_4mic") as respeaker:
        assert respeaker.enclosure.controls is None
        await respeaker.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        assert usb_ring.colours == bytes((26, 0, 0)) * 12
        assert usb_ring.brightness == 31
    assert usb_ring.colours == bytes(36)


async def test_a_ring_on_usb_that_is_plugged_in_again_shows_what_lasts(usb_ring: UsbRing) -> None:
    async with device("usb_respeaker_4mic") as respeaker:
        await respeaker.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        usb_ring.pull_out(1, 4)
        usb_ring.colours = bytes(36)
        await respeaker.hear("mycroft.volume.set", {"percent": 0.5})
        await respeaker.hear("enclosure.eyes.volume", {"volume": 5})
        await asyncio.sleep(10)
        state = {"part": "lights", "state": "missing", "detail": "USB device 2886:0018: it is not plugged in"}
        assert Message("enclosure.board.state", state) in respeaker.said
        usb_ring.plug_in(3, 7)
        await asyncio.sleep(31)
        assert usb_ring.colours == bytes((26, 0, 0)) * 12


# sj201_r6 and sj201_r10

ACTION, VOLUME_UP, MUTE, AMPLIFIER_ENABLE = 24, 22, 25, 5
RED = bytes((51, 0, 0))


@pytest.fixture
def sj201(gpio: Gpio, i2c: Buses) -> Buses:
    i2c.chips[1, 0x04] = RegisterChip()
    i2c.chips[1, 0x2F] = RegisterChip()
    gpio.drive(MUTE, False)
    return i2c


def ring(buses: Buses) -> bytes:
    """What the ring was last told to show."""
    shown = bytearray(36)
    for first, data in buses.chips[1, 0x04].writes:
        shown[3 * first : 3 * first + len(data)] = data
    return bytes(shown)


async def test_the_slider_of_a_mark_2_mutes_and_messages_cannot_undo_it(gpio: Gpio, sj201: Buses) -> None:
    gpio.drive(MUTE, True)
    async with device("sj201_r6") as mark2:
        assert mark2.told == ["mycroft.switch.state", "mycroft.mic.mute"]
        assert ring(sj201) == RED * 12
        mark2.said.clear()
        await mark2.hear("mycroft.mic.unmute")
        await asyncio.sleep(0.2)
        assert mark2.told == ["mycroft.mic.mute"]
        assert ring(sj201) == RED * 12
        mark2.said.clear()
        await mark2.hear("connected")
        await asyncio.sleep(0.2)
        assert sorted(mark2.told) == ["mycroft.mic.get_status", "mycroft.mic.mute", "mycroft.switch.state"]
        mark2.said.clear()
        gpio.drive(MUTE, False)
        await asyncio.sleep(0.2)
        assert mark2.told == ["mycroft.switch.state", "mycroft.mic.unmute"]
        assert ring(sj201) == bytes(36)


@pytest.mark.parametrize("mutes", [True, False])
async def test_a_slider_that_is_moved_while_the_bus_is_away_is_reported_when_it_is_back(
    mutes: bool, gpio: Gpio, sj201: Buses
) -> None:
    gpio.drive(MUTE, not mutes)
    async with device("sj201_r6") as mark2:
        mark2.away = True
        gpio.drive(MUTE, mutes)
        await asyncio.sleep(60)
        mark2.away = False
        mark2.said.clear()
        await mark2.hear("connected")
        await asyncio.sleep(0.2)
        assert f"mycroft.mic.{'mute' if mutes else 'unmute'}" in mark2.told
        assert f"mycroft.mic.{'unmute' if mutes else 'mute'}" not in mark2.told
        states = [message.data for message in mark2.said if message.msg_type == "mycroft.switch.state"]
        assert states == [{"name": "mute", "state": "off" if mutes else "on"}]


async def test_a_press_while_the_slider_mutes_is_an_error_that_blinks(gpio: Gpio, sj201: Buses) -> None:
    gpio.drive(MUTE, True)
    async with device("sj201_r6") as mark2:
        mark2.said.clear()
        sj201.chips[1, 0x04].writes.clear()
        await press(gpio, ACTION)
        assert mark2.told == ["mycroft.mic.error"]
        assert mark2.said[0].data == {"error": "mic_sw_muted"}
        await asyncio.sleep(3)
        assert ring(sj201) == RED * 12
        frames = [data for first, data in sj201.chips[1, 0x04].writes if first == 0]
        assert frames.count(bytes(30)) == 3, "it was dark three times"


async def test_an_amplifier_is_enabled_again_after_the_gpio_chip_was_away(gpio: Gpio, sj201: Buses) -> None:
    async with device("sj201_r6") as mark2:
        await mark2.hear("mycroft.volume.set", {"percent": 0.3})
        quiet = sj201.chips[1, 0x2F].registers[0x4C]
        gpio.pull_out()
        await asyncio.sleep(3)
        gpio.plug_in()
        await asyncio.sleep(8)
        assert gpio.lines[AMPLIFIER_ENABLE].level
        assert sj201.chips[1, 0x2F].registers[0x4C] == quiet
    states = [message.data["state"] for message in mark2.said if message.data.get("part") == "mixer"]
    assert states == ["connected", "missing", "connected"]


async def test_a_ring_has_its_power_again_after_the_gpio_chip_was_away(gpio: Gpio, spi: Path) -> None:
    async with device("respeaker_4mic", {"leds": {"device": str(spi)}}) as respeaker:
        gpio.pull_out()
        await respeaker.hear("mycroft.mic.mute")
        await asyncio.sleep(1)
        gpio.plug_in()
        await asyncio.sleep(3)
        assert gpio.lines[5].level
    states = [message.data["state"] for message in respeaker.said if message.data.get("part") == "lights"]
    assert states[0] == states[-1] == "connected"
    assert "missing" in states


async def test_a_ring_shows_its_frame_again_after_the_gpio_chip_was_away_for_a_moment(
    gpio: Gpio, spi: Path
) -> None:
    async with device("respeaker_4mic", {"leds": {"device": str(spi)}}) as respeaker:
        await respeaker.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        red = spi.read_bytes()[-56:]
        gpio.pull_out()
        gpio.plug_in()
        spi.write_bytes(b"")
        await asyncio.sleep(3)
        assert gpio.lines[5].level
        assert spi.read_bytes() == red


async def test_plain_leds_are_lit_again_after_the_gpio_chip_was_away_for_a_moment(gpio: Gpio) -> None:
    async with device("aiy_voice_v1") as aiy:
        await aiy.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        lit = [line.level for line in gpio.lines]
        gpio.pull_out()
        gpio.plug_in()
        await asyncio.sleep(3)
        assert [line.level for line in gpio.lines] == lit


async def test_a_slider_that_is_live_leaves_the_microphone_alone(sj201: Buses) -> None:
    async with device("sj201_r6") as mark2:
        assert mark2.told == ["mycroft.switch.state"]
        states = [message.data for message in mark2.said if message.msg_type == "mycroft.switch.state"]
        assert states == [{"name": "mute", "state": "on"}]
        await mark2.hear("mycroft.switch.report-states")
        await asyncio.sleep(0.1)
        assert mark2.told == ["mycroft.switch.state"] * 2


async def test_the_amplifier_of_a_mark_2_is_the_volume(gpio: Gpio, sj201: Buses) -> None:
    amplifier = sj201.chips[1, 0x2F]
    async with device("sj201_r6") as mark2:
        assert gpio.lines[AMPLIFIER_ENABLE].level
        assert amplifier.registers[0x03] == 0x03
        quiet = amplifier.registers[0x4C]
        assert 0x54 < quiet < 0xD2, "as loud as at the first start of any device"
        await press(gpio, VOLUME_UP)
        assert amplifier.registers[0x4C] < quiet
        await mark2.hear("mycroft.volume.set", {"percent": 1.0})
        assert amplifier.registers[0x4C] == 0x54
        await mark2.hear("mycroft.volume.set", {"percent": 0.3})
        quiet = amplifier.registers[0x4C]
        amplifier.writes.clear()
        amplifier.registers[:] = bytes(256)  # it was without power; its reset level is above the loudest
        amplifier.registers[0x4C] = 0x30
        for request in ("get", "increase", "mute"):
            await mark2.hear(f"mycroft.volume.{request}")
        await asyncio.sleep(6)
        assert (amplifier.registers[0x03], amplifier.registers[0x4C]) == (0x03, quiet)
        levels = [data[0] for register, data in amplifier.writes if register == 0x4C]
        assert levels == [0xFF, quiet], "silent until it has its level"
    assert amplifier.registers[0x03] == 0x00, "it sleeps"
    assert not gpio.lines[AMPLIFIER_ENABLE].consumer


async def test_a_mark_2_with_a_pi_4_has_all_but_the_ring(gpio: Gpio, sj201: Buses, tmp_path: Path) -> None:
    gpio.drive(MUTE, True)
    leds = tmp_path / "leds0"
    async with device("sj201_r10", {"leds": {"device": str(leds)}}) as mark2:
        await press(gpio, ACTION)
        assert mark2.told == ["mycroft.switch.state", "mycroft.mic.mute", "mycroft.mic.error"]
        assert sj201.chips[1, 0x2F].registers[0x03] == 0x03
        states = [message.data for message in mark2.said if message.data.get("part") == "lights"]
    assert [state["state"] for state in states] == ["missing"]
    assert "dtoverlay=ws2812-pio,gpio=12,num_leds=12 in config.txt" in states[0]["detail"]
    assert not leds.exists()
    assert not sj201.chips[1, 0x04].writes


async def test_a_mark_2_with_a_pi_5_has_a_ring(sj201: Buses, tmp_path: Path) -> None:
    leds = tmp_path / "leds0"
    leds.touch()
    async with device("sj201_r10", {"leds": {"device": str(leds)}}) as mark2:
        await mark2.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        assert leds.read_bytes() == bytes((124, 0, 0, 0)) * 12, "51, before the correction of the driver"
    assert leds.read_bytes() == bytes(48)


@pytest.mark.parametrize("event", ["complete_intent_failure", "recognizer_loop:speech.recognition.unknown"])
async def test_what_was_not_understood_blinks_red(event: str, sj201: Buses) -> None:
    async with device("sj201_r6") as mark2:
        sj201.chips[1, 0x04].writes.clear()
        await mark2.hear(event, {}, session={"session_id": "a satellite"})
        await asyncio.sleep(1)
        assert not sj201.chips[1, 0x04].writes
        await mark2.hear(event)
        await asyncio.sleep(3)
        frames = [data for first, data in sj201.chips[1, 0x04].writes if first == 0]
        assert frames == [RED * 10, bytes(30)] * 3


@pytest.mark.parametrize(
    ("colour", "shown"),
    [
        ("theme", (0, 16, 51)),
        (None, (0, 16, 51)),
        ("Neon_Orange", (51, 27, 0)),
        ("burnt_orange", (35, 13, 0)),
        ("#ff0000", (51, 0, 0)),
    ],
)
async def test_an_animation_has_a_colour_of_the_field(
    colour: str | None, shown: tuple[int, int, int], sj201: Buses
) -> None:
    async with device("sj201_r6") as mark2:
        data = {"animation": "blink", "timeout": 1} | ({} if colour is None else {"color": colour})
        await mark2.hear("neon.linear_led.show_animation", data)
        await asyncio.sleep(0.2)
        assert ring(sj201) == bytes(shown) * 12


async def test_what_plays_on_the_ring_of_a_mark_2(sj201: Buses) -> None:
    async with device("sj201_r6") as mark2:
        await mark2.hear("neon.linear_led.show_animation", {"animation": "fill", "color": "red", "timeout": 2})
        await asyncio.sleep(0.6)
        filled = ring(sj201)
        assert filled.startswith(RED)
        assert filled.endswith(bytes(3))
        await mark2.hear("mycroft.screen.brightness", {"value": 0.5})
        await mark2.hear("mycroft.feedback.set-state", {"state": "volume_10"})
        await asyncio.sleep(0.2)
        assert ring(sj201) == bytes((26, 26, 26)) * 12
        await asyncio.sleep(30)
        assert ring(sj201) == bytes(36)
        sj201.chips[1, 0x04].writes.clear()
        await asyncio.sleep(3600)
        assert not sj201.chips[1, 0x04].writes, "an idle ring is left alone"
