"""Profiles of boards: what they may say, and what mycroft.conf and the owner's own files change."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bus.errors import ConfigError
from enclosure.config import load_profile, load_profiles, profile_names


@pytest.mark.parametrize("name", profile_names())
def test_each_profile_is_valid(name: str) -> None:
    load_profile(name)


def test_a_mark_1_has_a_faceplate_and_nothing_on_pins() -> None:
    profile = load_profile("mycroft_mark_1")
    assert profile.serial_port == "/dev/ttyAMA0"
    assert [button.gpio for button in profile.buttons.values()] == [None]
    assert (profile.leds.kind, profile.amplifier.kind) == ("none", "none")


def test_single_values_are_changed_in_mycroft_conf() -> None:
    profile = load_profile("picroft", {"buttons": {"talk": {"gpio": 17}}, "leds": {"kind": "gpio", "gpio": [27]}})
    talk = profile.buttons["talk"]
    assert (talk.gpio, talk.press, talk.hold) == (17, "auto", "stop")
    assert profile.leds.gpio == (27,)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"butons": {}}, "enclosure.board.butons: unknown key; did you mean buttons?"),
        (
            {"buttons": {"talk": {"gpoi": 17}}},
            "enclosure.board.buttons.talk.gpoi: unknown key; did you mean gpio?",
        ),
        (
            {"buttons": {"talk": {"gpio": "17"}}},
            "enclosure.board.buttons.talk.gpio: Expected `int | null`, got `str`",
        ),
        ({"buttons": {"talk": 17}}, "enclosure.board.buttons.talk: Expected `object`, got `int`"),
        ({"buttons": 17}, "enclosure.board.buttons: expected a table for each"),
        (
            {"buttons": {"talk": {"gpio": 17}}, "leds": {"kind": "gpio", "gpio": [17]}},
            "enclosure.board: GPIO17 is used twice: buttons.talk.gpio and leds.gpio",
        ),
        (
            {"buttons": {"talk": {"press": "dance"}}},
            (
                "enclosure.board: buttons.talk.press: dance is neither a message type nor one of auto, stop, "
                "listen, volume_up, volume_down, mute"
            ),
        ),
        ({"leds": {"kind": "gpio"}}, "enclosure.board: leds.gpio: kind gpio needs a line"),
        (
            {"leds": {"kind": "apa102", "data_gpio": 5}},
            "enclosure.board: leds: data_gpio and clock_gpio are needed",
        ),
        (
            {"switches": {"talk": {"gpio": 5}}},
            "enclosure.board: buttons.talk and switches.talk have the same name",
        ),
        ({"encoders": {"knob": {"a": 5}}}, "enclosure.board: encoders.knob: a and b are needed"),
        ({"detect": {"card": "lamp"}}, "enclosure.board.detect: expected [[detect]], with two brackets"),
        (
            {"detect": [{"crad": "lamp"}]},
            "enclosure.board.detect[0].crad: unknown key; did you mean card?",
        ),
        ({"detect": [{"alike": "all"}]}, "enclosure.board: detect[0]: it needs a sign"),
        (
            {"detect": [{"card": "lamp", "register": {"address": 4, "number": 1, "value": 2}}]},
            "enclosure.board: detect[0].register: it is read only where the addresses of i2c answer; name them",
        ),
        (
            {"detect": [{"faceplate": True}]},
            "enclosure.board: detect[0].faceplate: without serial_port there is none",
        ),
        (
            {"buttons": {"talk": {"gpio": 10}}, "leds": {"kind": "apa102"}},
            "enclosure.board: GPIO10 is used twice: buttons.talk.gpio and leds.device (SPI)",
        ),
        (
            {"buttons": {"talk": {"gpio": 2}}, "amplifier": {"kind": "tas5806"}},
            "enclosure.board: GPIO2 is used twice: buttons.talk.gpio and I2C bus 1",
        ),
        (
            {"buttons": {"talk": {"gpio": 14}}, "serial_port": "/dev/ttyAMA0"},
            "enclosure.board: GPIO14 is used twice: buttons.talk.gpio and serial_port",
        ),
        (
            {"leds": {"kind": "attiny", "address": 0x2F}, "amplifier": {"kind": "tas5806"}},
            "enclosure.board: address 0x2f of I2C bus 1 is used twice: leds.address and amplifier.address",
        ),
        (
            {"driver": "evdev", "buttons": {"talk": {"key": 115}, "volume_up": {"key": 115}}},
            "enclosure.board: key 115 of an overlay is used twice: talk and volume_up",
        ),
        (
            {"driver": "evdev", "encoders": {"knob": {"axis": 0}, "wheel": {"axis": 0}}},
            "enclosure.board: axis 0 of an overlay is used twice: knob and wheel",
        ),
        (
            {"driver": "evdev", "buttons": {"talk": {"gpio": 17}}},
            "enclosure.board: buttons.talk: driver evdev needs its key",
        ),
        (
            {"buttons": {"talk": {"key": 115}}},
            "enclosure.board: buttons.talk.key: it is for driver evdev; gpiod needs a line",
        ),
        (
            {"buttons": {"knob.a": {"gpio": 4}}},
            "enclosure.board: buttons.knob.a: a name has letters, digits, _ and - only",
        ),
        ({"leds": {"kind": "attiny", "count": 13}}, "enclosure.board: leds.count: kind attiny has 12 at most"),
        ({"leds": {"bus": -1}}, "enclosure.board.leds.bus: Expected `int` >= 0"),
        (
            {"leds": {"device": "spidev0.0"}},
            "enclosure.board.leds.device: Expected `str` matching regex '^/[!-~]+$'",
        ),
        ({"driver": "wiringpi"}, "enclosure.board.driver: Invalid enum value 'wiringpi'"),
    ],
)
def test_what_is_wrong_is_named(changes: Mapping[str, Any], error: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_profile("picroft", changes)
    assert str(raised.value) == error


def test_a_press_may_send_any_message() -> None:
    profile = load_profile("picroft", {"buttons": {"lamp": {"gpio": 4, "press": "my-skill.lamp:toggle"}}})
    assert profile.buttons["lamp"].press == "my-skill.lamp:toggle"


def test_the_owner_has_profiles_too_and_his_win(tmp_path: Path) -> None:
    (tmp_path / "lamp.toml").write_text("[buttons.lamp]\ngpio = 4\n")
    (tmp_path / "picroft.toml").write_text("volume_max = 50\n")
    assert {"lamp", "picroft", "generic"} < set(profile_names(tmp_path))
    assert load_profile("lamp", own=tmp_path).buttons["lamp"].gpio == 4
    assert load_profile("picroft", own=tmp_path).volume_max == 50


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[buttons", "lamp.toml: Expected"),
        ("volume_max = 0", "lamp.toml: volume_max: Expected `int` >= 1"),
        ("boot_timeout_s = nan", "lamp.toml: boot_timeout_s: Expected `float` >= 0.0"),
        ("volume_max = " + 5000 * "9", "lamp.toml: .*digits"),
        ("detect = " + 5000 * "[" + 5000 * "]", "lamp.toml: .*recursion"),
    ],
)
def test_a_faulty_profile_names_its_file(text: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "lamp.toml").write_text(text)
    with pytest.raises(ConfigError, match=error):
        load_profile("lamp", own=tmp_path)


def test_a_profile_is_a_file_and_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "lamp.toml").write_text("volume_max = 50\n", "utf-8-sig")
    os.mkfifo(tmp_path / "pipe.toml")
    assert load_profile("lamp", own=tmp_path).volume_max == 50
    with pytest.raises(ConfigError, match=r"pipe\.toml: it is no file"):
        load_profiles(tmp_path)


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"there is no mark_9; there are: auto, adafruit_voice_bonnet, aiy_voice_v1, .*, picroft"
    ):
        load_profile("mark_9")
