"""Streams of real satellites, from their first byte to the messages on the bus."""

from collections.abc import Iterable

import pytest

from bridges.voice.events import SatelliteEvents
from bridges.voice.peripheral import Peripheral
from bridges.voice.wyoming import Parser
from tests.bridges.voice.rig import CAPTURED, Rig, Said

RECORD_BEGIN: Said = ("recognizer_loop:record_begin", {})
RECORD_END: Said = ("recognizer_loop:record_end", {})
SPEECH: Said = ("recognizer_loop:audio_output_start", {})
SPEECH_ENDS: Said = ("recognizer_loop:audio_output_end", {})
READY: Said = ("mycroft.ready", {})
RESET: Said = ("enclosure.eyes.reset", {})

LISTENED: list[Said] = [
    RECORD_BEGIN,
    RECORD_END,
    ("enclosure.mouth.think", {}),
    ("mycroft.feedback.set-state", {"state": "thinking"}),
]
THOUGHT: Said = ("mycroft.feedback.set-state", {"state": "asleep"})
NOT_UNDERSTOOD: list[Said] = [
    THOUGHT,
    SPEECH_ENDS,
    ("recognizer_loop:speech.recognition.unknown", {}),
    ("enclosure.mouth.text", {"text": "?", "repeat": False}),
]


def wakes(name: str) -> Said:
    return "recognizer_loop:wakeword", {"utterance": name}


def muted(value: bool) -> Said:
    return "mycroft.mic.get_status.response", {"muted": value}


def filled(percentage: float) -> Said:
    return "enclosure.eyes.fill", {"percentage": percentage}


def wyoming(name: str, size: int) -> list[Said]:
    """What is said while a stream is read, so many bytes at a time."""
    rig = Rig()
    events, parser = SatelliteEvents(rig.assistant), Parser()
    events.connected()
    stream = (CAPTURED / name).read_bytes()
    for begin in range(0, len(stream), size):
        for event in parser.feed(stream[begin : begin + size]):
            events.read(event)
    return rig.said()


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_a_satellite_with_its_own_wake_word(size: int) -> None:
    assert wyoming("wyoming-satellite-1.4.1.events", size) == [
        muted(False),
        READY,
        wakes("ok_nabu"),
        *LISTENED,
        *(THOUGHT, SPEECH, SPEECH_ENDS),  # the timer starts before the answer, and is seen after it
        filled(100.0),
        RESET,  # paused
        filled(100.0),
        RESET,  # cancelled
        *(*LISTENED, *NOT_UNDERSTOOD),  # after a press, which is no wake word
        filled(100.0),
        ("enclosure.eyes.spin", {}),
        muted(True),
        *(RESET, muted(False)),  # it has disconnected and connected again
    ]


@pytest.mark.parametrize("size", [1, 100])
def test_a_satellite_that_always_streams_listens_once_home_assistant_detects_the_wake_word(size: int) -> None:
    said = wyoming("wyoming-satellite-1.4.1-always-streaming.events", size)
    conversation = [*LISTENED, THOUGHT, SPEECH, SPEECH_ENDS]
    assert said[:10] == [muted(False), READY, wakes("ok_nabu"), *conversation]
    assert said.count(RECORD_BEGIN) == said.count(RECORD_END) == said.count(wakes("ok_nabu")) == 2
    assert [entry for entry in said if entry in NOT_UNDERSTOOD[2:]] == NOT_UNDERSTOOD[2:]


def lva(texts: Iterable[str]) -> list[Said]:
    rig = Rig()
    rig.assistant.found()
    peripheral = Peripheral(rig.assistant)
    for text in texts:
        peripheral.read(text.encode())
    return rig.said()


def test_linux_voice_assistant() -> None:
    conversation = [*LISTENED, THOUGHT, SPEECH, SPEECH_ENDS]
    assert (
        lva((CAPTURED / "linux-voice-assistant-1.1.15.jsonl").read_text().splitlines())
        == [
            muted(False),
            READY,
            *conversation,
            filled(100.0),
            ("enclosure.eyes.level", {"level": 30}),
            ("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0}),
            filled(100.0),  # a new colour may have ended it
            RESET,
            *conversation,
            filled(100.0),
            ("enclosure.eyes.on", {}),  # the timer is cancelled, and the light is seen
            RESET,
            *(RECORD_BEGIN, RECORD_END, ("enclosure.eyes.on", {}), *NOT_UNDERSTOOD[2:]),
            ("enclosure.eyes.spin", {}),
            ("enclosure.eyes.on", {}),
            *(muted(True), muted(False), muted(True), muted(False)),
        ]
    )
