"""Wyoming's wire: whatever the chunks, the events are the same; and what is no event is refused."""

import contextlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.voice.errors import SatelliteError
from bridges.voice.wyoming import MAX_DATA, MAX_LINE, MAX_PAYLOAD, Parser, WyomingEvent, encode
from tests.bridges.voice.rig import CAPTURED

STREAM = (CAPTURED / "wyoming-satellite-1.4.1.events").read_bytes()

VALUES = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"]))
)
EVENTS = st.builds(
    WyomingEvent,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), VALUES, max_size=3),
    st.binary(max_size=50),
)


def chunks(stream: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    """The stream, cut at these places."""
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    yield from (stream[begin:end] for begin, end in pairwise(places))


def parsed(pieces: Iterator[bytes]) -> list[WyomingEvent]:
    parser = Parser()
    return [event for piece in pieces for event in parser.feed(piece)]


@given(st.lists(EVENTS, max_size=5), st.lists(st.integers(0, 500)))
def test_what_is_encoded_is_parsed_again_from_any_chunks(events: list[WyomingEvent], cuts: list[int]) -> None:
    assert parsed(chunks(b"".join(map(encode, events)), cuts)) == events


@given(st.lists(st.integers(0, len(STREAM)), max_size=200))
def test_a_captured_stream_is_the_same_in_any_chunks(cuts: list[int]) -> None:
    assert parsed(chunks(STREAM, cuts)) == parsed(iter([STREAM]))


def test_a_captured_stream_is_understood_to_its_end() -> None:
    events = parsed(bytes([byte]) for byte in STREAM)
    assert [event.type for event in events[:3]] == ["satellite-connected", "run-satellite", "streaming-stopped"]
    assert events[-1] == WyomingEvent("streaming-stopped")
    assert WyomingEvent("synthesize", {"text": "Grüße: timer set"}) in events


def test_data_in_the_line_and_after_it_are_merged() -> None:
    raw = b'{"type": "x", "data": {"a": 1, "b": 1}, "data_length": 8, "payload_length": 3}\n{"b": 2}end'
    assert parsed(iter([raw])) == [WyomingEvent("x", {"a": 1, "b": 2}, b"end")]


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"GET / HTTP/1.1\r\n",
        b'{"type": ""}\n',
        b'{"type": "' + b"x" * 101 + b'"}\n',
        b'{"type": 1}\n',
        b'{"data": {}}\n',
        b'["type"]\n',
        b'{"type": "x", "data": [1]}\n',
        b'{"type": "x", "data_length": -1}\n',
        b'{"type": "x", "data_length": "1"}\n',
        b'{"type": "x", "data_length": %d}\n' % (MAX_DATA + 1),
        b'{"type": "x", "payload_length": %d}\n' % (MAX_PAYLOAD + 1),
        b'{"type": "x", "data_length": 2}\n[]',
        b'{"type": "x", "data_length": 2}\n{,',
        b'{"type": "\xff"}\n',
        b'{"type": "x", "data_length": 9}\n{"a":"\xff"}',
        b'{"type": "x", "data": {"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}}\n",
        b"x" * MAX_LINE,
    ],
)
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(SatelliteError):
        parsed(iter([raw]))


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waited_on(raw: bytes) -> None:
    with contextlib.suppress(SatelliteError):
        parsed(iter([raw]))


@pytest.mark.parametrize("endless", [b"x", b'{"type": "x", "payload_length": %d}\n' % MAX_PAYLOAD])
def test_no_more_is_kept_than_one_event_may_have(endless: bytes) -> None:
    parser = Parser()
    longest = 0

    def feed() -> None:
        nonlocal longest
        for data in (endless, *[b"x" * 4096] * 100):
            [*parser.feed(data)]
            longest = max(longest, len(parser._unread))

    with pytest.raises(SatelliteError):
        feed()
    assert longest <= MAX_DATA + MAX_PAYLOAD + MAX_LINE
