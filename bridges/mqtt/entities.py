"""The announcement to Home Assistant: one device and its components. Pure.

Home Assistant reads one retained message for each device. A component that the message lacks stays as it was. A
component with a platform and nothing else is removed, with all settings of the user. So a component is left out
while it is unknown whether the device has it, and removed where the device has reported that it does not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bridges.effects import EFFECTS

ORIGIN = "mycroft-mqtt"

ONLINE, OFFLINE = "online", "offline"

LEVELS = 30
"""Maximum brightness of the eyes, and of their light in Home Assistant."""

MAX_TEXT = 255
"""Maximum number of characters of a text entity's state in Home Assistant."""

EXPIRE_S = 300
"""Home Assistant shows a measurement as unknown when it is this old."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a device besides a loudspeaker; the message enclosure.parts."""

    display: str
    """faceplate, lights or none."""
    buttons: tuple[str, ...]
    switches: tuple[str, ...]
    knob: bool


@dataclass(frozen=True, slots=True)
class Device:
    """The device that is announced."""

    id: str
    name: str
    version: str
    macs: tuple[str, ...] = ()
    model: str = "Mycroft device"
    wifi: bool = False
    """Whether it has a wifi radio."""
    temperature: bool = False
    """Whether it measures the temperature of its processor."""
    full_control: bool = False
    """Whether the broker may restart, switch off and update it."""
    parts: Parts | None = None
    """None until the enclosure has answered."""

    @property
    def base(self) -> str:
        """The beginning of all topics of the device."""
        return f"mycroft/{self.id}"

    @property
    def availability_topic(self) -> str:
        """Topic of ONLINE, from the device, and OFFLINE, from the broker as the will of the device."""
        return f"{self.base}/availability"

    def state_topic(self, key: str) -> str:
        """Topic of a component's state or events."""
        return f"{self.base}/{key}"

    def command_topic(self, key: str) -> str:
        """Topic of a component's commands."""
        return f"{self.base}/{key}/set"

    @property
    def command_topics(self) -> str:
        """All command topics, as a subscription."""
        return f"{self.base}/+/set"

    def command_key(self, topic: str) -> str | None:
        """The component to which a command topic belongs; None for another topic."""
        key = topic.removeprefix(f"{self.base}/").removesuffix("/set")
        return key if topic == self.command_topic(key) and "/" not in key else None


class Component(NamedTuple):
    """One entity of the device."""

    platform: str
    config: Mapping[str, Any]
    has_state: bool = True
    has_commands: bool = False
    state_key: str = "state_topic"
    """The key under which Home Assistant looks for the topic of the state."""


_CONFIG, _DIAGNOSTIC = {"entity_category": "config"}, {"entity_category": "diagnostic"}
_ON_OFF = {"payload_on": "ON", "payload_off": "OFF"}
_MEASUREMENT = {**_DIAGNOSTIC, "state_class": "measurement", "expire_after": EXPIRE_S}

COMPONENTS: Mapping[str, Component] = {
    "volume": Component(
        "number",
        {
            "name": "Volume",
            "icon": "mdi:volume-high",
            "min": 0,
            "max": 100,
            "step": 1,
            "mode": "slider",
            "unit_of_measurement": "%",
        },
        has_commands=True,
    ),
    "mute": Component("switch", {"name": "Mute", "icon": "mdi:volume-off", **_ON_OFF}, has_commands=True),
    "mic_mute": Component(
        "switch", {"name": "Microphone mute", "icon": "mdi:microphone-off", **_ON_OFF}, has_commands=True
    ),
    "eyes": Component(
        "light",
        {
            "name": "Eyes",
            "icon": "mdi:eye",
            "schema": "json",
            "supported_color_modes": ["rgb"],
            "brightness": True,
            "brightness_scale": LEVELS,
            "effect": True,
            "effect_list": [*EFFECTS],
        },
        has_commands=True,
    ),
    "mouth": Component(
        "text",
        {
            "name": "Mouth",
            "icon": "mdi:message-text",
            "max": MAX_TEXT,
            "value_template": "{{ value_json.text }}",  # an empty state would be no state
        },
        has_commands=True,
    ),
    "face": Component(
        "image", {"name": "Face", "icon": "mdi:face-agent", "content_type": "image/png"}, state_key="image_topic"
    ),
    "say": Component("notify", {"name": "Say"}, has_state=False, has_commands=True),
    "button": Component("event", {"name": "Button", "device_class": "button", "event_types": ["press"]}),
    "knob": Component("event", {"name": "Knob", "icon": "mdi:knob", "event_types": ["up", "down"]}),
    "mute_switch": Component("binary_sensor", {"name": "Mute switch", "icon": "mdi:microphone-off", **_ON_OFF}),
    "listening": Component("binary_sensor", {"name": "Listening", "icon": "mdi:ear-hearing", **_ON_OFF}),
    "faceplate": Component(
        "binary_sensor", {"name": "Faceplate", "device_class": "connectivity", **_DIAGNOSTIC, **_ON_OFF}
    ),
    "board": Component("binary_sensor", {"name": "Board", "device_class": "problem", **_DIAGNOSTIC, **_ON_OFF}),
    "refused": Component(
        "event",
        {"name": "Refused", "icon": "mdi:cancel", "event_types": ["denied", "failed"], **_DIAGNOSTIC},
    ),
    "update": Component("update", {"name": "Update progress", "title": "mycroft-enclosure", **_DIAGNOSTIC}),
    "upgrade": Component(
        "button", {"name": "Update", "device_class": "update", **_CONFIG}, has_state=False, has_commands=True
    ),
    "restart": Component(
        "button", {"name": "Restart", "device_class": "restart", **_CONFIG}, has_state=False, has_commands=True
    ),
    "shutdown": Component(
        "button",
        {"name": "Shut down", "icon": "mdi:power", "enabled_by_default": False, **_CONFIG},
        has_state=False,
        has_commands=True,
    ),
    "wifi": Component(
        "sensor",
        {"name": "Wifi signal", "device_class": "signal_strength", "unit_of_measurement": "dBm", **_MEASUREMENT},
    ),
    "ip": Component(
        "sensor", {"name": "IP address", "icon": "mdi:ip-network", "expire_after": EXPIRE_S, **_DIAGNOSTIC}
    ),
    "temperature": Component(
        "sensor",
        {
            "name": "Temperature",
            "device_class": "temperature",
            "unit_of_measurement": "°C",
            "suggested_display_precision": 0,
            **_MEASUREMENT,
        },
    ),
}
"""All possible entities, by the last part of their topics."""

_PRESENT: Mapping[str, Callable[[Device], bool]] = {
    **dict.fromkeys(("upgrade", "restart", "shutdown"), lambda device: device.full_control),
    "wifi": lambda device: device.wifi,
    "temperature": lambda device: device.temperature,
}
_PRESENT_PARTS: Mapping[str, Callable[[Parts], bool]] = {
    "eyes": lambda parts: parts.display != "none",
    "mouth": lambda parts: parts.display == "faceplate",
    "face": lambda parts: parts.display == "faceplate",
    "faceplate": lambda parts: parts.display == "faceplate",
    "button": lambda parts: bool(parts.buttons),
    "knob": lambda parts: parts.knob,
    "mute_switch": lambda parts: bool(parts.switches),
    "board": lambda parts: parts.display != "faceplate",
}
"""Conditions of the components that not every device has."""


def has(device: Device, key: str) -> bool | None:
    """Whether the device has a component; None while this is not known."""
    if key in _PRESENT:
        return _PRESENT[key](device)
    if key in _PRESENT_PARTS:
        return None if device.parts is None else _PRESENT_PARTS[key](device.parts)
    return key in COMPONENTS


def discovery_topic(device: Device, prefix: str) -> str:
    """Topic of the announcement."""
    return f"{prefix}/device/{device.id}/config"


def discovery(device: Device) -> dict[str, Any]:
    """The announcement of a device, for Home Assistant 2024.11 and later."""
    components = {}
    for key, component in COMPONENTS.items():
        present = has(device, key)
        if present:
            components[key] = _config(device, key, component)
        elif present is not None:
            components[key] = {"p": component.platform}
    return {
        "device": {
            "identifiers": [device.id],
            "connections": [["mac", mac] for mac in device.macs],
            "name": device.name,
            "manufacturer": "Mycroft",
            "model": device.model,
            "sw_version": device.version,
        },
        "origin": {"name": ORIGIN, "sw_version": device.version},
        "availability": [{"topic": device.availability_topic}],
        "qos": 1,
        "components": components,
    }


def slug(name: str) -> str:
    """A name as the beginning of an entity id."""
    return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_") or "mycroft"


def _config(device: Device, key: str, component: Component) -> dict[str, Any]:
    return {
        "p": component.platform,
        "unique_id": f"{device.id}_{key}",
        "default_entity_id": f"{component.platform}.{slug(device.name)}_{key}",
        **component.config,
        **({component.state_key: device.state_topic(key)} if component.has_state else {}),
        **({"command_topic": device.command_topic(key)} if component.has_commands else {}),
    }
