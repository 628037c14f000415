"""What the eyes do as a light of Home Assistant: the names of its effects, and their messages. Pure."""

from collections.abc import Mapping

from bus.contract import ours as topics
from bus.contract.topic import Topic

OPEN = "open"
"""The effect that ends the others."""

EFFECTS: Mapping[str, tuple[Topic, Mapping[str, str]]] = {
    OPEN: (topics.EYES_RESET, {}),
    "spin": (topics.EYES_SPIN, {}),
    "blink": (topics.EYES_BLINK, {}),
    "narrow": (topics.EYES_NARROW, {}),
    **{f"look {way}": (topics.EYES_LOOK, {"side": way[0]}) for way in ("right", "left", "up", "down", "crossed")},
}
"""The message for each effect, with its data."""
