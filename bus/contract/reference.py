"""The contract as a page: ``python -m bus.contract.reference > docs/messages.md``."""

import json
import re
import sys
from collections.abc import Iterator

from bus.contract.lookup import TOPICS
from bus.contract.topic import REQUIRED, SOURCES, Family, Field, Topic

INTRODUCTION = """\
# Messages

Every message type that this project sends or handles, and those of Mycroft, OVOS and Neon that share
the bus. The page is made from `bus/contract/` by `python -m bus.contract.reference`. On a
terminal, `mycroft-bus types 'enclosure.*'` shows the same.

**On the wire.** One WebSocket text frame is one JSON object with three keys: `type`, a text of the characters
`[A-Za-z0-9.:_-]` (the bus relays others as well); `data`, an object with the fields below; `context`, an object
with the origin and the destination of the message (`source`, `destination`, `session`). The bus relays it, byte
for byte, to every client, its sender included, in the order of arrival. An invalid frame is not relayed, and its
sender gets `bus.message.rejected`.

**Fields.** Numbers outside their range are clamped to it. A whole number may be written as 3.0, and any number
as a text, "3". A field that is missing or null has its default; without a default it is required, or optional
where the field says so. Other fields are ignored.

**Sessions.** `context.session.session_id` is `default` for the device itself. Any other value belongs to a
remote satellite: such a message does not change the volume of this device. Programs should not filter on
`destination`.

**Answers.** An answer has source and destination of its request swapped. A request has no answer where this page
names none. Any request to our daemons may be answered with `<type>.failed` instead, with an `error` in words. A
request is a verb (`system.ssh.enable`), the acknowledgement before the action is in the future tense
(`system.ssh.enabling`), and the report after it is in the past tense (`system.ssh.enabled`), unless Mycroft or
OVOS had another name first.

**Privileged.** The bus accepts requests that make the admin service change the machine only from root, our
service users and members of the group `mycroft-admin`; any other sender gets `bus.message.denied`, and the
request is not relayed. To such a message, and to a question to the admin service, the bus adds its sender, as
the kernel reports it: `context.bus_sender` is `{"uid", "pid", "process"}`. Questions (`system.ssh.status`, a
wifi scan), acknowledgements and reports change nothing and are not privileged.

**Confidential.** A request with a password is delivered to the admin service alone, and only on the unix socket:
to its user or root, where the client has subscribed to the type by its name. No other client receives it, its
sender included. Without the admin service its sender gets `bus.message.denied`.

**Other names.** OVOS 2.x has renamed 26 types, and older Mycroft had other names for four; they follow the
word "also". A program that handles such a message handles both names, and ignores the copy that OVOS 2.x marks
with `context._namespace_compat_twin`. No privileged type has such a copy: there the mark changes nothing.

**Families without a section.** `<skill_id>:<intent>` calls an intent of a skill. `<type>.response` is the
answer that clients wait for by default. Every service answers `mycroft.<service>.is_alive`, `.is_ready` and
`.all_loaded`. `ovos.phal.wifi.plugin.activate.<id>` and `.deactivate.<id>` go to one wifi client. The projects
that use `gui.*`, `hive.*`, `ovos.common_play.*`, `ovos.notification.api.*`, `ovos.shell.*`,
`neon.device_updater.*` and `neon.core_updater.*` document them.

**Programs.** `bus`, `enclosure` and `admin` belong to this project. `core` is the intent service and skill
manager, `listener` detects the wake word and records, `audio` speaks and plays, `plugins` are OVOS' hardware
plugins. "Planned" marks a daemon of this project that does not handle or emit the type yet; planned types are
privileged already.
"""

_KINDS = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    list: "list",
    dict: "object",
    object: "anything",
}


def render() -> str:
    """The page, in Markdown."""
    sources = "\n".join(f"- {short}: {name}" for short, name in SOURCES.items())
    return "\n".join((INTRODUCTION, f"**Sources.**\n\n{sources}", *(_section(family) for family in Family), ""))


def describe(field: Field) -> str:
    """Type, range, unit, default and meaning of a field, in words."""
    kind = "one of" if field.choices else _KINDS[field.kind]
    if field.default is REQUIRED:
        default = "required"
    elif field.default is None:
        default = "optional"
    else:
        default = f"default {json.dumps(field.default)}"
    value = " ".join(filter(None, (kind, field.limits, field.unit)))
    return f"{value}, {default}" + (f": {field.meaning}" if field.meaning else "")


def _section(family: Family) -> str:
    topics = [topic for topic in TOPICS.values() if topic.family is family]
    return "\n".join((f"\n## {family}", *(line for topic in topics for line in _topic(topic))))


def _topic(topic: Topic) -> Iterator[str]:
    """One message type: a heading, which is its anchor, and what there is to know of it."""
    marks = "".join(
        f" **{mark}.**"
        for mark, has in (("Privileged", topic.privileged), ("Confidential", topic.confidential))
        if has
    )
    yield from ("", f"### `{topic.name}`", "", topic.summary + marks)
    if topic.documented:
        yield from ("", "| data | value |", "|---|---|")
        yield from (f"| `{field.name}` | {describe(field)} |" for field in topic.documented)
    yield from ("", " ".join(_facts(topic)))


def _facts(topic: Topic) -> Iterator[str]:
    if topic.more:
        yield f"{'Data also' if topic.documented else 'Data'}: {topic.more}."
    if topic.alias:
        yield f"Also `{topic.alias}`."
    yield f"From {topic.sender} to {topic.receiver}."
    if topic.replies:
        yield f"Answered by {', '.join(map(_link, topic.replies))}."
    yield f"Source: {topic.source}."


def _link(name: str) -> str:
    return f"[`{name}`](#{anchor(name)})" if name in TOPICS else f"`{name}`"


def anchor(name: str) -> str:
    """The anchor of a heading with this name, as code hosts make it."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower())


if __name__ == "__main__":
    sys.stdout.write(render())
