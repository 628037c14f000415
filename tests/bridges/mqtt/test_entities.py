from dataclasses import replace

import msgspec
import pytest

from bridges.mqtt.entities import COMPONENTS, Device, Parts, discovery, discovery_topic, has, slug

MARK_1 = Parts("faceplate", ("knob",), (), knob=True)
RING = Parts("lights", ("talk",), ("mute",), knob=False)
BARE = Parts("none", (), (), knob=False)
DEVICE = Device("kitchen1", "Kitchen", "0.1.0", ("b8:27:eb:00:00:01",))
FULL = replace(DEVICE, wifi=True, temperature=True, full_control=True)


def announced(device: Device) -> set[str]:
    return {key for key, config in discovery(device)["components"].items() if len(config) > 1}


def removed(device: Device) -> set[str]:
    return {key for key, config in discovery(device)["components"].items() if len(config) == 1}


def test_a_mark_1_with_everything_has_all_but_the_parts_of_other_boards() -> None:
    device = replace(FULL, parts=MARK_1)
    assert COMPONENTS.keys() - announced(device) == removed(device) == {"mute_switch", "board"}


def test_a_board_with_lights_and_a_switch_has_no_mouth_and_no_knob() -> None:
    device = replace(FULL, parts=RING)
    assert removed(device) == {"mouth", "face", "faceplate", "knob"}
    assert {"eyes", "mute_switch", "board", "button"} <= announced(device)


def test_a_board_without_controls_has_the_volume() -> None:
    device = replace(DEVICE, parts=BARE)
    assert announced(device) == {
        *("volume", "mute", "mic_mute", "say", "listening", "refused", "update", "ip", "board"),
    }


def test_nothing_is_removed_before_the_enclosure_has_said_what_there_is() -> None:
    assert removed(FULL) == set()
    assert has(FULL, "eyes") is None
    assert removed(DEVICE) == {"wifi", "temperature", "upgrade", "restart", "shutdown"}


def test_a_removed_component_is_its_platform_alone() -> None:
    components = discovery(DEVICE)["components"]
    assert components["restart"] == {"p": "button"}


def test_ids_and_topics_are_those_of_the_device() -> None:
    found = discovery(replace(FULL, parts=MARK_1))
    assert found["device"]["identifiers"] == ["kitchen1"]
    assert found["device"]["connections"] == [["mac", "b8:27:eb:00:00:01"]]
    assert found["availability"] == [{"topic": "mycroft/kitchen1/availability"}]
    volume = found["components"]["volume"]
    assert volume["unique_id"] == "kitchen1_volume"
    assert volume["default_entity_id"] == "number.kitchen_volume"
    assert volume["state_topic"] == "mycroft/kitchen1/volume"
    assert volume["command_topic"] == "mycroft/kitchen1/volume/set"
    assert discovery_topic(DEVICE, "homeassistant") == "homeassistant/device/kitchen1/config"


def test_what_changes_the_machine_is_announced_with_full_control_only() -> None:
    assert announced(FULL) - announced(replace(FULL, full_control=False)) == {"upgrade", "restart", "shutdown"}


def test_one_announcement_stays_small() -> None:
    assert len(msgspec.json.encode(discovery(replace(FULL, parts=MARK_1)))) < 8192


@pytest.mark.parametrize(
    ("topic", "key"),
    [
        ("mycroft/kitchen1/volume/set", "volume"),
        ("mycroft/kitchen1/volume", None),
        ("mycroft/kitchen2/volume/set", None),
        ("mycroft/kitchen1/a/b/set", None),
        ("mycroft/kitchen1/set", None),
        ("homeassistant/status", None),
    ],
)
def test_only_the_commands_of_this_device_have_a_component(topic: str, key: str | None) -> None:
    assert DEVICE.command_key(topic) == key


@pytest.mark.parametrize(
    ("name", "expected"), [("Kitchen", "kitchen"), ("Küche 2", "k_che_2"), ("厨房", "mycroft")]
)
def test_an_entity_id_has_small_letters_and_digits(name: str, expected: str) -> None:
    assert slug(name) == expected
