"""All documented message types, ours and everybody else's, by name: for people who look them up."""

import re
from collections.abc import Mapping
from typing import Any

from bus.contract.foreign import FOREIGN
from bus.contract.ours import OURS
from bus.contract.topic import Topic

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in (*OURS, *FOREIGN)}
"""Every message type, by name."""

ALIASES: Mapping[str, Topic] = {topic.alias: topic for topic in TOPICS.values() if topic.alias}
"""Those that have another name, by that."""


def problems(msg_type: str, data: Mapping[str, Any]) -> list[str]:
    """What is wrong with a message, in words; with its data nothing is, for a type that is not documented."""
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", msg_type):
        return ["a type has letters, digits and .:_- only; some programs ignore others"]
    topic = TOPICS.get(msg_type) or ALIASES.get(msg_type)
    return topic.problems(data) if topic else []
