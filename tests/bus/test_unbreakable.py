"""Any bytes at all, to one connection without a network."""

import asyncio
import errno
import hashlib
import itertools
import json
import random
import socket
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bus.contract.ours import PRIVILEGED
from bus.daemon.config import BusSettings, Role, Token, WebSocketSettings
from bus.errors import FrameError
from bus.message import Message
from bus.server import connection as connection_module
from bus.server.admission import origin_allowed, role_of
from bus.server.connection import Connection
from bus.server.hub import GREETING, Hub
from bus.server.limits import Counters
from bus.server.listener import Server
from bus.server.policy import denial
from tests.abuse.tools import CONTINUATION, FIN, REQUEST, TEXT, dial, frame
from tests.bus.test_hub import Listener
from tests.conftest import until

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]  # thousands of examples, on a machine that is busy


@pytest.mark.parametrize("said", [b"", REQUEST[:-1], REQUEST.replace(b"/core", b"/"), b"?\r\n\r\n"])
async def test_a_handshake_that_leads_nowhere_ends(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT_S", 0.1)
    async with Server(WebSocketSettings(port=0), BusSettings(handshake_timeout=0.1)) as server:
        with dial(int(server.url.split(":")[2].split("/")[0])) as client:
            client.sendall(said)
            await until(lambda: len(server.connections) == 1, "the connection")
            await until(lambda: not server.connections, "its end")


# Any bytes at all.

TOKENS = {"a": Token(hashlib.sha256(b"a").hexdigest(), Role.CONTROL)}
ANY_TEXT = st.text() | st.text(st.characters(categories=["Cs", "L"]))
"""Lone surrogates, too: so are headers read that are not ASCII."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.text(min_size=1) | st.sampled_from(["x", "bus.subscribe", "bus.status", "system.reboot"])},
    optional={
        "data": st.dictionaries(st.text() | st.just("patterns"), JSON | st.lists(st.text("*?[]!-ab"))),
        "context": st.dictionaries(st.text() | st.sampled_from(["source", "destination", "session"]), JSON),
        "more": JSON,
        "ciphertext": st.just("00"),
    },
).map(lambda message: json.dumps(message, ensure_ascii=False).encode())


@st.composite
def spoilt(draw: st.DrawFn, of: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of which a few have become others."""
    spoilt = bytearray(draw(of))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(spoilt)))
        spoilt[start : start + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(spoilt)


FRAMES = st.one_of(
    st.builds(frame, MESSAGES | spoilt(MESSAGES)),
    st.builds(frame, st.binary(), st.integers(0, 255)),
    st.builds(
        lambda inner, at: frame(inner[:at], TEXT & ~FIN) + frame(inner[at:], CONTINUATION),
        MESSAGES,
        st.integers(0, 9),
    ),
)
STREAMS = spoilt(st.lists(FRAMES, max_size=5).map(b"".join))


class Wire(asyncio.Transport):
    """A connection without a network, to a client that never reads."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__({"socket": connected, "peername": ("127.0.0.1", 5)})
        self.written = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nothing to do."""

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing to do."""

    def pause_reading(self) -> None:
        """Nothing to do."""

    def resume_reading(self) -> None:
        """Nothing to do."""

    def abort(self) -> None:
        """Nothing to do."""


class ResetWire(Wire):
    """A connection that the client has reset, before the transport has learned it."""

    aborted = False

    def write_eof(self) -> None:
        """Fails as the kernel does."""
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    def abort(self) -> None:
        """Is recorded."""
        self.aborted = True


async def test_a_connection_that_is_reset_while_it_is_refused_is_closed() -> None:
    garbage = b"garbage\r\n\r\n"
    with socket.socket() as connected:
        wire = ResetWire(connected)
        connection = Connection(Server(WebSocketSettings(), BusSettings()).shared)
        connection.connection_made(wire)
        connection.get_buffer(-1)[: len(garbage)] = garbage
        connection.buffer_updated(len(garbage))
        connection.connection_lost(None)
    assert wire.aborted


async def test_two_buses_do_not_receive_into_the_same_place() -> None:
    one, other = (Connection(Server(WebSocketSettings(), BusSettings()).shared) for _ in range(2))
    one.get_buffer(-1)[:3] = b"one"
    other.get_buffer(-1)[:3] = b"two"
    assert bytes(one.get_buffer(-1)[:3]) == b"one"


async def play(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Has a connection receive these bytes, cut into pieces; what another client gets of it."""
    server, other = Server(WebSocketSettings(), BusSettings(tokens=TOKENS)), Listener()
    server.hub.join(other)
    with socket.socket() as connected:
        connection = Connection(server.shared)
        connection.connection_made(Wire(connected))
        places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
        for start, end in itertools.pairwise(places):
            connection.get_buffer(-1)[: end - start] = stream[start:end]
            connection.buffer_updated(end - start)
        connection.eof_received()
        await asyncio.sleep(0)  # the flush
        connection.connection_lost(None)
    return other.heard[1:]


LET_IN = REQUEST[:-2] + b"Authorization: Bearer a\r\n\r\n"
PARSERS = [json.loads] + [import_module(name).loads for name in ("orjson",) if find_spec(name)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS, st.lists(st.integers(0, 1000), max_size=10))
@example(frame(b'{"type":"x","more":"\xff"}'), [])
@example(frame(b'{"type":"x","more":%s}' % (b"1" * 5000)), [])
def test_others_receive_only_messages_whatever_bytes_come_in(stream: bytes, cuts: list[int]) -> None:
    for heard in asyncio.run(play(LET_IN + stream, cuts)):
        for parse in PARSERS:
            assert isinstance(parse(heard.decode()), dict)


@settings(max_examples=200, deadline=None)
@given(
    spoilt(st.just(LET_IN)) | st.binary() | st.binary().map(lambda token: LET_IN.replace(b" a", b" " + token)),
    st.lists(st.integers(0, 300), max_size=5),
)
@example(LET_IN.replace(b" a", b" \xff"), [])
@example(LET_IN.replace(b"Host: x", b"Host: x\r\nHost: y"), [])
@example(REQUEST.replace(b"websocket", b"\xff"), [])
@example(REQUEST.replace(b"/core", b"/core?token=\xff"), [])
def test_no_handshake_is_too_strange(request: bytes, cuts: list[int]) -> None:
    asyncio.run(play(request, cuts))


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@example("bus.", "", "")
@example("connected", "", "")
def test_policy_has_a_verdict_for_any_text(one: str, other: str, third: str) -> None:
    assert role_of(one, TOKENS) == (Role.CONTROL if one == "a" else None)
    assert origin_allowed(one, other, third, {third}) in (True, False)
    assert not origin_allowed(f"http://{one}.example", one, "mark1", ())
    reserved = one in PRIVILEGED or one.startswith("bus.") or one == "connected"
    assert (denial(one, Role.CONTROL, lambda: False) is None) is not reserved
    assert denial(one, Role.OBSERVE, lambda: True) is not None


@given(
    st.sampled_from(sorted(PRIVILEGED)),
    st.randoms(use_true_random=False),
    st.sampled_from(["", '"type":"x",', " "]),
)
def test_no_spelling_of_a_privileged_type_gets_through(name: str, dice: random.Random, before: str) -> None:
    spellings = [(letter, f"\\u{ord(letter):04x}", f"\\u{ord(letter):04X}") for letter in name]
    spelling = "".join(map(dice.choice, spellings))
    hub, sender, other = Hub(Counters(), lambda: None, lambda: 0), Listener(), Listener()
    hub.join(sender)
    hub.join(other)
    spelt = f'{{{before}"type":"{spelling}"}}'
    assert json.loads(spelt)["type"] == name
    assert hub.receive(sender, spelt.encode()) is not None
    hub.flush()
    assert other.heard == [GREETING]


@given(spoilt(MESSAGES))
def test_what_is_accepted_can_be_answered(received: bytes) -> None:
    try:
        message = Message.deserialize(received)
    except FrameError:
        return
    assert json.loads(received.decode())["type"] == message.msg_type
    assert Message.deserialize(message.response().serialize()).msg_type == f"{message.msg_type}.response"
