"""docs/mycroft.conf.example has every setting that there is, with its default."""

from pathlib import Path

import msgspec

from admin.config import AdminSettings
from bridges.mqtt.config import MqttSettings
from bus.daemon import commented_json
from bus.daemon.config import BusSettings, WebSocketSettings
from enclosure.config import EnclosureSettings

EXAMPLE = Path(__file__).parents[1] / "docs/mycroft.conf.example"
DEFAULTS = {
    "log_level": "info",
    "websocket": WebSocketSettings(),
    "bus": BusSettings(),
    "enclosure": EnclosureSettings(),
    "admin": AdminSettings(),
    "mqtt": MqttSettings(),
}


def test_all_settings_are_there_with_their_defaults() -> None:
    assert commented_json.parse(EXAMPLE.read_bytes()) == msgspec.json.decode(msgspec.json.encode(DEFAULTS))
