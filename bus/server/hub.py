"""Which message goes to which client. Knows peers and bytes; no sockets, no event loop, no clock."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, Protocol
from weakref import WeakValueDictionary

import msgspec

from bus.contract import ours as topics
from bus.contract.patterns import Patterns
from bus.daemon.config import Role
from bus.errors import FrameError, PayloadError
from bus.message import Message, check, replace_context
from bus.server.frames import text_frame, text_head
from bus.server.large import IN_STEPS, check_in_steps
from bus.server.limits import Counters
from bus.server.policy import denial
from bus.version import VERSION

GREETING = Message(topics.CONNECTED.name, {}, {"session": {"session_id": "default"}}).serialize().encode()
"""The first message that a new client receives, and no other client; OVOS clients take their session from it."""

MAX_WITH_SENDER = 100_000
"""Maximum bytes of a message that the bus writes again, with its sender; and of one to the bus itself, whose
answer copies the context."""

MAX_TYPE = 1000
"""Maximum characters of a message type; the longest in the field has some 60."""

LARGE = 64 * 1024
"""Bytes from which on a frame is not copied to be written together with others."""


class Peer(Protocol):
    """One client of the bus, however it is connected."""

    role: Role

    def deliver(self, pieces: Sequence[bytes | bytearray]) -> None:
        """Queues WebSocket frames for the client; must not wait and must not raise."""

    def may_administer(self) -> bool:
        """Whether the client's user may have the machine changed; asked for privileged messages only."""

    def may_receive_passwords(self) -> bool:
        """Whether confidential messages may be delivered to the client; asked for those only."""

    def identify(self) -> Mapping[str, Any]:
        """The sender, as the bus names it in the context of a message; see `bus.contract.ours.SENDER`."""

    def describe(self) -> Mapping[str, Any]:
        """The client and its state, for `bus.status`."""


class Subscription:
    """The types that a client receives; clients with the same patterns share one subscription."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises PayloadError."""
        compiled = Patterns(patterns)
        self.names = compiled.name
        self._wants = lru_cache(32)(compiled.match)

    def choose(self, types: Sequence[str]) -> tuple[int, ...]:
        """The positions in `types` of those that match a pattern."""
        return tuple(number for number, msg_type in enumerate(types) if self._wants(msg_type))


EVERYTHING = Subscription(["*"])
"""The subscription of a client that has not sent `bus.subscribe`."""


class Hub:
    """Relays every valid message to every peer, its sender included, in the order of arrival.

    Confidential messages go to the admin service alone.

    `receive` collects, `flush` delivers: all that arrived in one turn of the event loop goes out to each peer at
    once. `wake` is called when there is something to flush. `memory` gives the bytes of memory of this process.
    With `text_data`, messages whose data is a text are relayed, too.
    """

    def __init__(
        self, counters: Counters, wake: Callable[[], object], memory: Callable[[], int], *, text_data: bool = False
    ) -> None:
        self.counters = counters
        self._wake = wake
        self._memory = memory
        self._text_data = text_data
        self._peers: dict[Peer, Subscription] = {}
        self._subscriptions: WeakValueDictionary[tuple[str, ...], Subscription] = WeakValueDictionary()
        self._arrived: list[bytes | bytearray] = []
        self._types: list[str] = []
        self._described: msgspec.Raw | None = None
        self._own = {topics.SUBSCRIBE.name: self._subscribe, topics.STATUS.name: self._status}
        self._awake = False

    def __len__(self) -> int:
        return len(self._peers)

    def join(self, peer: Peer) -> None:
        """Greets a new peer, which from then on receives everything."""
        self._peers[peer] = EVERYTHING
        peer.deliver((text_frame(GREETING),))

    def leave(self, peer: Peer) -> None:
        """Forgets a peer; does nothing when it has left already."""
        self._peers.pop(peer, None)

    def receive(self, sender: Peer, payload: bytes | bytearray) -> str | None:
        """Accepts one frame from a peer; returns the reason when it is not relayed, which the sender receives."""
        try:
            parsed = check(payload, text_data=self._text_data)
        except FrameError as error:
            return self.reject(sender, str(error))
        return self._accept(sender, payload, parsed)

    def receive_in_steps(self, sender: Peer, payload: bytes | bytearray) -> Generator[None, None, str | None]:
        """As `receive`, for a large frame."""
        try:
            parsed = yield from check_in_steps(payload, text_data=self._text_data)
        except FrameError as error:
            return self.reject(sender, str(error))
        if topics.SENDER in (parsed.get("context") or {}):
            return self.reject(sender, f"more than {IN_STEPS} bytes, too long with {topics.SENDER} in its context")
        return self._accept(sender, payload, parsed)

    def _accept(self, sender: Peer, payload: bytes | bytearray, parsed: dict[str, Any]) -> str | None:
        """Relays a frame that is valid, or answers it."""
        msg_type = parsed.get("type", "")  # encrypted: the bus cannot know
        if len(msg_type) > MAX_TYPE:
            return self.reject(sender, "type is too long")
        gets_sender = msg_type in topics.WITH_SENDER or msg_type.startswith(topics.BEGINNINGS_WITH_SENDER)
        if len(payload) > MAX_WITH_SENDER and gets_sender:
            return self.reject(sender, f"more than {MAX_WITH_SENDER} bytes, too long for this type")
        context = parsed.get("context") or {}
        if msg_type in self._own:
            self._wake_up()
            return self._answer(sender, payload, parsed)
        reason = denial(msg_type, sender.role, sender.may_administer)
        if reason is not None:
            return self._deny(sender, msg_type, reason)
        if msg_type in topics.PRIVILEGED and isinstance(parsed.get("data"), str):
            return self.reject(sender, "data is a text")
        if gets_sender:
            payload = replace_context(parsed, {**context, topics.SENDER: sender.identify()})
        elif topics.SENDER in context:  # such as the reply to a privileged message
            payload = replace_context(parsed, {key: context[key] for key in context if key != topics.SENDER})
        self.counters.received += 1
        if msg_type in topics.CONFIDENTIAL:
            return self._deliver_confidential(sender, payload, msg_type)
        self._arrived.append(payload)
        self._types.append(msg_type)
        self._wake_up()
        return None

    def reject(self, sender: Peer, reason: str) -> str:
        """Answers a frame that is not relayed; returns the reason."""
        self.counters.rejected += 1
        _tell(sender, Message(topics.REJECTED.name, {"reason": reason}))
        return reason

    def flush(self) -> None:
        """Delivers what has arrived since the last flush."""
        self._awake = False
        self._described = None
        frames, self._arrived = [_pieces(payload) for payload in self._arrived], []
        types, self._types = self._types, []
        if not frames:
            return
        selected: dict[Subscription, Sequence[bytes | bytearray]] = {}
        joined: dict[tuple[int, ...], Sequence[bytes | bytearray]] = {}
        for peer, subscription in tuple(self._peers.items()):
            pieces = selected.get(subscription)
            if pieces is None:
                chosen = subscription.choose(types)
                pieces = joined.get(chosen)
                if pieces is None:
                    pieces = joined[chosen] = _join([*chain.from_iterable(frames[number] for number in chosen)])
                selected[subscription] = pieces
            if pieces:
                peer.deliver(pieces)

    def _deliver_confidential(self, sender: Peer, payload: bytes, msg_type: str) -> str | None:
        """Delivers a message to the admin service alone, after what has arrived before it.

        Root may be the admin service of a developer. Another program of root, such as a recorder for a bug report,
        subscribes to no confidential type by its name.
        """
        self.flush()
        pieces = (text_frame(payload),)
        receivers = [
            peer
            for peer, subscription in self._peers.items()
            if subscription.names(msg_type) and peer.may_receive_passwords()
        ]
        for peer in receivers:
            peer.deliver(pieces)
        if receivers:
            return None
        return self._deny(sender, msg_type, "only the admin service receives this, and it is not connected")

    def _deny(self, sender: Peer, msg_type: str, reason: str) -> str:
        """Answers a message that its sender may not send; returns the reason, with the type."""
        self.counters.denied += 1
        _tell(sender, Message(topics.DENIED.name, {"type": msg_type, "reason": reason}))
        return f"{msg_type}: {reason}"

    def _wake_up(self) -> None:
        if not self._awake:
            self._awake = True
            self._wake()

    def _answer(self, peer: Peer, payload: bytes | bytearray, parsed: Mapping[str, Any]) -> str | None:
        """Answers a message to the bus itself."""
        if len(payload) > MAX_WITH_SENDER:
            return self.reject(peer, "too long for the bus itself")
        data = parsed.get("data") or {}
        if isinstance(data, str):
            return self.reject(peer, "data is a text")
        message = Message(parsed["type"], data, parsed.get("context") or {})
        self._own[message.msg_type](peer, message)
        return None

    def _subscribe(self, peer: Peer, message: Message) -> None:
        """From now on the peer receives what matches its patterns, and what is for it alone."""
        try:
            patterns = topics.SUBSCRIBE.read(message.data)["patterns"]
            subscription = Subscription(patterns)
        except PayloadError as error:
            _tell(peer, message.reply(f"{message.msg_type}.failed", {"error": str(error)}))
            return
        # One object for equal subscriptions: what they receive is chosen and joined once.
        self._peers[peer] = self._subscriptions.setdefault(tuple(patterns), subscription)
        _tell(peer, message.response({"patterns": patterns}))

    def _status(self, peer: Peer, message: Message) -> None:
        """An observer, which may be another machine, is shown no other client."""
        if peer.role is Role.OBSERVE:
            clients = _as_json([peer])
        else:
            # Once for all clients that ask in one turn of the loop.
            self._described = self._described or _as_json(self._peers)
            clients = self._described
        data = {"version": VERSION, "clients": clients, "counters": self.counters, "memory": self._memory()}
        _tell(peer, message.response(data))


def _as_json(peers: Iterable[Peer]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode([dict(peer.describe()) for peer in peers]))


def _pieces(payload: bytes | bytearray) -> Sequence[bytes | bytearray]:
    """The frame with this payload; a large payload is not copied."""
    if len(payload) <= LARGE:
        return (text_frame(payload),)
    return text_head(len(payload)), payload


def _join(frames: Sequence[bytes | bytearray]) -> Sequence[bytes | bytearray]:
    """The frames in few pieces, to be written at once; large ones stay what they are."""
    if not frames:
        return ()
    if max(map(len, frames)) <= LARGE:
        return (b"".join(frames),)
    groups = ((large, list(group)) for large, group in groupby(frames, lambda frame: len(frame) > LARGE))
    return [piece for large, group in groups for piece in (group if large else [b"".join(group)])]


def _tell(peer: Peer, message: Message) -> None:
    peer.deliver((text_frame(message.serialize().encode()),))
