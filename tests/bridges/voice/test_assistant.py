"""What the bridge says in the place of an assistant, and what it asks of the satellite."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.voice.assistant import (
    AWAY_S,
    ENCLOSURE,
    LONGEST_S,
    NO_HOME,
    NO_SATELLITE,
    SOURCE,
    Conversation,
    SatelliteRequest,
)
from bus.contract.ours import PRIVILEGED
from bus.message import Message
from tests.bridges.voice.rig import Rig, connected

PHASES = st.lists(st.sampled_from(Conversation))


@given(PHASES)
def test_each_begin_has_its_end_whatever_the_phases(phases: list[Conversation]) -> None:
    rig = connected()
    for phase in (*phases, Conversation.IDLE):
        rig.assistant.go(phase)
    said = rig.types()
    recordings = [name for name in said if "record_" in name]
    assert recordings == ["recognizer_loop:record_begin", "recognizer_loop:record_end"] * (len(recordings) // 2)
    assert said.count("recognizer_loop:audio_output_start") <= said.count("recognizer_loop:audio_output_end")


@pytest.mark.parametrize(("phase", "longest_s"), LONGEST_S.items())
def test_a_phase_whose_end_is_never_reported_ends(phase: Conversation, longest_s: float) -> None:
    rig = connected()
    rig.assistant.go(phase)
    rig.wait(longest_s - 1)
    assert rig.assistant.phase is phase
    rig.wait(2)
    assert rig.assistant.phase is Conversation.IDLE


def test_all_that_is_said_names_its_source_and_needs_no_rights() -> None:
    rig = connected()
    rig.assistant.light(on=True, brightness=1, color={"r": 1, "g": 0, "b": 0}, effect="spin")
    for phase in Conversation:
        rig.assistant.go(phase)
    rig.assistant.failed()
    assert rig.assistant.messages
    assert {message.context["source"] for message in rig.assistant.messages} == {SOURCE}
    assert not PRIVILEGED.intersection(rig.types())


# A press.


def test_a_press_listens() -> None:
    rig = connected()
    rig.receive("mycroft.mic.listen")
    assert rig.asked() == [SatelliteRequest.LISTEN]


@pytest.mark.parametrize("phase", [Conversation.LISTENING, Conversation.THINKING, Conversation.SPEAKING])
def test_a_press_in_a_conversation_ends_it(phase: Conversation) -> None:
    rig = connected()
    rig.assistant.go(phase)
    rig.receive("mycroft.mic.listen")
    rig.receive("mycroft.stop")
    assert rig.asked() == [SatelliteRequest.STOP, SatelliteRequest.STOP]
    assert rig.assistant.phase is phase, "until the satellite says so"


def test_a_press_while_a_timer_rings_ends_the_ringing() -> None:
    rig = connected()
    rig.assistant.ring("t", 900)
    rig.receive("mycroft.mic.listen")
    rig.receive("mycroft.stop")
    assert rig.asked() == [SatelliteRequest.STOP_RINGING, SatelliteRequest.STOP_RINGING]
    rig.assistant.stop_ringing()
    assert rig.types() == ["enclosure.eyes.spin", "enclosure.eyes.reset"]


@pytest.mark.parametrize("msg_type", ["mycroft.mic.listen", "mycroft.stop"])
def test_a_press_ends_the_spin_where_the_ringing_cannot_be_ended(msg_type: str) -> None:
    rig = connected({SatelliteRequest.STOP_RINGING: "no"})
    rig.assistant.ring("t", 10)
    rig.receive(msg_type)
    assert rig.types() == ["enclosure.eyes.spin", "enclosure.eyes.reset"]


def test_a_stop_without_a_conversation_ends_playback() -> None:
    rig = connected()
    rig.receive("mycroft.stop")
    assert rig.asked() == [SatelliteRequest.STOP_PLAYBACK]


@pytest.mark.parametrize(("found", "text"), [(True, NO_HOME), (False, NO_SATELLITE)])
def test_a_press_without_home_assistant_shows_what_is_missing(found: bool, text: str) -> None:
    rig = Rig()
    if found:
        rig.assistant.found()
    rig.receive("mycroft.mic.listen")
    assert rig.asked() == []
    assert ("enclosure.mouth.text", {"text": text, "repeat": False}) in rig.said()


def test_what_the_satellite_cannot_do_is_a_failure_with_the_reason() -> None:
    rig = connected({SatelliteRequest.LISTEN: "voice.wake_uri is not set"})
    rig.receive("mycroft.mic.listen", source="skill")
    [answer] = rig.assistant.messages
    assert (answer.msg_type, answer.data) == ("mycroft.mic.listen.failed", {"error": "voice.wake_uri is not set"})
    assert answer.context["destination"] == "skill"


def test_what_is_of_another_session_or_a_second_time_is_ignored() -> None:
    rig = connected()
    for context in ({"session": {"session_id": "remote"}}, {"_namespace_compat_twin": True}):
        rig.assistant.read(Message("mycroft.mic.listen", {}, context))
        rig.assistant.read(Message("mycroft.mic.get_status", {}, context))
    assert (rig.asked(), rig.said()) == ([], [])


def test_both_names_of_a_message_count() -> None:
    rig = connected()
    rig.receive("ovos.mic.listen")
    assert rig.asked() == [SatelliteRequest.LISTEN]
    assert {"ovos.mic.listen", "ovos.stop", "connected"} < {*rig.assistant.patterns}


# The knob.


def test_a_knob_whose_turn_changed_the_sound_card_leaves_the_satellite_alone() -> None:
    rig = connected()
    done = {"source": ENCLOSURE, "session": {"session_id": "mycroft_enclosure.done"}}
    rig.assistant.read(Message("mycroft.volume.increase", {}, done))
    rig.receive("mycroft.volume.increase", source="skill")
    assert rig.asked() == []


def test_a_knob_without_a_sound_card_changes_the_volume_of_the_satellite_and_shows_it() -> None:
    rig = connected()
    rig.assistant.volume(0.3)  # from Home Assistant
    assert rig.said() == []
    rig.receive("mycroft.volume.increase")
    rig.receive("mycroft.volume.decrease")
    assert rig.asked() == [SatelliteRequest.LOUDER, SatelliteRequest.QUIETER]
    rig.assistant.volume(0.5)
    rig.assistant.volume(0.7)
    assert rig.said() == [("enclosure.eyes.volume", {"volume": 6})]


# The microphone.


def test_a_mute_is_asked_for_and_shown_when_the_satellite_reports_it() -> None:
    rig = connected()
    rig.receive("mycroft.mic.mute.toggle")
    assert (rig.asked(), rig.said()) == ([SatelliteRequest.MUTE], [])
    rig.assistant.muted(True)
    assert rig.said() == [("mycroft.mic.get_status.response", {"muted": True})]
    rig.receive("mycroft.mic.mute.toggle")
    assert rig.asked() == [SatelliteRequest.UNMUTE]


def test_a_mute_that_all_have_seen_is_not_said_again() -> None:
    rig = connected()
    rig.receive("mycroft.mic.mute", source="skill")
    rig.assistant.muted(True)
    assert rig.said() == []


def test_a_mute_that_did_not_happen_is_contradicted() -> None:
    rig = connected()
    rig.receive("mycroft.mic.mute", source="skill")
    rig.assistant.muted(False)
    assert rig.said() == [("mycroft.mic.get_status.response", {"muted": False})]


def test_a_mute_that_is_impossible_fails_and_is_contradicted() -> None:
    rig = connected({SatelliteRequest.MUTE: "no proxy"})
    rig.receive("mycroft.mic.mute", source="skill")
    assert rig.said() == [
        ("mycroft.mic.mute.failed", {"error": "no proxy"}),
        ("mycroft.mic.get_status.response", {"muted": False}),
    ]


def test_a_switch_that_cuts_the_microphone_is_never_contradicted() -> None:
    """The enclosure would answer with a mute, and so on without an end."""
    rig = connected({SatelliteRequest.MUTE: "no proxy"})
    rig.receive("mycroft.mic.mute")
    assert rig.types() == ["mycroft.mic.mute.failed"]


def test_a_mute_while_home_assistant_is_away_is_asked_for_again_when_it_is_back() -> None:
    rig = connected()
    rig.assistant.home(False)
    rig.receive("mycroft.mic.mute")
    assert rig.asked() == [SatelliteRequest.MUTE]
    rig.assistant.home(True)
    assert rig.asked() == [SatelliteRequest.MUTE]
    rig.assistant.muted(True)
    rig.assistant.home(False)
    rig.assistant.home(True)
    assert rig.asked() == []


def test_a_mute_ends_what_was_said() -> None:
    rig = connected()
    rig.assistant.go(Conversation.LISTENING)
    rig.assistant.muted(True)
    assert rig.types() == [
        "recognizer_loop:record_begin",
        "recognizer_loop:record_end",
        "mycroft.mic.get_status.response",
    ]


def test_the_state_of_the_microphone_is_answered_once_it_is_known() -> None:
    rig = Rig()
    rig.assistant.found()
    rig.receive("mycroft.mic.get_status")
    assert rig.said() == []
    rig.assistant.muted(True)
    rig.said()
    rig.receive("mycroft.mic.get_status")
    assert rig.said() == [("mycroft.mic.get_status.response", {"muted": True})]


# Start and end.


def test_the_device_is_ready_once_home_assistant_is_there() -> None:
    rig = Rig()
    rig.assistant.found()
    rig.receive("mycroft.voice.is_ready")
    rig.receive("mycroft.voice.is_alive")
    assert rig.said() == [
        ("mycroft.voice.is_ready.response", {"status": False}),
        ("mycroft.voice.is_alive.response", {"status": True}),
    ]
    rig.assistant.home(True)
    rig.assistant.home(True)
    assert rig.types() == ["mycroft.ready"]


def test_ready_is_reported_to_the_bus_once() -> None:
    rig = connected()
    rig.assistant.lost()
    rig.assistant.found()
    rig.assistant.home(True)
    assert rig.said() == []
    rig.receive("connected")
    assert rig.types() == ["mycroft.ready"]


def test_an_enclosure_that_starts_later_need_not_wait_for_skills() -> None:
    rig = connected()
    rig.receive("mycroft.voice.is_ready")
    assert rig.types() == ["mycroft.voice.is_ready.response", "mycroft.ready"]
    rig.receive("mycroft.voice.is_ready", source="skill")
    assert rig.types() == ["mycroft.voice.is_ready.response"]


def test_all_states_are_reported_to_a_new_bus() -> None:
    rig = connected()
    rig.assistant.count_down("t", 60, 60)
    rig.assistant.go(Conversation.SPEAKING)
    rig.said()
    rig.receive("connected")
    assert rig.types() == [
        "mycroft.mic.get_status.response",
        "mycroft.ready",
        "recognizer_loop:audio_output_start",
    ]
    rig.assistant.go(Conversation.IDLE)
    rig.said()
    rig.receive("connected")
    assert rig.types()[-1] == "enclosure.eyes.fill"


def test_a_conversation_ends_with_its_satellite() -> None:
    rig = connected()
    rig.assistant.go(Conversation.LISTENING)
    rig.assistant.lost()
    assert rig.types() == ["recognizer_loop:record_begin", "recognizer_loop:record_end"]
    rig.receive("mycroft.mic.get_status")
    assert rig.said() == [], "not known any more"


def test_home_assistant_that_stays_away_is_shown_once() -> None:
    rig = connected()
    rig.assistant.home(False)
    rig.wait(AWAY_S - 1)
    assert rig.said() == []
    rig.wait(3600)
    assert rig.said() == [("enclosure.mouth.text", {"text": NO_HOME, "repeat": False})]


def test_a_short_absence_of_home_assistant_is_not_shown() -> None:
    rig = connected()
    rig.assistant.home(False)
    rig.wait(AWAY_S / 2)
    rig.assistant.home(True)
    rig.wait(3600)
    assert rig.said() == []


def test_a_failure_without_a_conversation_is_an_old_one() -> None:
    rig = connected()
    rig.assistant.failed()
    assert rig.said() == []
