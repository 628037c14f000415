"""The contract as a page: ``python -m bus.contract.reference > docs/messages.md``."""

import json
import sys
from collections.abc import Iterator

from bus.contract.lookup import TOPICS
from bus.contract.topic import REQUIRED, SOURCES, Family, Field, Topic

INTRODUCTION = """\
# Messages

Every message type that this project sends or handles, and those of Mycroft, OVOS and Neon that one meets on the
same bus. The table is `bus/contract/ours.py`; `python -m bus.contract.reference` makes this page from it.
On a terminal, `mycroft-bus types 'enclosure.*'` shows the same.

**On the wire.** One WebSocket text frame is one JSON object with three keys: `type`, a text that matches
`[A-Za-z0-9.:_-]+`; `data`, an object with the fields below; `context`, an object that says where the message
comes from and goes to (`source`, `destination`, `session`). The bus sends it, byte for byte, to every client,
its sender included, in the order of arrival. What is no such object goes no further, and its sender gets
`bus.message.rejected`.

**Fields.** Numbers outside their range are clamped to it, and a whole number may be written as 3.0. A field
that is missing or null has its default; without a default it is required, or optional where the table says so.
Fields that the table does not know are ignored.

**Sessions.** `context.session.session_id` is `default` for the device itself. Any other one is a remote
satellite's: such a message does not touch the volume of this device. Nobody should filter on `destination`.

**Answers.** An answer goes back with source and destination swapped. Where the table names none, a request has
no answer. Any request to our daemons may be answered with `<type>.failed` instead, with an `error` in words. A
request is a verb (`system.ssh.enable`), what is announced before is in the future tense
(`system.ssh.enabling`), and what is reported after is in the past tense (`system.ssh.enabled`), unless Mycroft
or OVOS had another name first.

**Privileged.** What makes the admin service change the machine may be sent only by root, by our service users
and by members of the group `mycroft-admin`; anyone else gets `bus.message.denied`, and nothing is relayed. What
only asks (`system.ssh.status`, a wifi scan) is free, and so are announcements and answers, which change
nothing.

**Other names.** OVOS 2.x has renamed 26 types, and older Mycroft had other names for four; the table has them
as "also". Whoever handles a message listens to both names and ignores the copy that OVOS 2.x marks with
`context._namespace_compat_twin`.

**Families without a row.** `<skill_id>:<intent>` calls an intent of a skill. `<type>.response` is where clients
wait for an answer by default. `mycroft.<service>.is_alive`, `.is_ready` and `.all_loaded` are answered by every
service. `ovos.phal.wifi.plugin.activate.<id>` and `.deactivate.<id>` go to one wifi client. `gui.*`, `hive.*`,
`ovos.common_play.*`, `ovos.notification.api.*`, `ovos.shell.*`, `neon.device_updater.*` and
`neon.core_updater.*` are left to the documentation of those who use them.

**Who.** `bus`, `enclosure` and `admin` are ours. `core` is the intent service and skill manager, `listener`
what hears the wake word, `audio` what speaks and plays, `plugins` are OVOS' hardware plugins. "Planned" is what
a daemon of ours does not do yet; the bus guards such types already.
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

_HEAD = """\
| type | what it does or says | data | from | to | answered by | source |
|---|---|---|---|---|---|---|"""


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
    rows = [_row(topic) for topic in TOPICS.values() if topic.family is family]
    head = (
        "| type | what it does or says | data | from | to | answered by | source |\n|---|---|---|---|---|---|---|"
    )
    return "\n".join((f"\n## {family}\n", head, *rows))


def _row(topic: Topic) -> str:
    name = f"`{topic.name}`"
    if topic.alias:
        name += f"<br>also `{topic.alias}`"
    if topic.privileged:
        name += "<br>**privileged**"
    replies = "<br>".join(f"`{reply}`" for reply in topic.replies)
    cells = (
        name,
        topic.summary,
        "<br>".join(_data(topic)),
        topic.sender,
        topic.receiver,
        replies,
        topic.source,
    )
    return f"| {' | '.join(cells)} |"


def _data(topic: Topic) -> Iterator[str]:
    for field in topic.documented:
        yield f"`{field.name}` {describe(field)}"
    if topic.more:
        yield f"and {topic.more}"


if __name__ == "__main__":
    sys.stdout.write(render())
