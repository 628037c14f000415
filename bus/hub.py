"""Who is on the bus, and who gets what. Knows peers and bytes; no sockets, no event loop, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bus.errors import FrameError
from bus.message import Message, check

GREETING = Message("connected", {}, {"session": {"session_id": "default"}}).serialize().encode()
"""What a new client hears first, and nobody else; OVOS clients take their session from it."""


class Peer(Protocol):
    """One client of the bus, however it is connected."""

    def deliver(self, payloads: Sequence[bytes]) -> None:
        """Queues messages for the client; must not wait and must not raise."""


@dataclass(slots=True)
class Counters:
    """What has happened since the start."""

    received: int = 0
    rejected: int = 0


class Hub:
    """Relays every valid message to every peer, its sender included, in the order of arrival.

    `receive` collects, `flush` delivers: all that arrived in one turn of the event loop goes out to each peer
    at once, and every peer is handed the same sequence object, so that it needs to be framed only once.
    """

    def __init__(self) -> None:
        self.peers: set[Peer] = set()
        self.counters = Counters()
        self._arrived: list[bytes] = []

    def join(self, peer: Peer) -> None:
        """Greets a new peer, which from then on gets everything."""
        self.peers.add(peer)
        peer.deliver((GREETING,))

    def leave(self, peer: Peer) -> None:
        """Forgets a peer; does nothing when it has left already."""
        self.peers.discard(peer)

    def receive(self, sender: Peer, payload: bytes) -> str | None:
        """Takes one frame from a peer; returns the reason when it is refused, which only the sender hears."""
        try:
            check(payload)
        except FrameError as error:
            return self.reject(sender, str(error))
        self.counters.received += 1
        self._arrived.append(payload)
        return None

    def reject(self, sender: Peer, reason: str) -> str:
        """Tells a peer that its frame was not relayed; returns the reason."""
        self.counters.rejected += 1
        rejection = Message("bus.message.rejected", {"reason": reason})
        sender.deliver((rejection.serialize().encode(),))
        return reason

    def flush(self) -> None:
        """Delivers what has arrived since the last flush."""
        arrived, self._arrived = tuple(self._arrived), []
        if arrived:
            for peer in tuple(self.peers):
                peer.deliver(arrived)
