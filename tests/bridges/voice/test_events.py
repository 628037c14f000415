"""The events of a wyoming-satellite, and what is known of its microphone."""

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.voice.events import SatelliteEvents
from bridges.voice.wyoming import WyomingEvent
from tests.bridges.voice.rig import Rig, Said
from tests.bridges.voice.test_peripheral import VALUES

TYPES = st.sampled_from(
    [
        *("satellite-connected", "satellite-disconnected", "run-satellite", "pause-satellite", "run-pipeline"),
        *("detect", "detection", "streaming-started", "streaming-stopped", "voice-started", "voice-stopped"),
        *("transcript", "synthesize", "audio-start", "audio-stop", "played", "error", "new"),
        *("timer-started", "timer-updated", "timer-cancelled", "timer-finished"),
    ]
)
FIELDS = st.sampled_from(["id", "name", "total_seconds", "is_active", "start_stage", "text", "code", "timestamp"])


def muted(value: bool) -> Said:
    return "mycroft.mic.get_status.response", {"muted": value}


class Satellite:
    def __init__(self) -> None:
        self.rig = Rig()
        self.events = SatelliteEvents(self.rig.assistant)
        self.events.connected()

    def send(self, type_: str, **data: Any) -> None:
        self.events.read(WyomingEvent(type_, data))


@pytest.fixture
def satellite() -> Satellite:
    satellite = Satellite()
    satellite.send("run-satellite")
    satellite.rig.said()
    return satellite


@settings(max_examples=40)
@given(st.lists(st.tuples(TYPES, st.dictionaries(FIELDS, VALUES, max_size=8)), max_size=20))
def test_whatever_the_data_the_messages_are_of_the_contract(sent: list[tuple[str, dict[str, Any]]]) -> None:
    satellite = Satellite()
    for type_, data in sent:
        satellite.events.read(WyomingEvent(type_, data))
        satellite.rig.said()  # checks each
        satellite.rig.wait(1)


def test_wrong_data_are_logged_once_and_ignored(satellite: Satellite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        satellite.send("timer-started", id=1)
        satellite.send("detection", name=["x"])
    assert satellite.rig.said() == []
    assert len(caplog.records) == 2


def test_a_mute_in_home_assistant_is_reported(satellite: Satellite) -> None:
    satellite.send("pause-satellite")
    satellite.send("pause-satellite")
    satellite.send("run-satellite")
    assert satellite.rig.said() == [muted(True), muted(False)]


def test_a_mute_of_both_sides_ends_when_both_have_ended_it(satellite: Satellite) -> None:
    satellite.events.hold(True)
    satellite.send("pause-satellite")
    satellite.events.hold(False)
    assert satellite.rig.said() == [muted(True)]
    satellite.send("run-satellite")
    assert satellite.rig.said() == [muted(False)]


def test_a_mute_while_the_satellite_streams_is_one_once_it_has_ended(satellite: Satellite) -> None:
    satellite.send("streaming-started")
    satellite.rig.said()
    satellite.rig.receive("mycroft.mic.mute", source="skill")
    satellite.events.hold(True)
    assert satellite.rig.said() == [muted(False)], "Home Assistant still listens"
    satellite.send("transcript", text="x")
    satellite.send("streaming-stopped")
    assert muted(True) in satellite.rig.said()


@pytest.mark.parametrize("streams", [False, True])
def test_a_satellite_that_connects_again_is_still_held(satellite: Satellite, streams: bool) -> None:
    if streams:
        satellite.send("streaming-started")
    satellite.events.hold(True)
    satellite.rig.said()
    satellite.rig.assistant.lost()
    satellite.events.connected()
    satellite.rig.said()
    satellite.rig.receive("mycroft.mic.get_status")
    assert satellite.rig.said() == [muted(True)]


def test_nothing_was_recorded_before_streaming_began(satellite: Satellite) -> None:
    satellite.send("streaming-stopped")
    satellite.send("voice-stopped", timestamp=None)
    satellite.send("transcript", text="of an automation")
    assert satellite.rig.said() == []


def test_any_event_but_those_of_an_end_shows_that_home_assistant_is_there() -> None:
    satellite = Satellite()
    satellite.rig.said()
    satellite.send("satellite-disconnected")
    satellite.send("streaming-stopped")
    assert satellite.rig.said() == []
    satellite.send("audio-start", rate=22050, width=2, channels=1)
    assert satellite.rig.types() == ["mycroft.ready", "recognizer_loop:audio_output_start"]


def test_an_announcement_is_spoken_until_it_was_played(satellite: Satellite) -> None:
    satellite.send("audio-start", rate=22050, width=2, channels=1)
    satellite.send("audio-stop")
    assert satellite.rig.types() == ["recognizer_loop:audio_output_start"]
    satellite.send("played")
    assert satellite.rig.types() == ["recognizer_loop:audio_output_end"]
