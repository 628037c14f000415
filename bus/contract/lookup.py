"""All documented message types, of this project and of others, by name."""

import re
from collections.abc import Mapping
from typing import Any

from bus.contract.foreign import FOREIGN
from bus.contract.ours import OURS
from bus.contract.topic import Topic

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in (*OURS, *FOREIGN)}
"""Every message type, by name."""

ALIASES: Mapping[str, Topic] = {topic.alias: topic for topic in TOPICS.values() if topic.alias}
"""The message types that have another name, by that name."""


def problems(msg_type: str, data: Mapping[str, Any]) -> list[str]:
    """The faults of a message, in words. The data of an undocumented type have none."""
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", msg_type):
        return ["a type has letters, digits and .:_- only; some programs ignore others"]
    topic = TOPICS.get(msg_type) or ALIASES.get(msg_type)
    return topic.problems(data) if topic else []
