"""The contract for the page: each message type with its documentation and fields. Pure."""

from bus.contract.lookup import TOPICS
from bus.contract.topic import REQUIRED, Field, Topic


def contract() -> list[dict[str, object]]:
    """Every documented message type."""
    return [_topic(topic) for topic in TOPICS.values()]


def _topic(topic: Topic) -> dict[str, object]:
    return {
        "type": topic.name,
        "alias": topic.alias,
        "summary": topic.summary,
        "family": topic.family,
        "sender": topic.sender,
        "receiver": topic.receiver,
        "replies": topic.replies,
        "privileged": topic.privileged,
        "more": topic.more,
        "fields": [_field(field) for field in topic.documented],
    }


def _field(field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "kind": field.kind.__name__,
        "required": field.default is REQUIRED,
        "default": None if field.default is REQUIRED else field.default,
        "limits": field.limits,
        "low": field.low,
        "choices": field.choices,
        "meaning": field.meaning,
        "unit": field.unit,
    }
