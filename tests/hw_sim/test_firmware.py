"""The stand-in for the faceplate does what the real firmware did, and keeps the promises of its interface."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.firmware import Event, Eyes, Firmware, Mouth, Sent
from hw_sim.firmware.timing import IN_BYTE_MS
from tests.hw_sim import traces
from tests.hw_sim.traces import Trace

TRACES = list(traces.load())
NOT_YET: frozenset[str] = frozenset()


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.name)
def test_events_match_the_recordings_of_the_real_firmware(trace: Trace) -> None:
    difference = traces.first_difference(trace)
    if trace.name in NOT_YET:
        assert difference, "this one passes now: take it off NOT_YET"
    else:
        assert not difference, difference


@pytest.mark.parametrize("name", ["weather-1-2-3", "weather-negative"])
def test_weather_takes_as_long_as_recorded(name: str) -> None:
    """A line that comes right after it waits for a repaint of the eyes, or not: that depends on tenths of a ms."""
    trace = next(trace for trace in TRACES if trace.name == name)
    got = traces.record(traces.replay(trace, Firmware())).mouth
    for ms, rows in trace.recording.mouth:
        assert min(abs(ms - at) for at, shown in got if shown == rows) < 0.2


@pytest.mark.parametrize(("gap_ms", "before_the_repaint"), [(9.8, True), (10.2, False)])
def test_a_line_soon_after_a_temperature_is_read_before_the_eyes_are_repainted(
    gap_ms: float, before_the_repaint: bool
) -> None:
    """With the eyes open. The real firmware, on a simulated AVR, changes from one to the other at 10.0 ms."""
    firmware, temperature = Firmware(), b"weather.display=33,\n"
    after_ms = 2500 + len(temperature) * IN_BYTE_MS + gap_ms
    lines = [(60, b"eyes.reset\n"), (400, b"mouth.reset\n"), (2000, b"mouth.text=hi\n"), (2500, temperature)]
    for ms, line in (*lines, (after_ms, b"mouth.viseme=3\n")):
        firmware.advance(ms)
        firmware.receive(line)
    shown = [any(rows) for _, rows in traces.record(firmware.advance(3000)).mouth]
    assert shown == ([True, True] if before_the_repaint else [True, False, True])


def test_the_list_names_traces() -> None:
    assert {trace.name for trace in TRACES} >= NOT_YET


def booted(*commands: bytes) -> Firmware:
    """A faceplate that has carried out `eyes.reset` and more, and rests."""
    firmware = Firmware()
    firmware.advance(300)
    for command in (b"eyes.reset", *commands):
        firmware.receive(command + b"\n")
        firmware.advance(firmware.now + 1000)
    return firmware


def sent(events: list[Event]) -> bytes:
    return bytes(event.byte for event in events if isinstance(event, Sent))


def test_the_port_speaks_first() -> None:
    assert sent(Firmware().advance(100)) == b"Mycroft Mark 1 v1.4.2 - Connected\r\n"


def test_bytes_one_at_a_time_are_the_same_as_a_line_at_once() -> None:
    line = b"mouth.text=hello\n"
    whole, piecemeal = booted(), booted()
    whole.receive(line)
    for byte in line:
        piecemeal.receive(bytes([byte]))
    assert whole.advance(6000) == piecemeal.advance(6000)


def test_small_steps_are_the_same_as_a_big_one() -> None:
    trace = next(trace for trace in TRACES if trace.name == "combo-host-speaks")
    firmware = Firmware()
    events = []
    inputs = iter([*trace.inputs, (trace.end_ms, "")])
    ms, *_ = pending = next(inputs)
    while firmware.now < trace.end_ms:
        events += firmware.advance(min(firmware.now + 1.7, ms))
        if firmware.now == ms and pending[1] == "send":
            firmware.receive(pending[2].encode())
        if firmware.now == ms < trace.end_ms:
            ms, *_ = pending = next(inputs)
    assert events == list(traces.replay(trace, Firmware()))


def test_sleeping_until_wake_at_misses_nothing() -> None:
    asleep, steady = booted(b"mouth.listen"), booted(b"mouth.listen")
    events = []
    while (at := asleep.wake_at()) is not None and at <= 6000:
        events += asleep.advance(at)
        assert asleep.now == at
    assert events == steady.advance(6000)


@pytest.mark.parametrize("commands", [(), (b"eyes.set=0,1",), (b"mouth.talk",), (b"eyes.off", b"mouth.talk")])
def test_at_rest_it_needs_no_time(commands: tuple[bytes, ...]) -> None:
    assert booted(*commands).wake_at() is None


@pytest.mark.parametrize("commands", [(b"mouth.think",), (b"mouth.text=a text that scrolls",), (b"eyes.spin",)])
def test_an_animation_wakes_for_its_frames_only(commands: tuple[bytes, ...]) -> None:
    firmware = booted(*commands)
    end = firmware.now + 1000
    wakes = 0
    while (at := firmware.wake_at()) is not None and at <= end:
        firmware.advance(at)
        wakes += 1
    assert wakes < 200


def test_a_blocked_program_keeps_63_bytes() -> None:
    firmware = booted()
    firmware.receive(b"system.blink=2\n")
    firmware.advance(firmware.now + 500)
    firmware.receive(b"x" * 70 + b"\n")
    assert sent(firmware.advance(firmware.now + 5000)) == b"Command: " + b"x" * 63 + b"\r\n"


def test_what_is_sent_while_it_restarts_is_lost() -> None:
    firmware = booted()
    firmware.receive(b"system.reset\n")
    firmware.advance(firmware.now + 1000)
    firmware.receive(b"system.version\n")
    assert sent(firmware.advance(firmware.now + 2000)) == b"Mycroft Mark 1 v1.4.2 - Connected\r\n"


def test_the_current_picture_is_the_last_event() -> None:
    firmware = Firmware()
    firmware.receive(b"\n" * 30 + b"mouth.viseme=3\n")
    events = firmware.advance(3000)
    assert firmware.eyes == [event.pixels for event in events if isinstance(event, Eyes)][-1]
    assert firmware.mouth == [event.rows for event in events if isinstance(event, Mouth)][-1]
    assert firmware.speaker


def test_turning_several_detents_at_once() -> None:
    firmware = booted(b"eyes.set=0,1")
    firmware.turn(3)
    firmware.turn(-2)
    assert sent(firmware.advance(firmware.now + 500)) == b"volume.up\r\n" * 3 + b"volume.down\r\n" * 2


ACTIONS: list[Callable[[Firmware], None]] = [
    Firmware.press,
    Firmware.release,
    lambda firmware: firmware.turn(1),
    lambda firmware: firmware.turn(-1),
]
COMMANDS = sorted({text for trace in TRACES for _, kind, *rest in trace.inputs if kind == "send" for text in rest})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 700),
            st.one_of(
                st.binary(max_size=100),
                st.sampled_from(COMMANDS).map(lambda text: text.encode("latin-1")),
                st.text("ABCDPxyc=,$019\n", max_size=90).map(lambda text: f"mouth.icon={text}\n".encode()),
                st.sampled_from(ACTIONS),
            ),
        ),
        max_size=12,
    )
)
def test_any_input_leaves_a_running_firmware_with_valid_pictures(
    inputs: list[tuple[float, bytes | Callable[[Firmware], None]]],
) -> None:
    firmware = Firmware()
    for wait_ms, given_in in inputs:
        firmware.advance(firmware.now + wait_ms)
        if isinstance(given_in, bytes):
            firmware.receive(given_in)
        else:
            given_in(firmware)
    events = firmware.advance(firmware.now + 3000)
    assert [event.ms for event in events] == sorted(event.ms for event in events)
    assert all(0 <= pixel <= 0xFFFFFF for pixel in firmware.eyes)
    assert all(0 <= row <= 0xFFFFFFFF for row in firmware.mouth)
