import json
import logging

import msgspec
import pytest

from bridges.hive.errors import HubError
from bridges.hive.frames import (
    CHUNK,
    MAX_MESSAGE,
    Assembler,
    bus_message,
    canonical,
    fields,
    hive_json,
    hive_message,
    pieces,
)
from bus.errors import FrameError


@pytest.mark.parametrize("length", [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5, MAX_MESSAGE])
def test_a_message_of_any_length_is_put_together_again(length: int) -> None:
    assembler = Assembler()
    message = bytes(number % 251 for number in range(length))
    sent = [*pieces(message)]
    assert all(len(piece) <= CHUNK + 1 for piece in sent)
    assert [assembler.add(piece) for piece in sent] == [None] * (len(sent) - 1) + [message]


def test_pieces_are_marked_as_hivemind_does() -> None:
    assert [piece[0] for piece in pieces(b"x" * 3 * CHUNK)] == [2, 4, 5]
    assert [piece[0] for piece in pieces(b"x" * (CHUNK + 1))] == [2, 5]
    assert [piece[0] for piece in pieces(b"x")] == [0]


@pytest.mark.parametrize("piece", [b"", b"\x06", b"\x04x", b"\x05x"])
def test_a_piece_that_continues_nothing_ends_the_connection(piece: bytes) -> None:
    with pytest.raises(HubError, match="wrong order"):
        Assembler().add(piece)


@pytest.mark.parametrize("piece", [b"", b"\x00x", b"\x01x", b"\x02x", b"\x03x", b"\x06x"])
def test_a_message_between_the_pieces_of_another_ends_the_connection(piece: bytes) -> None:
    assembler = Assembler()
    assembler.add(b"\x02x")
    with pytest.raises(HubError, match="wrong order"):
        assembler.add(piece)


def test_binary_messages_are_left_out() -> None:
    assembler = Assembler()
    assert [assembler.add(piece) for piece in (b"\x01x", b"\x03x", b"\x04x", b"\x05x", b"\x00{}")] == [
        None
    ] * 4 + [b"{}"]


def test_a_message_that_is_too_long_is_dropped_and_the_next_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assembler = Assembler()
    assert [assembler.add(piece) for piece in pieces(b"x" * 100 * CHUNK)] == [None] * 100
    assert len(caplog.records) == 1
    assert assembler.add(b"\x00{}") == b"{}"


def test_a_hive_message_keeps_its_payload_for_later() -> None:
    outer = hive_message(
        b'{"msg_type": "broadcast", "payload": {"msg_type": "bus", "payload": {"type": "a"}, "x": 1}, "route": [],'
        b' "metadata": {}, "node": null, "target_site_id": "kitchen", "target_pubkey": null, "source_peer": null}'
    )
    assert (outer.msg_type, outer.target_site_id) == ("broadcast", "kitchen")
    inner = hive_message(outer.payload)
    assert (inner.msg_type, inner.target_site_id, inner.metadata) == ("bus", None, None)
    assert bus_message(inner.payload).msg_type == "a"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"msg_type": 1}',
        b'{"msg_type": "bus", "target_site_id": 1}',
        b'{"msg_type": "bus", "metadata": []}',
        b'{"msg_type": "bus"',
        b'{"msg_type": "\xff"}',
        b'{"msg_type": "bus", "payload": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_hive_message_is_refused(raw: bytes) -> None:
    with pytest.raises(FrameError):
        hive_message(raw)


@pytest.mark.parametrize(
    "payload",
    [
        b"1",
        b"[]",
        b"{}",
        b'{"type": ""}',
        b'{"type": "a", "data": 1}',
        b'{"type": "a", "context": []}',
        b'{"type": "a", "type": "b"}',
        b'{"ciphertext": "a", "tag": "b", "nonce": "c"}',
        b'{"type": "a", "data": {"x": ' + b"[" * 300 + b"]" * 300 + b"}}",
    ],
)
def test_what_our_bus_would_not_relay_is_refused(payload: bytes) -> None:
    with pytest.raises(FrameError):
        bus_message(msgspec.Raw(payload))


def test_fields_are_those_of_an_object() -> None:
    assert fields(msgspec.Raw(b'{"a": 1}')) == {"a": 1}
    with pytest.raises(FrameError):
        fields(msgspec.Raw(b"[]"))


def test_the_prologue_is_written_as_by_the_hub() -> None:
    payload = {"b": [1, "é\n\u2028\x7f"], "a": {"d": None, "c": True}, "pubkey": '-----\n"x"\\/\t\x01'}
    expected = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical(payload) == expected


def test_a_hive_message_has_what_is_given() -> None:
    assert json.loads(hive_json("bus", {"type": "a"}, target_site_id="x")) == {
        "msg_type": "bus",
        "payload": {"type": "a"},
        "target_site_id": "x",
    }
