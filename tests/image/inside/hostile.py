"""Runs inside: sends hostile requests, and prints how each of them is answered.

`member` sends requests with wrong data, as a user who may administer the machine. `stranger` sends requests that
would be right, as one who may not, with a forged sender in their context.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, "/usr/lib/mycroft-enclosure")

from websockets.sync.client import connect
from websockets.sync.connection import Connection

from admin.actions import ACTIONS
from bus.contract import ours as topics
from bus.contract.topic import REQUIRED, Topic

TIMEOUT_S = 20.0

SECRET = "correct horse battery"  # noqa: S105  # of the test

VALUES: tuple[Any, ...] = (
    *(True, 7, -1, 1e300, [], {}, [SECRET], {"a": SECRET}),
    *("", "\0", "a\0b", "\n", "de_DE\nLANG=x", "../../etc/passwd", "/etc/passwd", "-rf", "$(touch /run/evil)"),
    *(
        "`touch /run/evil`",
        "; touch /run/evil",
        "%n",
        "%i",
        "*",
        "mycroft-update.service",
        SECRET * 1000,
        "\u202e",
    ),
)

CHECKED = {"language_code", "timezone", "hostname", "country_code"}
"""Texts of which only some are valid."""

BURST = 5
"""Requests of one kind that are read before their rate is exceeded; further ones are not answered."""

Request = tuple[str, dict[str, Any]]


def wrong_data(topic: Topic) -> Iterator[Request]:
    """Requests of which one field is wrong."""
    good = {field.name: SECRET for field in topic.fields if field.default is REQUIRED}
    for field in topic.fields:
        unreadable = [value for value in VALUES if field.problem({field.name: value})]
        readable = [value for value in VALUES if value not in unreadable] if field.name in CHECKED else []
        for value in (*unreadable, *readable[-BURST:]):
            yield topic.name, {**good, field.name: value}
        if field.default is REQUIRED:
            yield topic.name, {}


def forged(topic: Topic) -> Iterator[Request]:
    """Requests that would be right, under each name."""
    good = {field.name: SECRET for field in topic.fields if field.default is REQUIRED}
    for name in topic.names:
        yield from [(name, good)] * BURST


def answer(bus: Connection, number: int, request: Request) -> str:
    """The type of the answer to a request; "none" where there is none."""
    msg_type, data = request
    source = f"hostile-{number}"
    sender = {"uid": 0, "pid": 1, "process": "systemd"}
    context = {"source": source, topics.SENDER: sender}
    bus.send(json.dumps({"type": msg_type, "data": data, "context": context}))
    while True:
        try:
            message = json.loads(bus.recv(TIMEOUT_S))
        except TimeoutError:
            return "none"
        denied = message["type"] == topics.DENIED.name
        if denied or message["context"].get("destination") == source:
            return "denied" if denied else str(message["type"])


requests_of = {"member": wrong_data, "stranger": forged}[sys.argv[1]]
privileged = [action.request for action in ACTIONS if action.request.privileged]
requests = [request for topic in privileged for request in requests_of(topic)]
with connect("ws://127.0.0.1:8181/core", compression=None) as client:
    answers = [answer(client, number, request) for number, request in enumerate(requests)]
odd = [
    [request[0], str(request[1])[:100], found]
    for request, found in zip(requests, answers, strict=True)
    if found != ("denied" if sys.argv[1] == "stranger" else f"{request[0]}.failed")
]
print(json.dumps({"sent": len(requests), "odd": odd}))
