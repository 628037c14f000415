"""All documented message types, ours and everybody else's, by name: for people who look them up."""

from collections.abc import Mapping
from typing import Any

from bus.foreign_topics import FOREIGN
from bus.topic import Topic
from bus.topics import OURS

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in (*OURS, *FOREIGN)}
"""Every message type, by name."""

ALIASES: Mapping[str, Topic] = {topic.alias: topic for topic in TOPICS.values() if topic.alias}
"""Those that have another name, by that."""


def problems(msg_type: str, data: Mapping[str, Any]) -> list[str]:
    """What is wrong with the data of a message, in words; nothing is, for a type that is not documented."""
    topic = TOPICS.get(msg_type) or ALIASES.get(msg_type)
    return topic.problems(data) if topic else []
