"""A message of the Mycroft bus, and the check that every frame passes before it is relayed. No I/O.

One WebSocket text frame is one JSON object ``{"type", "data", "context"}``. The rules of ``reply`` are those of
OVOS-MSG-1; where they differ from the older clients, ``tests/bus/test_message.py`` has the table.
"""

import copy
import math
import re
from dataclasses import dataclass, field
from itertools import accumulate
from types import NoneType
from typing import Any, Self

import msgspec

from bus.errors import FrameError

MAX_DEPTH = 200
"""Levels of nesting that a frame may have. Clients parse with a recursive decoder that gives up below 1000."""

MAX_VALUES = 500_000
"""Brackets and commas that a frame may have. Small on the wire, each is some 60 bytes once it is parsed."""

MAX_WIDE = 8_000_000
"""Bytes that a frame may have which is not plain ASCII. One emoji makes each character of its text four bytes."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_OBJECT = (dict, NoneType)

_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
"""Possessive: without, each escape of a long text costs 100 bytes of memory while it is matched."""

_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


class _Key:
    """A key of the object in a frame, equal to no other: a dict of them has each as often as it occurs."""

    __slots__ = ("name",)

    def __init__(self, _: type, name: str) -> None:
        self.name = name


# All of a frame, not only the keys that we need: msgspec does not check what it skips, and clients read all of it.
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_decode_all_keys = msgspec.json.Decoder(dict[_Key, Any], dec_hook=_Key).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Message:
    """One message: a type, its data, and the context it travels with (source, destination, session, ...)."""

    msg_type: str
    data: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.data or {}  # programs of the field also pass None
        self.context = self.context or {}

    def serialize(self) -> str:
        """The text frame, with all three keys. Raises TypeError, or ValueError for NaN, for what is no JSON."""
        frame = _encode({"type": self.msg_type, "data": self.data, "context": self.context}).decode()
        if "null" in frame and not (_all_finite(self.data) and _all_finite(self.context)):
            raise FrameError("NaN and Infinity are no JSON")  # msgspec has made them null
        return frame

    @classmethod
    def deserialize(cls, frame: str | bytes) -> Self:
        """The message in a text frame; absent or null data and context are empty.

        Raises FrameError for what `check` refuses, and for an encrypted frame.
        """
        parsed = check(frame)
        if "type" not in parsed:
            raise FrameError("frame is encrypted")
        return cls(parsed["type"], parsed.get("data") or {}, parsed.get("context") or {})

    def forward(self, msg_type: str, data: dict[str, Any] | None = None) -> "Message":
        """A message that goes on to the same destination: the context is kept."""
        return Message(msg_type, data or {}, copy.deepcopy(self.context))

    def reply(
        self, msg_type: str, data: dict[str, Any] | None = None, context: dict[str, Any] | None = None
    ) -> "Message":
        """A message back to the source: source and destination are swapped.

        `context` is laid over the own one before the swap. Of a list of destinations the first becomes the
        source. A missing half is filled with the other; empty identifiers count as missing.
        """
        swapped = {**copy.deepcopy(self.context), **(context or {})}
        source, destination = swapped.get("source") or None, swapped.get("destination") or None
        if source or destination:
            first = destination[0] if isinstance(destination, list) else destination
            swapped["source"] = first or source
            swapped["destination"] = source or destination
        return Message(msg_type, data or {}, swapped)

    def response(self, data: dict[str, Any] | None = None, context: dict[str, Any] | None = None) -> "Message":
        """The reply named ``<type>.response``, as clients wait for it."""
        return self.reply(f"{self.msg_type}.response", data, context)

    def publish(
        self, msg_type: str, data: dict[str, Any] | None = None, context: dict[str, Any] | None = None
    ) -> "Message":
        """A message to all clients: the context without its `target`."""
        context = {**copy.deepcopy(self.context), **(context or {})}
        context.pop("target", None)
        return Message(msg_type, data or {}, context)


def check(frame: str | bytes | bytearray, *, text_data: bool = False) -> dict[str, Any]:
    """The object in a frame, checked as strictly as the least tolerant client in the field needs it.

    Its type is a text that is not empty, or missing in an encrypted frame; its data and context are objects, null
    or missing. With `text_data`, data may also be a text. One frame that a client cannot parse makes it drop its
    connection for 5 s, so this refuses what any of them fails on. Raises FrameError with the reason.
    """
    raw = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    if len(raw) > MAX_VALUES and count_values(raw) > MAX_VALUES:
        raise FrameError(f"more than {MAX_VALUES} values")
    if len(raw) > MAX_WIDE and (not raw.isascii() or b"\\u" in raw):
        raise FrameError(f"not ASCII, and longer than {MAX_WIDE} bytes")
    try:
        parsed = _parse(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(f"not a message: {error}") from error
    if len(raw) > MAX_DEPTH and _nested_deeper_than(MAX_DEPTH, raw):
        raise FrameError(f"nested deeper than {MAX_DEPTH} levels")
    msg_type, data, context = parsed.get("type"), parsed.get("data"), parsed.get("context")
    if msg_type is None and all(isinstance(parsed.get(key), str) for key in ("ciphertext", "tag", "nonce")):
        parsed.pop("type", None)
    elif not isinstance(msg_type, str) or not msg_type:
        raise FrameError("type is not a text, or empty")
    if isinstance(data, str):
        if not text_data:
            raise FrameError("data is a text; bus.relay_text_data in mycroft.conf relays such messages")
        data = None
    if not isinstance(data, _OBJECT) or not isinstance(context, _OBJECT):
        raise FrameError("data or context is not an object")
    if context and "session" in context:
        _check_session(context["session"], context.get("lang") or (data or {}).get("lang"))
    return parsed


def _parse(frame: bytes | bytearray) -> dict[str, Any]:
    """The object in a frame. Raises FrameError where a key occurs twice: programs differ in which they read."""
    # A key object costs 0.3 us each, a search 0.3 ns per byte. No encoder writes letters as \u0061 to \u007a.
    if (
        len(frame) < 1000
        and frame.count(b'"type"') < 2
        and frame.count(b'"data"') < 2
        and frame.count(b'"context"') < 2
        and not (b"\\" in frame and (b"\\u006" in frame or b"\\u007" in frame))
    ):
        return _decode(frame)
    pairs = _decode_all_keys(frame)
    parsed = {key.name: value for key, value in pairs.items()}
    if len(parsed) < len(pairs):
        raise FrameError("a key occurs twice")
    return parsed


def count_values(frame: bytes | bytearray) -> int:
    """Brackets and commas of a frame, those in its texts included; it has one value more at most."""
    return sum(map(frame.count, (b"[", b"{", b",")))


def brackets(frame: bytes | bytearray) -> bytes | bytearray:
    """The brackets of valid JSON, or of a part of it, in order; without those in its texts."""
    return _TEXT.sub(b"", frame).translate(None, _NO_BRACKETS)


def replace_context(parsed: dict[str, Any], context: dict[str, Any]) -> bytes:
    """The frame of a checked object with another context."""
    return _encode({**parsed, "context": context})


def _check_session(session: object, other_lang: object) -> None:
    """Checks what ovos-bus-client 1.5 reads of the session of every message. Raises FrameError."""
    if not isinstance(session, dict):
        raise FrameError("context.session is not an object")
    lang = session.get("lang") or other_lang
    if lang and not isinstance(lang, str):
        raise FrameError("the lang of context.session is not a text")
    if session.get("session_id") and isinstance(session["session_id"], dict | list):
        raise FrameError("context.session.session_id is not a text")
    if "context" not in session:
        return
    inner = session["context"]
    if not isinstance(inner, dict):
        raise FrameError("context.session.context is not an object")
    stack = inner.get("frame_stack", [])
    if not isinstance(stack, list) or not all(map(_is_frame, stack)):
        raise FrameError("context.session.context.frame_stack is not a list of frames and times")


def _is_frame(pair: object) -> bool:
    match pair:
        case [dict() as frame, _]:
            return frame.keys() <= {"entities", "metadata"}
        case _:
            return False


def is_local(message: Message) -> bool:
    """Whether a message belongs to this device's own session, and not to a remote satellite's."""
    session: dict[str, Any] = message.context.get("session") or {}
    return bool(session.get("session_id", "default") == "default")


def render(message: Message) -> str:
    """A message on one line for a person: its type and its data."""
    return f"{printable(message.msg_type)} {render_data(message.data)}"


def render_data(data: dict[str, Any]) -> str:
    """Data on one line; it is still JSON."""
    return printable(_encode(data).decode())


def printable(text: str) -> str:
    """A text of a stranger for a terminal: what would end the line, turn it around or give orders is escaped."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def clip(text: str, limit: int = 200) -> str:
    """A text of at most `limit` characters, and how many it had if it had more."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _all_finite(value: object) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return all(map(_all_finite, value.values()))
        case list() | tuple():
            return all(map(_all_finite, value))
        case _:
            return True


def _nested_deeper_than(limit: int, frame: bytes | bytearray) -> bool:
    """Whether the valid frame has more levels than that; also where a key that comes again hides them."""
    # Nearly all have few brackets. `replace` looks for a byte with memchr and stops early, `count` does neither.
    if len(frame) - len(frame.replace(b"[", b"", limit).replace(b"{", b"", limit)) < limit:
        return False
    steps = brackets(frame).translate(_STEPS)  # 1 is into a level, -1 out of it
    return max(accumulate(memoryview(steps).cast("b"))) > limit
