"""All documented message types, of this project and of others, by name."""

import re
from collections.abc import Mapping
from typing import Any

from bus.contract.foreign import FOREIGN
from bus.contract.ours import OURS
from bus.contract.topic import Topic
from bus.nearest import nearest

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in (*OURS, *FOREIGN)}
"""Every message type, by name."""

ALIASES: Mapping[str, Topic] = {topic.alias: topic for topic in TOPICS.values() if topic.alias}
"""The message types that have another name, by that name."""


LIKE = 0.8
"""Similarity of two types, from 0 to 1, above which one may be a misspelling of the other."""


def problems(msg_type: str, data: Mapping[str, Any]) -> list[str]:
    """The faults of a message, in words. The data of an undocumented type have none."""
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", msg_type):
        return ["a type has letters, digits and .:_- only; some programs ignore others"]
    topic = topic_of(msg_type)
    if topic is None:
        likely = nearest_type(msg_type)
        return [f"not documented; did you mean {likely}?"] if likely else []
    return topic.problems(data)


def topic_of(msg_type: str) -> Topic | None:
    """The topic that has this name or other name; None if none is documented."""
    return TOPICS.get(msg_type) or ALIASES.get(msg_type)


def nearest_type(msg_type: str) -> str | None:
    """The documented type that looks most like this one; None if none looks much like it."""
    return nearest(msg_type, (*TOPICS, *ALIASES), LIKE)
