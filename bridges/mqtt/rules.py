"""Home Assistant's rules for an announcement, as far as a device can break them. Pure.

For an invalid value, Home Assistant ignores one component. For a component without a unique_id, an unknown
platform or a missing origin, it ignores the whole device, with one warning in its log. The rules are those of Home
Assistant 2026.2: homeassistant/components/mqtt, schemas.py and the platforms.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "binary_sensor": ("state_topic",),
    "button": ("command_topic",),
    "event": ("state_topic", "event_types"),
    "image": ("image_topic",),
    "light": ("command_topic",),
    "notify": ("command_topic",),
    "number": ("command_topic",),
    "sensor": ("state_topic",),
    "switch": ("command_topic",),
    "text": ("command_topic",),
    "update": (),
}
"""Platforms that a device may use, and the keys that each of them requires."""

READ_ONLY = ("binary_sensor", "event", "image", "sensor", "update")
"""Platforms whose entities cannot have the category config."""

MAX_TOPIC = 65535
"""Maximum size of a topic in bytes (MQTT 5, 1.5.4)."""

_ENTITY_ID = re.compile("[a-z0-9_]+")
_WILDCARDS = re.compile("[+#\0]")


def problems(topic: str, announcement: Mapping[str, Any]) -> list[str]:
    """Problems of an announcement and its topic, each as a sentence."""
    return [*_problems_of_topic(topic), *_problems_of_device(announcement), *_problems_of_components(announcement)]


def _problems_of_topic(topic: str) -> Iterator[str]:
    if not re.fullmatch("[A-Za-z0-9_/-]+/device/[A-Za-z0-9_-]+/config", topic):
        yield f"{topic}: not PREFIX/device/ID/config with letters, digits, _ and -"


def _problems_of_device(announcement: Mapping[str, Any]) -> Iterator[str]:
    if not announcement.get("origin", {}).get("name"):
        yield "origin.name is missing; the whole device would be ignored"
    device = announcement.get("device", {})
    if not device.get("identifiers") and not device.get("connections"):
        yield "device has neither identifiers nor connections; it would be ignored"
    if not str(device.get("name", "")).strip():
        yield "device.name is empty"
    for connection in device.get("connections", ()):
        if len(connection) != 2:
            yield f"device.connections: {connection} is not a kind and a value"
    for availability in announcement.get("availability", ()):
        yield from _problems_of_name("availability.topic", availability.get("topic"))


def _problems_of_components(announcement: Mapping[str, Any]) -> Iterator[str]:
    seen: dict[str, str] = {}
    device_name = str(announcement.get("device", {}).get("name", "")).lower()
    for key, config in announcement.get("components", {}).items():
        platform = config.get("p")
        if platform not in REQUIRED:
            yield f"{key}: {platform} is no platform; the whole device would be ignored"
        elif len(config) > 1:
            yield from (f"{key}: {problem}" for problem in _problems_of_component(platform, config, device_name))
        unique_id = config.get("unique_id")
        if unique_id in seen:
            yield f"{key}: unique_id {unique_id} is that of {seen[unique_id]}, so it would be dropped"
        if unique_id:
            seen[unique_id] = key


def _problems_of_component(platform: str, config: Mapping[str, Any], device_name: str) -> Iterator[str]:
    if not config.get("unique_id"):
        yield "unique_id is missing; the whole device would be ignored"
    if "object_id" in config:
        yield "object_id is deprecated; default_entity_id takes its place"
    domain, _, entity = str(config.get("default_entity_id", f"{platform}.x")).partition(".")
    if domain != platform or not _ENTITY_ID.fullmatch(entity):
        yield f"default_entity_id is not {platform}. with small letters, digits and _"
    for name in REQUIRED[platform]:
        if not config.get(name):
            yield f"{name} is missing"
    for name in ("state_topic", "image_topic", "command_topic"):
        if name in config:
            yield from _problems_of_name(name, config[name])
    if config.get("entity_category") == "config" and platform in READ_ONLY:
        yield f"a {platform} cannot have the category config"
    if device_name and str(config.get("name", "")).lower().startswith(device_name):
        yield "its name begins with that of the device, which its entity id would have twice"
    if "icon" in config and not str(config["icon"]).startswith("mdi:"):
        yield "icon is not mdi:NAME"
    if platform == "number" and not config.get("min", 1) < config.get("max", 100):
        yield "min is not below max"


def _problems_of_name(key: str, topic: object) -> Iterator[str]:
    if not isinstance(topic, str) or not topic or _WILDCARDS.search(topic) or len(topic.encode()) > MAX_TOPIC:
        yield f"{key} is no topic to publish to"
