"""The account of messages that the bus has not relayed yet. Pure.

The bus relays each message to its sender, too, and in order: until the echo comes, a message may get lost with the
connection.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from bus.contract.ours import CONFIDENTIAL, SENDER, SUBSCRIBE
from bus.contract.patterns import Patterns
from bus.message import Message

LIMIT = 1000
"""Messages that are kept account of. The echo usually comes within a millisecond."""

NAMED_TYPES = 10
"""Types that the summary of a lost connection names."""


class Unconfirmed:
    """What was written to one connection after the other, without its echo yet.

    Types that the client does not receive have no echo, and no place in the account; nor have confidential types
    and what the bus answers itself.
    """

    def __init__(self) -> None:
        self._sent: deque[tuple[int, str]] = deque(maxlen=LIMIT)
        self._has_echo = Patterns(()).match

    def connected(self, patterns: Sequence[str]) -> None:
        """A new connection is open, which receives these types; all types without patterns."""
        self._has_echo = Patterns(patterns or ("*",)).match

    def sent(self, frame: str, msg_type: str) -> None:
        """A frame is about to be written to the connection."""
        if msg_type == SUBSCRIBE.name:  # from here on it is not known what the client receives
            self._has_echo = Patterns(()).match
            self._sent.clear()
        if self._has_echo(msg_type) and not msg_type.startswith("bus.") and msg_type not in CONFIDENTIAL:
            self._sent.append((hash(frame), msg_type))

    def not_sent(self, frame: str, msg_type: str) -> None:
        """A frame was not written after all."""
        if (entry := (hash(frame), msg_type)) in self._sent:
            self._sent.remove(entry)

    def received(self, frame: str, message: Message) -> None:
        """A frame has come from the bus; if it is an echo, all that was sent before it has arrived as well."""
        if self._sent and (entry := (hash(as_sent(frame, message)), message.msg_type)) in self._sent:
            while self._sent.popleft() != entry:
                pass

    def disconnected(self) -> str:
        """What the end of the connection may have cost, in words; empty if nothing."""
        types = Counter(msg_type for _, msg_type in self._sent)
        self._sent.clear()
        named = ", ".join(f"{count} {msg_type}" for msg_type, count in types.most_common(NAMED_TYPES))
        return f"; these may not have arrived: {named}" if named else ""


def as_sent(frame: str, message: Message) -> str:
    """The frame as it was sent: without the sender that our bus adds to privileged messages."""
    if SENDER not in message.context:
        return frame
    context = {key: value for key, value in message.context.items() if key != SENDER}
    return replace(message, context=context).serialize()
