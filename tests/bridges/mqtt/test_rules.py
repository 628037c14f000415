import copy
from dataclasses import replace
from typing import Any

import pytest

from bridges.mqtt.entities import Device, Parts, discovery, discovery_topic
from bridges.mqtt.rules import REQUIRED, problems

MARK_1 = Parts("faceplate", ("knob",), (), knob=True)
RING = Parts("lights", ("talk",), ("mute",), knob=False)
DEVICE = Device(
    "kitchen1", "Kitchen", "0.1.0", ("b8:27:eb:00:00:01",), wifi=True, temperature=True, full_control=True
)
TOPIC = discovery_topic(DEVICE, "homeassistant")


@pytest.mark.parametrize("parts", [None, MARK_1, RING])
@pytest.mark.parametrize("full_control", [True, False])
@pytest.mark.parametrize("name", ["Kitchen", "Küche", "厨房", "K" * 64])
def test_what_the_bridge_announces_breaks_no_rule(parts: Parts | None, full_control: bool, name: str) -> None:
    device = replace(DEVICE, parts=parts, full_control=full_control, name=name)
    assert problems(TOPIC, discovery(device)) == []


def broken(key: str, **changes: Any) -> list[str]:
    """The problems after a change of a component; None removes a key."""
    announcement = copy.deepcopy(discovery(replace(DEVICE, parts=MARK_1)))
    config = announcement["components"][key]
    config |= changes
    announcement["components"][key] = {name: value for name, value in config.items() if value is not None}
    return problems(TOPIC, announcement)


@pytest.mark.parametrize(
    ("key", "changes", "problem"),
    [
        ("volume", {"unique_id": None}, "volume: unique_id is missing; the whole device would be ignored"),
        ("volume", {"unique_id": "kitchen1_mute"}, "mute: unique_id kitchen1_mute is that of volume"),
        ("volume", {"p": "media_player"}, "volume: media_player is no platform; the whole device"),
        ("volume", {"p": None}, "volume: None is no platform; the whole device"),
        ("volume", {"command_topic": None}, "volume: command_topic is missing"),
        ("volume", {"command_topic": "a/+"}, "volume: command_topic is no topic to publish to"),
        ("volume", {"min": 100}, "volume: min is not below max"),
        ("volume", {"name": "Kitchen volume"}, "volume: its name begins with that of the device"),
        ("volume", {"object_id": "x"}, "volume: object_id is deprecated"),
        ("volume", {"default_entity_id": "sensor.x"}, "volume: default_entity_id is not number."),
        ("volume", {"default_entity_id": "number.Küche"}, "volume: default_entity_id is not number."),
        ("volume", {"icon": "speaker"}, "volume: icon is not mdi:NAME"),
        ("button", {"event_types": []}, "button: event_types is missing"),
        ("ip", {"entity_category": "config"}, "ip: a sensor cannot have the category config"),
        ("ip", {"state_topic": ""}, "ip: state_topic is missing"),
    ],
)
def test_a_rule_that_is_broken_is_named(key: str, changes: dict[str, Any], problem: str) -> None:
    found = broken(key, **changes)
    assert any(line.startswith(problem) for line in found), found


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"origin": {}}, "origin.name is missing"),
        ({"device": {"name": "x"}}, "device has neither identifiers nor connections"),
        ({"device": {"name": " ", "identifiers": ["x"]}}, "device.name is empty"),
        ({"device": {"name": "x", "connections": [["mac"]]}}, "device.connections: ['mac'] is not"),
        ({"availability": [{"topic": "a/#"}]}, "availability.topic is no topic"),
    ],
)
def test_a_device_that_would_be_ignored_is_named(changes: dict[str, Any], problem: str) -> None:
    [found] = problems(TOPIC, {**discovery(DEVICE), **changes})
    assert found.startswith(problem)


def test_a_topic_that_home_assistant_does_not_read_is_named() -> None:
    assert problems("home assistant/device/x/config", discovery(DEVICE)) != []


def test_the_platforms_are_those_that_are_used() -> None:
    used = {config["p"] for config in discovery(DEVICE)["components"].values()}
    assert used <= REQUIRED.keys()
