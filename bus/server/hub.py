"""Who is on the bus, and who gets what. Knows peers and bytes; no sockets, no event loop, no clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache, partial
from typing import Any, Protocol

from bus.contract import ours as topics
from bus.contract.topic import matcher
from bus.daemon.config import Role
from bus.errors import FrameError, PayloadError
from bus.message import Message, check, replace_context
from bus.server.policy import denial

GREETING = Message(topics.CONNECTED.name, {}, {"session": {"session_id": "default"}}).serialize().encode()
"""What a new client hears first, and nobody else; OVOS clients take their session from it."""

MAX_PATTERNS = 64
"""Of one subscription."""

MAX_PATTERN = 100
"""Characters of one."""

MAX_OWN_FRAME = 100_000
"""Bytes of a message to the bus itself, which copies its context into the answer."""

MAX_TYPE = 1000
"""Characters of a message type; the longest in the field has some 60."""


class Peer(Protocol):
    """One client of the bus, however it is connected."""

    role: Role

    def deliver(self, payloads: Sequence[bytes]) -> None:
        """Queues messages for the client; must not wait and must not raise."""

    def may_administer(self) -> bool:
        """Whether the client's user may have the machine changed; asked only when it matters."""

    def identify(self) -> Mapping[str, Any]:
        """The sender of a privileged message, as `bus.contract.ours.SENDER` says."""

    def describe(self) -> Mapping[str, Any]:
        """Who it is and how it does, for `bus.status`."""


@dataclass(slots=True)
class Counters:
    """What has happened since the start."""

    received: int = 0
    """Messages relayed."""
    rejected: int = 0
    """Frames that were no messages."""
    denied: int = 0
    """Messages whose sender may not send them."""
    refused: int = 0
    """Connections that were not let in."""
    malformed: int = 0
    """Clients dropped because what they sent was no HTTP or no WebSocket frame."""
    oversized: int = 0
    """Clients dropped because of a message, a header, or unfinished messages that were too large."""
    timed_out: int = 0
    """Handshakes that were never finished, and clients that fell silent."""
    slow: int = 0
    """Clients closed because they did not read."""
    throttled: int = 0
    """Times that a client was made to wait because it sent too fast."""


class Hub:
    """Relays every valid message to every peer, its sender included, in the order of arrival.

    `receive` collects, `flush` delivers: all that arrived in one turn of the event loop goes out to each peer
    at once. Peers without a subscription are handed the same sequence object, so that it is framed only once.
    `memory` tells what the process has, in bytes.
    """

    def __init__(self, memory: Callable[[], int]) -> None:
        self.counters = Counters()
        self._memory = memory
        self._peers: dict[Peer, Callable[[str], bool] | None] = {}
        self._arrived: list[bytes] = []
        self._types: list[str] = []
        self._snapshot: Mapping[str, Any] | None = None
        self._own = {topics.SUBSCRIBE.name: self._subscribe, topics.STATUS.name: self._status}

    def __len__(self) -> int:
        return len(self._peers)

    def join(self, peer: Peer) -> None:
        """Greets a new peer, which from then on gets everything."""
        self._peers[peer] = None
        peer.deliver((GREETING,))

    def leave(self, peer: Peer) -> None:
        """Forgets a peer; does nothing when it has left already."""
        self._peers.pop(peer, None)

    def receive(self, sender: Peer, payload: bytes) -> str | None:
        """Takes one frame from a peer; returns the reason when it is refused, which only the sender hears."""
        try:
            parsed = check(payload)
        except FrameError as error:
            return self.reject(sender, str(error))
        msg_type = parsed.get("type", "")  # encrypted: the bus cannot know
        if len(msg_type) > MAX_TYPE:
            return self.reject(sender, "type is too long")
        context = parsed.get("context") or {}
        if msg_type in self._own:
            if len(payload) > MAX_OWN_FRAME:
                return self.reject(sender, "too long for the bus itself")
            self._own[msg_type](sender, Message(msg_type, parsed.get("data") or {}, context))
            return None
        reason = denial(msg_type, sender.role, sender.may_administer)
        if reason is not None:
            self.counters.denied += 1
            self._tell(sender, Message(topics.DENIED.name, {"type": msg_type, "reason": reason}))
            return f"{msg_type}: {reason}"
        if msg_type in topics.PRIVILEGED:
            payload = replace_context(parsed, {**context, topics.SENDER: sender.identify()})
        elif topics.SENDER in context:  # such as the reply to a privileged message
            payload = replace_context(parsed, {key: context[key] for key in context if key != topics.SENDER})
        self.counters.received += 1
        self._arrived.append(payload)
        self._types.append(msg_type)
        return None

    def reject(self, sender: Peer, reason: str) -> str:
        """Tells a peer that its frame was not relayed; returns the reason."""
        self.counters.rejected += 1
        self._tell(sender, Message(topics.REJECTED.name, {"reason": reason}))
        return reason

    def flush(self) -> None:
        """Delivers what has arrived since the last flush."""
        self._snapshot = None
        arrived, self._arrived = tuple(self._arrived), []
        types, self._types = self._types, []
        if not arrived:
            return
        for peer, wants in tuple(self._peers.items()):
            if wants is None:
                peer.deliver(arrived)
            else:
                chosen = [payload for payload, msg_type in zip(arrived, types, strict=True) if wants(msg_type)]
                if chosen:
                    peer.deliver(chosen)

    def _tell(self, peer: Peer, message: Message) -> None:
        peer.deliver((message.serialize().encode(),))

    def _subscribe(self, peer: Peer, message: Message) -> None:
        """From now on the peer gets what matches its patterns, and what is for it alone."""
        try:
            patterns = topics.SUBSCRIBE.read(message.data)["patterns"]
            if len(patterns) > MAX_PATTERNS or not all(map(_is_pattern, patterns)):
                raise PayloadError(
                    f"patterns are not texts of up to {MAX_PATTERN} characters, {MAX_PATTERNS} at most"
                )
        except PayloadError as error:
            self._tell(peer, message.reply(f"{message.msg_type}.failed", {"error": str(error)}))
            return
        self._peers[peer] = _wanted(patterns)
        self._tell(peer, message.response({"patterns": patterns}))

    def _status(self, peer: Peer, message: Message) -> None:
        self._snapshot = self._snapshot or {  # once for all who ask in one turn of the loop
            "clients": [dict(client.describe()) for client in self._peers],
            "counters": asdict(self.counters),
            "memory": self._memory(),
        }
        self._tell(peer, message.response(dict(self._snapshot)))


def _wanted(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a type matches one of the patterns; they are compiled when the first one comes."""

    match = cache(partial(matcher, patterns))
    return lru_cache(MAX_PATTERNS)(lambda msg_type: match()(msg_type) is not None)


def _is_pattern(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_PATTERN
