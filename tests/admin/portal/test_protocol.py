import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.errors import PortalProtocolError
from admin.portal.protocol import (
    MAX_ANSWER,
    MAX_NETWORKS,
    MAX_REQUEST,
    Cancel,
    Connect,
    Look,
    Nearby,
    Phase,
    Request,
    Snapshot,
    decode_answer,
    decode_request,
    encode,
    is_password,
)
from admin.wifi.networks import Security
from admin.wifi.outcome import Failure

NETWORKS = st.builds(Nearby, st.binary(min_size=1, max_size=32), st.integers(0, 100), st.sampled_from(Security))

SNAPSHOTS = st.builds(
    Snapshot,
    st.integers(1, 2**63 - 1),
    st.sampled_from(Phase),
    st.text(max_size=32),
    st.lists(NETWORKS, max_size=8).map(tuple),
    st.none() | st.binary(min_size=1, max_size=32),
    st.none() | st.sampled_from(Failure),
)


@pytest.mark.parametrize(
    "request_",
    [
        Look(),
        Look(7),
        Connect(b"\x00\xff" * 16, "ä" * 31, hidden=True),
        Connect(b"Home"),
        Cancel(),
    ],
)
def test_a_request_arrives_as_it_was_sent(request_: Request) -> None:
    line = encode(request_)
    assert line.count(b"\n") == 1
    assert decode_request(line) == request_


@given(SNAPSHOTS)
def test_an_answer_arrives_as_it_was_sent(snapshot: Snapshot) -> None:
    line = encode(snapshot)
    assert line.count(b"\n") == 1
    assert decode_answer(line) == snapshot


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}",
        b"[]",
        b'{"type":"reboot"}',
        b'{"type":"look","seen":"1"}',
        b'{"type":"look","more":1}',
        b'{"type":"connect"}',
        b'{"type":"connect","ssid":""}',
        b'{"type":"connect","ssid":"?"}',
        b'{"type":"connect","ssid":"' + b"AAAA" * 11 + b'"}',
        b'{"type":"connect","ssid":"SG9tZQ==","password":"short"}',
        b'{"type":"connect","ssid":"SG9tZQ==","password":"' + b"x" * 64 + b'"}',
        b'{"type":"connect","ssid":"SG9tZQ==","password":"two\\nlines"}',
        b'{"type":"connect","ssid":"SG9tZQ==","hidden":1}',
        b'{"type":"look"}{"type":"look"}',
        b"\xff",
        b"[" * 900,
    ],
)
def test_another_line_is_no_request(line: bytes) -> None:
    with pytest.raises(PortalProtocolError, match=r"^invalid request$"):
        decode_request(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'{"revision":0,"phase":"over","access_point":""}',
        b'{"revision":1,"phase":"?","access_point":""}',
        b'{"revision":1,"phase":"over","access_point":"' + b"x" * 33 + b'"}',
        b'{"revision":1,"phase":"over","access_point":"","networks":[{"ssid":"AA==","strength":101,"access":"open"}]}',
    ],
)
def test_another_line_is_no_answer(line: bytes) -> None:
    with pytest.raises(PortalProtocolError):
        decode_answer(line)


@pytest.mark.parametrize("text", ["12345678", "x" * 63, "correct horse", "ä" * 4, "ä" * 31])
def test_a_password_has_8_to_63_bytes(text: str) -> None:
    assert is_password(text)


@pytest.mark.parametrize("text", ["", "1234567", "x" * 64, "ä" * 32, "1234567\n", "1234567\x7f", "\x0012345678"])
def test_another_text_is_no_password(text: str) -> None:
    assert not is_password(text)


def test_the_longest_request_and_answer_are_within_the_limits() -> None:
    assert len(encode(Connect(b"\xff" * 32, '"' * 63, hidden=True))) < MAX_REQUEST
    networks = (Nearby(b"\xff" * 32, 100, Security.ENTERPRISE),) * MAX_NETWORKS
    longest = Snapshot(2**63, Phase.CONNECTED, "\x01" * 32, networks, b"\xff" * 32, Failure.MAYBE_WRONG_PASSWORD)
    assert len(encode(longest)) < MAX_ANSWER


def test_a_password_is_in_no_representation_and_no_error() -> None:
    assert "correct" not in repr(Connect(b"Home", "correct horse"))
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(
            {"type": "connect", "ssid": "SG9tZQ==", "password": "correct\nhorse"}, Connect, str_keys=True
        )
    assert "correct" not in str(caught.value)
