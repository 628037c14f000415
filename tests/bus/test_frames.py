import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from bus.server.frames import text_frame
from bus.server.incoming import frame_size, text_payloads

PAYLOADS = st.binary(max_size=200) | st.integers(65534, 65537).map(lambda size: b"x" * size)
FRAMES = st.builds(
    lambda payload, opcode, fin: Frame(opcode, payload, fin).serialize(mask=True),
    PAYLOADS,
    st.sampled_from([Opcode.TEXT, Opcode.TEXT, Opcode.TEXT, Opcode.BINARY]),
    st.booleans(),
)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_equal_those_of_websockets(size: int) -> None:
    assert text_frame(b"x" * size) == Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)


@given(st.lists(PAYLOADS.filter(lambda payload: len(payload) < 65536), max_size=4), st.integers(0, 20))
def test_whole_text_frames_are_read(payloads: list[bytes], cut: int) -> None:
    frames = [Frame(Opcode.TEXT, payload).serialize(mask=True) for payload in payloads]
    data = b"".join(frames)
    assert text_payloads(memoryview(data), 10) == (payloads, len(data), False)
    begun = Frame(Opcode.TEXT, b"x" * 200).serialize(mask=True)[: cut + 1]
    assert text_payloads(memoryview(data + begun), 10) == (payloads, len(data), True)


def test_no_more_frames_are_read_than_asked_for() -> None:
    frame = Frame(Opcode.TEXT, b"x").serialize(mask=True)
    assert text_payloads(memoryview(frame * 5), 3) == ([b"x"] * 3, 3 * len(frame), False)


@given(st.binary(max_size=20) | st.lists(FRAMES, max_size=3).map(b"".join))
def test_what_is_read_is_what_websockets_reads(data: bytes) -> None:
    payloads, used, is_begun = text_payloads(memoryview(data), 10)
    protocol = ServerProtocol()
    protocol.state = protocol.state.__class__.OPEN
    protocol.parser = super(ServerProtocol, protocol).parse()
    next(protocol.parser)
    protocol.receive_data(data)
    frames = [event for event in protocol.events_received() if isinstance(event, Frame)]
    assert [bytes(frame.data) for frame in frames[: len(payloads)]] == payloads
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames[: len(payloads)])
    if is_begun:
        assert len(frames) == len(payloads)
        assert data[used:][:1] == b"\x81"


@given(PAYLOADS, st.booleans(), st.integers(0, 20))
def test_the_size_of_a_frame_is_in_its_head(payload: bytes, masked: bool, cut: int) -> None:
    frame = Frame(Opcode.TEXT, payload).serialize(mask=masked)
    assert frame_size(memoryview(frame + b"more")) == len(frame)
    assert frame_size(memoryview(frame[:cut])) in (0, len(frame))
