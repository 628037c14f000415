"""What clients may use: rates, places, bytes, lines in the log. Pure: amounts and times in, verdicts out."""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.daemon.token_bucket import TokenBucket

MB = 2**20

PATIENCE_S = 1.0
"""How long a client that takes nothing of what is queued for it still slows senders down."""

SLOWED_RATE = 64 * 1024
"""Bytes per second that each client may send while senders are slowed down; other clients hardly notice."""

SLOWED_FROM = MB
"""Bytes that wait for a client from which on senders are slowed down: thousands of messages, for which a daemon
needs a second or more, and answers no other client meanwhile."""

SLOWED_BURST = 256 * 1024
"""Bytes that a client may send before it is slowed down."""

LINES_PER_PARTY = 20
"""Log lines about the clients of one user or machine at a time; later there is one for each LINE_S."""

LINE_S = 10.0

MAX_LINES = 200
"""Log lines about all clients at a time; later there is one each second."""

MAX_PARTIES = 1000
"""Users and machines that the log quota tells apart."""


@dataclass(slots=True)
class Counters:
    """What has happened since the start."""

    received: int = 0
    """Messages relayed."""
    rejected: int = 0
    """Invalid frames."""
    denied: int = 0
    """Messages that their sender may not send."""
    refused: int = 0
    """Connections refused."""
    malformed: int = 0
    """Clients dropped because they sent invalid HTTP, TLS, or WebSocket frames."""
    oversized: int = 0
    """Clients dropped because of a message, a header, or unfinished messages that were too large."""
    timed_out: int = 0
    """Handshakes that were never finished, and clients that fell silent."""
    slow: int = 0
    """Clients closed because they did not read."""
    throttled: int = 0
    """Times that a client had to wait because it sent too fast."""
    evicted: int = 0
    """Connections dropped because their user or machine had the most."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose connection it is: a user of this machine, or another machine."""

    uid: int | None
    """None: another machine, or not known."""
    address: str = ""
    trusted: bool = False
    """Whether it is root or a service of this project, for which places are kept."""


class LogQuota:
    """Which log lines about clients are written: a number for each party, and a number in all."""

    def __init__(self) -> None:
        self._all = TokenBucket(1.0, MAX_LINES)
        self._parties: dict[Party, TokenBucket] = {}
        self._left_out = 0

    def left_out(self, party: Party, now: float) -> int | None:
        """The number of lines left out since the last one that was written; None: leave out this one, too."""
        bucket = self._parties.pop(party, None) or TokenBucket(1 / LINE_S, LINES_PER_PARTY)
        if len(self._parties) >= MAX_PARTIES:
            del self._parties[next(iter(self._parties))]
        self._parties[party] = bucket  # the last one, so that the first has been silent for the longest time
        if not (bucket.has(1, now) and self._all.has(1, now)):
            self._left_out += 1
            return None
        bucket.take(1, now)
        self._all.take(1, now)
        left_out, self._left_out = self._left_out, 0
        return left_out


H = TypeVar("H", bound=Hashable)
"""What holds a part of a budget: a connection."""


class Budget(Generic[H]):
    """An amount that all holders share. When it is exceeded, the party that has most loses its largest holder.

    `kept` is an amount besides, for trusted parties alone. Of holders with the same amount the oldest goes. With
    `first`, another budget, the oldest goes that also holds of that; where there is none, the newest.
    """

    def __init__(self, limit: int, kept: int = 0, *, first: "Budget[H] | None" = None) -> None:
        self.total = 0
        self._limit = limit
        self._kept = kept
        self._first = first
        self._held: dict[Party, dict[H, int]] = {}
        self._totals: dict[Party, int] = {}
        self._ordinary = 0

    def hold(self, party: Party, holder: H, amount: int) -> None:
        """Sets what a holder has; 0 forgets it."""
        held = self._held.setdefault(party, {})
        change = amount - held.get(holder, 0)
        self.total += change
        if not party.trusted:
            self._ordinary += change
        self._totals[party] = self._totals.get(party, 0) + change
        if amount:
            held[holder] = amount
        else:
            held.pop(holder, None)
            if not held:
                del self._held[party], self._totals[party]

    def excess(self) -> H | None:
        """The holder that has to go; None while the budget is not exceeded."""
        if self._ordinary > self._limit:
            return self.first_to_go(ordinary_only=True)
        if self.total > self._limit + self._kept:
            return self.first_to_go()
        return None

    def first_to_go(self, *, ordinary_only: bool = False) -> H:
        """The holder with most of the party with most."""
        parties = [party for party in self._totals if not (ordinary_only and party.trusted)]
        first = self._first
        if first is None:
            held = self._held[max(parties, key=self._totals.__getitem__)]
            return max(held, key=held.__getitem__)
        # One machine has many addresses, with one connection each: then those of `first` go.
        party = max(parties, key=lambda party: (self._totals[party], bool(first.holders(party))))
        held = self._held[party]
        return next((holder for holder in first.holders(party) if holder in held), next(reversed(held)))

    def holders(self, party: Party) -> Iterable[H]:
        """Those of a party, the oldest first."""
        return self._held.get(party, ())


class Backlog:
    """Bytes that wait for clients. A piece that waits for many is in memory once, and counts once."""

    def __init__(self, limit: int, mark: int) -> None:
        self.total = 0
        self.mark = mark
        """Bytes from which on a queue has to move."""
        self.long: set[Outbox] = set()
        """Queues for which senders are slowed down."""
        self._limit = limit
        self._waiting: dict[int, int] = {}
        """For how many clients each piece waits, by its id."""

    @property
    def is_full(self) -> bool:
        """Whether a client has to lose its queue."""
        return self.total > self._limit

    def is_congested(self, now: float, own: "Outbox") -> bool:
        """Whether a sender has to slow down: for another client that reads, but not as fast, or at half the limit.

        What waits for the sender itself does not count: to work it off, it may have to answer each message.
        """
        return self.total * 2 > self._limit or any(outbox.moves(now) for outbox in self.long if outbox is not own)

    def add(self, size: int) -> None:
        """Counts bytes that a socket has not taken yet, or with a negative number has taken."""
        self.total += size

    def hold(self, piece: bytes | bytearray) -> None:
        """Counts a piece for one more client, which keeps it."""
        waiting = self._waiting.get(id(piece), 0)
        if not waiting:
            self.total += len(piece)
        self._waiting[id(piece)] = waiting + 1

    def release(self, piece: bytes | bytearray) -> None:
        """Counts a piece for one client less."""
        waiting = self._waiting[id(piece)] - 1
        if waiting:
            self._waiting[id(piece)] = waiting
        else:
            del self._waiting[id(piece)]
            self.total -= len(piece)


class Outbox:
    """What waits for one client, in order, and when it last took some of it."""

    def __init__(self, backlog: Backlog) -> None:
        self.size = 0
        self.taken_at = 0.0
        self._backlog = backlog
        self._pieces: deque[bytes | bytearray] = deque()
        self._offset = 0

    def put(self, piece: bytes | bytearray, now: float) -> None:
        """Queues a piece."""
        if not self.size:
            self.taken_at = now
        self._backlog.hold(piece)
        self._pieces.append(piece)
        self._resize(len(piece))

    def take(self, most: int, now: float) -> bytes:
        """The next bytes, at most that many."""
        parts = []
        missing = most
        while missing and self._pieces:
            piece = self._pieces[0]
            part = memoryview(piece)[self._offset : self._offset + missing]
            parts.append(part)
            missing -= len(part)
            self._offset += len(part)
            if self._offset == len(piece):
                self._backlog.release(self._pieces.popleft())
                self._offset = 0
        taken = b"".join(parts)
        self.taken_at = now
        self._resize(-len(taken))
        return taken

    def clear(self) -> None:
        """Forgets everything."""
        while self._pieces:
            self._backlog.release(self._pieces.popleft())
        self._offset = 0
        self._resize(-self.size)

    def moves(self, now: float) -> bool:
        """Whether the client takes what it is sent."""
        return now - self.taken_at < PATIENCE_S

    def _resize(self, change: int) -> None:
        self.size += change
        if self.size > min(SLOWED_FROM, self._backlog.mark):
            self._backlog.long.add(self)
        else:
            self._backlog.long.discard(self)


class Limits(Generic[H]):
    """What all connections of a bus share."""

    def __init__(self, websocket: WebSocketSettings, settings: BusSettings) -> None:
        message = (websocket.max_msg_size + 1) * MB  # and what else is under way
        mark = settings.max_queue * MB
        self.counters = Counters()
        self.log = LogQuota()
        self.handshakes: Budget[H] = Budget(settings.max_handshakes)
        self.places: Budget[H] = Budget(settings.max_clients, settings.kept_clients, first=self.handshakes)
        self.secure: Budget[H] = Budget(settings.max_secure, first=self.handshakes)
        self.unfinished: Budget[H] = Budget(max(settings.max_unfinished * MB, message))
        self.queued: Budget[H] = Budget(0)
        """What waits for each client; a piece that waits for many counts for each."""
        self.backlog = Backlog(max(settings.max_queued * MB, message + mark), mark)
