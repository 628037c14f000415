"""The peripheral API of linux-voice-assistant."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.voice.assistant import Conversation, SatelliteRequest
from bridges.voice.errors import SatelliteError
from bridges.voice.peripheral import Peripheral, command, registration
from tests.bridges.voice.rig import Rig, connected

TIMER = {"id": "t", "name": "tea", "total_seconds": 60, "seconds_left": 60}
LIGHT = {"object_id": "eyes", "state": True, "brightness": 1.0, "red": 0, "green": 1, "blue": 0, "effect": "spin"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
EVENTS = st.sampled_from(
    [
        *("snapshot", "zeroconf", "disconnected", "wake_word_detected", "listening", "stt_text", "thinking"),
        *("tts_text", "tts_speaking", "tts_finished", "idle", "pipeline_error", "muted", "volume_changed"),
        *("timer_ticking", "timer_updated", "timer_ringing", "light_command", "media_player_playing", "new"),
    ]
)
FIELDS = st.sampled_from([*TIMER, *LIGHT, "muted", "volume", "ha_connected", "status"])


class Api:
    """A connection of the satellite."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._peripheral = Peripheral(rig.assistant)

    def send(self, event: str, **data: Any) -> None:
        self._peripheral.read(json.dumps({"event": event, "data": data} if data else {"event": event}).encode())


@pytest.fixture
def api() -> Api:
    return Api(connected())


@settings(max_examples=40)
@given(st.lists(st.tuples(EVENTS, st.none() | st.dictionaries(FIELDS, VALUES, max_size=8)), max_size=20))
def test_whatever_the_data_the_messages_are_of_the_contract(sent: list[tuple[str, dict[str, Any] | None]]) -> None:
    api = Api(Rig())
    for event, data in sent:
        api.send(event, **(data or {}))
        api.rig.said()  # checks each
        api.rig.wait(1)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"event": 1}',
        b'{"event": "' + b"x" * 101 + b'"}',
        b'{"event": "idle", "data": []}',
        b'{"event": "\xff"}',
        b'{"event": "idle", "data": ' + b'{"a":' * 20_000,
        b"\x00\x01",
    ],
)
def test_a_text_that_is_no_event_is_refused(api: Api, text: bytes) -> None:
    with pytest.raises(SatelliteError):
        api._peripheral.read(text)


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("muted", {"muted": "yes"}),
        ("light_command", {**LIGHT, "brightness": 2}),
        ("light_command", {**LIGHT, "red": "x"}),
        ("timer_ticking", {**TIMER, "seconds_left": -1}),
        ("timer_ticking", {**TIMER, "seconds_left": 1e300}),
        ("timer_ticking", {**TIMER, "id": 5}),
        ("volume_changed", {}),
    ],
)
def test_wrong_data_are_logged_once_and_ignored(
    api: Api, caplog: pytest.LogCaptureFixture, event: str, data: dict[str, Any]
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        api.send(event, **data)
    assert api.rig.said() == []
    assert caplog.text.count(f"the satellite's event {event} is ignored") == 1


def test_an_event_that_is_not_known_is_ignored(api: Api) -> None:
    api.send("button_switch_added_later", on=True)
    api.send("media_player_playing")
    assert api.rig.said() == []


def test_the_light_of_another_peripheral_is_ignored(api: Api) -> None:
    api.send("light_command", **{**LIGHT, "object_id": "ring"})
    assert api.rig.said() == []


def test_a_snapshot_says_whether_home_assistant_is_there() -> None:
    api = Api(Rig())
    api.send("snapshot", muted=True, volume=0.5, ha_connected=True, last_stt_text=None, last_tts_text=None)
    assert api.rig.types() == ["mycroft.mic.get_status.response", "mycroft.ready"]
    api.send("disconnected")
    api.send("zeroconf", status="getting_started")
    assert api.rig.said() == []
    api.rig.receive("mycroft.voice.is_ready", source="skill")
    api.send("zeroconf", status="connected")
    api.rig.receive("mycroft.voice.is_ready", source="skill")
    assert [data for _, data in api.rig.said()] == [{"status": False}, {"status": True}]


def test_a_timer_that_is_repeated_after_the_snapshot_is_not_counted_down(api: Api) -> None:
    api.send("snapshot", muted=False, ha_connected=True)
    api.send("timer_ticking", **TIMER)
    assert api.rig.said() == []
    api.send("timer_ticking", **TIMER)
    assert api.rig.types() == ["enclosure.eyes.fill"]


def test_the_idle_that_ends_a_conversation_leaves_its_timer(api: Api) -> None:
    for event in ("listening", "stt_text", "thinking"):
        api.send(event)
    api.send("timer_ticking", **TIMER)
    for event in ("tts_text", "tts_speaking", "tts_finished", "idle"):
        api.send(event)
    assert api.rig.types()[-1] == "enclosure.eyes.fill"


def test_the_idle_that_ends_a_mute_leaves_the_timer(api: Api) -> None:
    api.send("timer_ticking", **TIMER)
    api.send("muted", muted=True)
    api.send("muted", muted=False)
    api.send("idle")
    assert "enclosure.eyes.reset" not in api.rig.types()


def test_the_idle_in_a_conversation_is_a_timer_that_was_cancelled(api: Api) -> None:
    api.send("timer_ticking", **TIMER)
    for event in ("listening", "stt_text", "thinking", "idle"):
        api.send(event)
    assert api.rig.assistant.phase is Conversation.THINKING
    for event in ("tts_speaking", "tts_finished", "idle"):
        api.send(event)
    assert api.rig.types()[-1] == "recognizer_loop:audio_output_end", "and no countdown"


def test_the_idle_after_the_ringing_leaves_the_other_timers(api: Api) -> None:
    api.send("timer_ticking", **{**TIMER, "id": "other"})
    api.send("timer_ringing", **{**TIMER, "seconds_left": 0})
    api.send("idle")
    assert api.rig.types() == ["enclosure.eyes.fill", "enclosure.eyes.spin", "enclosure.eyes.fill"]


def test_a_wake_word_ends_the_ringing(api: Api) -> None:
    api.send("timer_ringing", **{**TIMER, "seconds_left": 0})
    api.send("wake_word_detected")
    api.send("listening")
    assert api.rig.types() == [
        "enclosure.eyes.spin",
        "recognizer_loop:wakeword",
        "enclosure.eyes.reset",
        "recognizer_loop:record_begin",
    ]


def test_a_continued_conversation_listens_again(api: Api) -> None:
    for event in ("tts_speaking", "tts_finished", "listening"):
        api.send(event)
    assert api.rig.assistant.phase is Conversation.LISTENING


@pytest.mark.parametrize("request_", SatelliteRequest)
def test_each_request_is_a_command(request_: SatelliteRequest) -> None:
    assert set(json.loads(command(request_))) == {"command"}


def test_the_eyes_are_registered_as_a_light_with_effects() -> None:
    sent = json.loads(registration())
    assert sent["command"] == "register_light"
    assert (sent["data"]["object_id"], sent["data"]["effects"][:2]) == ("eyes", ["open", "spin"])
