"""Replays what the real faceplate firmware did (tests/data/faceplate-traces) and finds the first difference.

The tolerances are those of faceplate-traces.md, but without its +-45 ms while the eyes are OPEN, because the
stand-in keeps the phase of the main loop.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hw_sim.firmware import Event, Eyes, Firmware, Led, Mouth, MouthLevel, Reset, Sent, Speaker
from hw_sim.firmware.board import EYE_PIXELS

PATH = Path(__file__).parent.parent / "data" / "faceplate-traces.jsonl"

COMMAND_MS = 3.0  # what a command does at once
POLLED_MS = 10.0  # what the main loop does when it comes by: a repaint of the mouth may be in between
EYES_STAND_MS = 20.0  # shorter ones are steps of a repaint
MOUTH_STAND_MS = 15.0  # shorter ones are half-built
STAND_SLACK_MS = 5.0  # a frame may stand just long enough on one side and not on the other
TURN_MS = 45.0  # a turn of the main loop with the eyes OPEN
PRESS_MS = 55.0  # a press is not missed from here on

Timed = tuple[float, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """What came out, each with its time in ms."""

    lines: list[Timed] = field(default_factory=list)
    eyes: list[Timed] = field(default_factory=list)
    mouth: list[Timed] = field(default_factory=list)
    speaker: list[Timed] = field(default_factory=list)
    led: list[Timed] = field(default_factory=list)
    mouth_level: list[Timed] = field(default_factory=list)
    resets: list[Timed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trace:
    """One scenario: what went in, what the real firmware did, and how closely that binds."""

    name: str
    end_ms: float
    inputs: list[tuple[Any, ...]]  # (ms, "send", text) or (ms, "press" | "release" | "cw" | "ccw")
    recording: Recording
    lossy: bool
    loose: str  # why the exact result need not match, or empty


def load() -> Iterator[Trace]:
    """All scenarios."""
    for text in PATH.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(text)
        yield Trace(
            name=scenario["name"],
            end_ms=scenario["end_ms"],
            inputs=[tuple(entry) for entry in scenario["in"]],
            recording=Recording(
                lines=_timed(scenario["lines"]),
                eyes=[(ms, tuple(_pixels(text))) for ms, text in scenario["eyes"]],
                mouth=[(ms, tuple(int(row, 16) for row in text.split())) for ms, text in scenario["mouth"]],
                speaker=_timed(scenario["speaker"]),
                led=_timed(scenario.get("led", ())),
                mouth_level=_timed(scenario.get("mouth_pwm", ()))[1:],  # without the start value
                resets=[(ms, None) for ms in scenario["resets"]],
            ),
            lossy=scenario.get("lossy", False),
            loose=scenario.get("loose", ""),
        )


def _timed(entries: Iterable[Sequence[Any]]) -> list[Timed]:
    return [(ms, value) for ms, value in entries]


def _pixels(text: str) -> Iterator[int]:
    return (int(text[i : i + 6], 16) for i in range(0, len(text), 6))


def first_difference(trace: Trace) -> str:
    """How the stand-in first differs from the real firmware in this scenario; empty if it does not."""
    firmware = Firmware()
    got = record(replay(trace, firmware))
    for difference in _differences(trace, got):
        return difference
    if trace.lossy or trace.loose:
        return _alive(firmware)
    return ""


def replay(trace: Trace, firmware: Firmware) -> Iterator[Event]:
    """Give a firmware the inputs of a scenario; what it did until the end."""
    for ms, kind, *text in trace.inputs:
        yield from firmware.advance(ms)
        match kind:
            case "send":
                firmware.receive(text[0].encode("latin-1"))
            case "press":
                firmware.press()
            case "release":
                firmware.release()
            case "cw" | "ccw":
                firmware.turn(1 if kind == "cw" else -1)
    yield from firmware.advance(trace.end_ms)


def record(events: Iterable[Event]) -> Recording:
    """Sort events by what they are about, and bytes into lines."""
    recording = Recording()
    line = bytearray()
    for event in events:
        match event:
            case Sent():
                line.append(event.byte)
                if line.endswith(b"\r\n"):
                    recording.lines.append((event.ms, line[:-2].decode("latin-1")))
                    line.clear()
            case Eyes():
                recording.eyes.append((event.ms, event.pixels))
            case Mouth():
                recording.mouth.append((event.ms, event.rows))
            case Speaker():
                recording.speaker.append((event.ms, event.on))
            case Led():
                recording.led.append((event.ms, event.on))
            case MouthLevel():
                recording.mouth_level.append((event.ms, event.level))
            case Reset():
                recording.resets.append((event.ms, None))
    del recording.mouth_level[:1]
    return recording


def _differences(trace: Trace, got: Recording) -> Iterator[str]:
    want = trace.recording
    if trace.lossy:
        yield from _lossy(want.lines, got.lines)
    elif trace.loose.startswith("phase"):
        yield from _phase(trace, got.lines)
        yield from _sequence("line", _echoes(want.lines), _echoes(got.lines), TURN_MS)
    elif trace.loose:
        yield from _sequence("line", want.lines, got.lines, TURN_MS)
    else:
        yield from _sequence("line", want.lines, got.lines, POLLED_MS)
        yield from _sequence("echo", _echoes(want.lines), _echoes(got.lines), COMMAND_MS)
        yield from _sequence("speaker", want.speaker, got.speaker, COMMAND_MS)
        yield from _sequence("led", want.led, got.led, COMMAND_MS)
        yield from _sequence("mouth level", want.mouth_level, got.mouth_level, COMMAND_MS)
        yield from _sequence("reset", want.resets, got.resets, COMMAND_MS)
        yield from _frames("eyes", want.eyes, got.eyes, trace.end_ms, EYES_STAND_MS)
        yield from _frames("mouth", want.mouth, got.mouth, trace.end_ms, MOUTH_STAND_MS)


def _sequence(what: str, want: list[Timed], got: list[Timed], tolerance_ms: float) -> Iterator[str]:
    for (want_ms, wanted), (got_ms, value) in zip(want, got, strict=False):
        if wanted != value:
            yield f"{what}: want {wanted!r} at {want_ms:.1f} ms, got {value!r} at {got_ms:.1f} ms"
        elif abs(want_ms - got_ms) > tolerance_ms:
            yield f"{what}: want {wanted!r} at {want_ms:.1f} ms, got it at {got_ms:.1f} ms"
    if len(want) > len(got):
        yield f"{what}: want {want[len(got)]}, got nothing more"
    if len(got) > len(want):
        yield f"{what}: want nothing more, got {got[len(want)]}"


def _frames(what: str, want: list[Timed], got: list[Timed], end_ms: float, stand_ms: float) -> Iterator[str]:
    """Every frame that stands on one side must be on the other, in order and in time."""
    for missing in _missing(_standing(want, end_ms, stand_ms), got):
        yield f"{what}: want {_picture(missing)}"
    for extra in _missing(_standing(got, end_ms, stand_ms + STAND_SLACK_MS), want):
        yield f"{what}: want no {_picture(extra)}"


def _standing(frames: list[Timed], end_ms: float, stand_ms: float) -> Iterator[Timed]:
    ends = [ms for ms, _ in frames[1:]] + [end_ms]
    return (frame for frame, end in zip(frames, ends, strict=False) if end - frame[0] >= stand_ms)


def _missing(wanted: Iterable[Timed], frames: list[Timed]) -> Iterator[Timed]:
    rest = iter(frames)
    for want_ms, picture in wanted:
        if not any(picture == other and abs(ms - want_ms) <= POLLED_MS for ms, other in rest):
            yield want_ms, picture
            return


def _picture(frame: Timed) -> str:
    ms, numbers = frame
    if len(numbers) == EYE_PIXELS:
        return f"{' '.join(f'{pixel:06x}' for pixel in numbers)} at {ms:.1f} ms"
    rows = [f"{row:032b}".replace("0", ".").replace("1", "#") for row in numbers]
    return "\n".join([f"this at {ms:.1f} ms", *rows])


def _echoes(lines: list[Timed]) -> list[Timed]:
    return [line for line in lines if line[1].startswith("Command: ")]


def _lossy(want: list[Timed], got: list[Timed]) -> Iterator[str]:
    """Which bytes go depends on microseconds: the lines must be damaged, but about as many."""
    if abs(len(want) - len(got)) > 2:
        yield f"about {len(want)} lines wanted, got {len(got)}"
    if len(_echoes(got)) >= len(got) or want[:4] == got:
        yield "no line was damaged"


def _phase(trace: Trace, lines: list[Timed]) -> Iterator[str]:
    """At most as many lines as inputs, at least those that no phase of the main loop can miss."""
    released = [entry[0] for entry in trace.inputs if entry[1] == "release"]
    pressed = [entry[0] for entry in trace.inputs if entry[1] == "press"]
    sure_presses = sum(up - down >= PRESS_MS for down, up in zip(pressed, released, strict=True))
    yield from _count("mycroft.stop", lines, sure_presses, len(pressed))
    for kind, line in (("cw", "volume.up"), ("ccw", "volume.down")):
        turned = [entry[0] for entry in trace.inputs if entry[1] == kind]
        yield from _count(line, lines, _apart(turned, TURN_MS), len(turned))


def _count(text: str, lines: list[Timed], least: int, most: int) -> Iterator[str]:
    count = sum(line == text for _, line in lines)
    if not least <= count <= most:
        yield f"{text}: want {least} to {most}, got {count}"


def _apart(times: list[float], ms: float) -> int:
    """How many of these are that far from each other."""
    count, last = 0, float("-inf")
    for time in times:
        if time - last >= ms:
            count, last = count + 1, time
    return count


def _alive(firmware: Firmware) -> str:
    """The firmware answers, whatever it went through."""
    firmware.advance(firmware.now + 2000)
    firmware.receive(b"\nsystem.version\n")
    lines = [line for _, line in record(firmware.advance(firmware.now + 2000)).lines]
    return "" if lines[-1:] == ["Mycroft Mark 1 v1.4.2"] else f"it does not live on: {lines}"
