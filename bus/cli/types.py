"""``mycroft-bus types``: looks message types up in the contract."""

import fnmatch
from collections.abc import Iterator
from typing import Any

import msgspec

from bus.contract.lookup import TOPICS
from bus.contract.reference import describe
from bus.contract.topic import REQUIRED, Field, Topic


def types(pattern: str | None, as_json: bool) -> str:
    """The types that match a pattern such as enclosure.* under either of their names, all without one.

    A pattern without a wildcard that is no type matches as a part. For a person, or as a JSON list; empty if
    nothing matches.
    """
    found = _found(pattern or "*") or _found(f"*{pattern}*")
    if as_json and found:
        return msgspec.json.format(msgspec.json.encode([_plain(topic) for topic in found])).decode()
    return "\n\n".join("\n".join(_lines(topic)) for topic in found)


def _found(pattern: str) -> list[Topic]:
    return [topic for topic in TOPICS.values() if _matches(topic, pattern)]


def _matches(topic: Topic, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name in topic.names)


def _lines(topic: Topic) -> Iterator[str]:
    yield topic.name + (f"  (also {topic.alias})" if topic.alias else "")
    yield f"  {topic.summary}"
    width = max((len(field.name) for field in topic.documented), default=0)
    for field in topic.documented:
        yield f"    {field.name:{width}}  {describe(field)}"
    if topic.more:
        yield f"    and {topic.more}"
    if topic.privileged:
        yield "  privileged: only root, our service users and the group mycroft-admin may send it"
    if topic.confidential:
        yield "  confidential: only the admin service receives it"
    yield f"  from {topic.sender} to {topic.receiver}"
    if topic.replies:
        yield f"  answered by {', '.join(topic.replies)}"
    yield f"  source: {topic.source}"


def _plain(topic: Topic) -> dict[str, Any]:
    return {
        "type": topic.name,
        "alias": topic.alias,
        "family": topic.family,
        "summary": topic.summary,
        "fields": [_plain_field(field) for field in topic.documented],
        "more": topic.more,
        "emitted_by": topic.emitted_by,
        "handled_by": topic.handled_by,
        "planned": topic.planned,
        "replies": topic.replies,
        "privileged": topic.privileged,
        "confidential": topic.confidential,
        "source": topic.source,
    }


def _plain_field(field: Field) -> dict[str, Any]:
    required = field.default is REQUIRED
    return {
        "name": field.name,
        "type": field.kind.__name__,
        "required": required,
        "default": None if required else field.default,
        "low": field.low,
        "high": field.high,
        "unit": field.unit,
        "choices": field.choices,
        "meaning": field.meaning,
    }
