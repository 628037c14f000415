"""HiveMessages of a hub as messages of the bus, and the other way round. Pure.

A request of the hub is sent to the bus with a source of its own, `hivemind:<number>`, in the device's own session:
a message of another session would not touch this device. An answer has that source as its destination, as `reply`
makes it, and goes up with the context of the request, by which its sender may know it.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from bridges.hive.frames import HiveMessage, bus_message, hive_json, hive_message
from bridges.once import Once
from bus.contract import ours as topics
from bus.contract.patterns import MAX_PATTERNS, Patterns
from bus.errors import FrameError
from bus.message import Message, clip, is_local

PREFIX = "hivemind:"
"""Beginning of `context.source` of all messages that come from the hub."""

SOURCE = "mycroft_hive"
"""`context.source` of the messages of the bridge itself."""

SEND_UPSTREAM = "hive.send.upstream"
"""Type of a request to send a HiveMessage to the hub; HiveMind's own name for it."""

QUERY_TIMEOUT, QUERY_COMPLETE = "hive.query.timeout", "hive.query.complete"
DENIED = "hive.policy.denied"

MAX_REQUESTS = 256
"""Requests of the hub whose answers are known as such; the oldest is forgotten first."""

MAX_CONTEXT = 4096
"""Maximum size in bytes of a request's context or a query's way; a session of OVOS has less than a thousand."""

_TRAVELLING = ("broadcast", "propagate", "query", "cascade")
"""Types whose payload is another HiveMessage; `escalate` only goes up."""

_SENT_UP = ("bus", "escalate", "propagate", "query", "cascade")

_TYPE = re.compile(r"[A-Za-z0-9.:_-]{1,200}")

_OURS = {"admin", "bus", "enclosure"}

_NAMES: Mapping[str, tuple[str, ...]] = {name: topic.names for topic in topics.OURS for name in topic.names}
_REPORTS = frozenset(
    name for topic in topics.OURS if {*topic.emitted_by.split(", ")} <= _OURS for name in topic.names
)
"""Types of reports that this device alone makes."""

_LOGGER = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Rights:
    """The messages that the owner lets pass."""

    up: tuple[str, ...]
    """Patterns of the types that the hub receives."""
    down: tuple[str, ...]
    """Patterns of the types that the hub may send."""
    site: str | None = None
    obey_satellites: bool = False
    share_bus: bool = False


def refusal(msg_type: str) -> str | None:
    """Why no hub may send this type, whatever the owner allows; None: it may."""
    if not _TYPE.fullmatch(msg_type):
        return "a type has up to 200 letters, digits and .:_- only"
    if msg_type.startswith("bus.") or msg_type == topics.CONNECTED.name:
        return "only the bus itself says this"
    if msg_type in topics.WITH_SENDER or msg_type.startswith(topics.BEGINNINGS_WITH_SENDER):
        return "it is for the admin service, which no hub may ask"
    if msg_type.startswith("hive.") and msg_type != QUERY_TIMEOUT:
        return "it would be taken for one of this bridge"
    if msg_type in _REPORTS:
        return "only the device itself reports this"
    return None


class _Query(NamedTuple):
    """A request that is to be answered with HiveMessages of its own type."""

    kind: str
    more: dict[str, msgspec.Raw]
    """Metadata and route of the answers, as JSON."""


class _Request(NamedTuple):
    """A message of the hub that was sent to the bus."""

    msg_type: str
    context: msgspec.Raw
    """Context of the answer."""
    query: _Query | None


class Relay:
    """The hub's open requests; `down` maps HiveMessages to messages of the bus, `up` the other way round."""

    def __init__(self, rights: Rights, session_id: str) -> None:
        """Raises PayloadError for an invalid pattern."""
        self._rights = rights
        self._up_types, self._down_types = Patterns(rights.up), Patterns(rights.down)
        self._session = {"session": {"session_id": session_id}}
        """Context of messages that are no answers."""
        self._requests: OrderedDict[str, _Request] = OrderedDict()
        self._count = 0
        self._once = Once(_LOGGER)

    # From the hub to the bus.

    def down(self, raw: bytes) -> Message | None:
        """The message of the bus for a HiveMessage; None: there is none. Raises FrameError."""
        outer = hive_message(raw)
        if outer.msg_type == "bus":
            return self._accept(outer)
        if outer.msg_type not in _TRAVELLING:
            self._once.warn(outer.msg_type, "HiveMessages of the type %s are not handled")
            return None
        inner = hive_message(outer.payload)
        if inner.msg_type != "bus":
            self._once.warn(f"{outer.msg_type} {inner.msg_type}", "HiveMessages of the type %s are not handled")
            return None
        is_for_room = outer.msg_type in ("broadcast", "propagate")
        if is_for_room and (self._rights.site is None or outer.target_site_id != self._rights.site):
            return None
        if outer.msg_type in ("propagate", "cascade") and not self._rights.obey_satellites:
            self._once.warn(outer.msg_type, "a %s of another satellite is not obeyed: see hive.obey_satellites")
            return None
        return self._accept(inner, outer if outer.msg_type in ("query", "cascade") else None)

    def _accept(self, envelope: HiveMessage, query: HiveMessage | None = None) -> Message | None:
        message = bus_message(envelope.payload)
        msg_type = message.msg_type
        if msg_type == DENIED:
            self._on_denied(message)
            return None
        if message.context.get("_namespace_compat_twin") or msg_type == QUERY_COMPLETE:
            return None
        if reason := refusal(msg_type):
            self._once.warn(msg_type, "the hub may not send %s: %s", reason)
            return None
        if not _matches(self._down_types, msg_type):
            self._once.warn(msg_type, "the hub may not send %s: hive.down of mycroft.conf does not have it")
            return None
        if msg_type == topics.MOUTH_DISPLAY_IMAGE.name and message.data.get("img_path") is not None:
            self._once.warn(msg_type, "%s of the hub is dropped: it names a file, and that is on another machine")
            return None
        self._count += 1
        marker = f"{PREFIX}{self._count}"
        context = _encode(message.context or self._session)
        if len(context) > MAX_CONTEXT:
            context = _encode(self._session)
        self._requests[marker] = _Request(msg_type, msgspec.Raw(context), _query(query))
        if len(self._requests) > MAX_REQUESTS:
            self._requests.popitem(last=False)
        return Message(msg_type, message.data, {"source": marker})

    def _on_denied(self, message: Message) -> None:
        denied, reason = (str(message.data.get(key)) for key in ("denied_type", "reason"))
        self._once.warn(denied, "the hub denies %s: %s; on it: hivemind-core allow-msg %s ID", reason, denied)

    # From the bus to the hub.

    @property
    def patterns(self) -> list[str]:
        """The subscription to all messages that may go up; empty for all messages."""
        if self._rights.share_bus or _matches(self._down_types, topics.UTTERANCE.name):
            return []  # any type may answer an utterance
        answers = {f"{row}.{end}" for row in self._rights.down if "*" not in row for end in ("response", "failed")}
        answers |= {
            answer
            for topic in topics.OURS
            for name in topic.names
            if self._down_types.match(name)
            for answer in (*topic.replies, f"{name}.failed")
            if not self._down_types.match(answer)
        }
        patterns = [*self._rights.up, *self._rights.down, *sorted(answers), SEND_UPSTREAM]
        return patterns if len(patterns) <= MAX_PATTERNS else []

    def up(self, message: Message) -> list[bytes]:
        """The HiveMessages that a message on the bus makes."""
        source = message.context.get("source")
        if isinstance(source, str) and source.startswith(PREFIX):
            request = self._requests.get(source)
            if request is None or request.msg_type == message.msg_type:
                return []  # it came from the hub
        sent = [*self._up(message)]
        if self._rights.share_bus and not message.msg_type.startswith("bus."):
            sent.append(hive_json("shared_bus", _payload(message, message.context)))
        return sent

    def _up(self, message: Message) -> Iterator[bytes]:
        if message.msg_type == SEND_UPSTREAM:
            yield from self._routed(message)
            return
        answered = [self._requests[marker] for marker in _destinations(message) if marker in self._requests]
        for request in answered:
            yield from _answer(request, message)
        if answered or message.context.get("_namespace_compat_twin") or not is_local(message):
            return
        is_answer = message.msg_type.endswith(".response") and message.context.get("destination") not in (
            None,
            SOURCE,
        )
        if _matches(self._up_types, message.msg_type) and not is_answer:
            yield hive_json("bus", self._own(message))

    def _routed(self, message: Message) -> Iterator[bytes]:
        """The HiveMessage of a program on the bus, to hubs further up or to all."""
        kind, payload, site = (message.data.get(key) for key in ("msg_type", "payload", "site_id"))
        try:
            if kind not in _SENT_UP or not isinstance(site, str | None):
                raise FrameError(f"msg_type is none of {', '.join(_SENT_UP)}, or site_id is no text")
            inner = _inner_bus_message(payload if kind != "bus" else {"msg_type": "bus", "payload": payload})
        except FrameError as error:
            _LOGGER.warning("%s is not sent: %s", SEND_UPSTREAM, clip(str(error)))
            return
        if not _matches(self._up_types, inner.msg_type):
            self._once.warn(inner.msg_type, "%s is not sent to the hub: hive.up of mycroft.conf does not have it")
        elif kind == "bus":
            yield hive_json("bus", self._own(inner))
        else:
            wrapped = {"msg_type": "bus", "payload": self._own(inner)}
            yield hive_json(str(kind), wrapped, target_site_id=site)

    def _own(self, message: Message) -> dict[str, Any]:
        return _payload(message, self._session)


def allowed_types(rights: Rights) -> list[str]:
    """The types that the hub has to let this device send: those that go up, and the answers to what it may ask.

    Of a pattern with a *, those that the contract has.
    """
    up, down = Patterns(rights.up), Patterns(rights.down)
    sent = {name for row in rights.up if "*" not in row for name in _NAMES.get(row, (row,))}
    for topic in topics.OURS:
        if _matches(up, topic.name):
            sent.update(topic.names)
        if _matches(down, topic.name) and refusal(topic.name) is None:
            sent.update(topic.replies)
    return sorted(sent)


def _matches(patterns: Patterns, msg_type: str) -> bool:
    """Whether a type matches, by either of its names."""
    return any(map(patterns.match, _NAMES.get(msg_type, (msg_type,))))


def _answer(request: _Request, message: Message) -> Iterator[bytes]:
    payload = _payload(message, request.context)
    query = request.query
    if query is None:
        yield hive_json("bus", payload)
        return
    yield _query_answer(query, payload)
    ends = (f"{request.msg_type}.response", f"{request.msg_type}.failed", topics.UTTERANCE_HANDLED.name)
    if message.msg_type in ends:
        yield _query_answer(query, {"type": QUERY_COMPLETE, "data": {}, "context": {}})


def _query_answer(query: _Query, payload: dict[str, Any]) -> bytes:
    return hive_json(query.kind, {"msg_type": "bus", "payload": payload}, **query.more)


def _query(outer: HiveMessage | None) -> _Query | None:
    """The parts of a QUERY or CASCADE that its answer needs; None for an answer. Raises FrameError."""
    metadata = (outer and outer.metadata) or {}
    if outer is None or metadata.get("is_response"):
        return None
    kept = {key: metadata.get(key) for key in ("query_id", "originator_peer")}
    more = {"metadata": _encode({**kept, "is_response": True}), "route": _encode(outer.route or [])}
    if sum(map(len, more.values())) > MAX_CONTEXT:
        raise FrameError(f"a {outer.msg_type} whose way has more than {MAX_CONTEXT} bytes")
    return _Query(outer.msg_type, {name: msgspec.Raw(value) for name, value in more.items()})


def _inner_bus_message(payload: object) -> Message:
    """The message of the bus in a HiveMessage that a program has put together. Raises FrameError."""
    match payload:
        case {"msg_type": "bus", "payload": {"type": str(msg_type), **rest}} if msg_type:
            data = rest.get("data") or {}
            if isinstance(data, dict):
                return Message(msg_type, data)
    raise FrameError("payload is not a HiveMessage of the type bus, with a message of the bus in it")


def _payload(message: Message, context: Mapping[str, Any] | msgspec.Raw) -> dict[str, Any]:
    return {"type": message.msg_type, "data": message.data, "context": context}


def _destinations(message: Message) -> list[str]:
    match message.context.get("destination"):
        case str(one):
            return [one]
        case [*several]:
            return [one for one in several if isinstance(one, str)]
        case _:
            return []
