"""What the eyes show between conversations: timers, and Home Assistant's light."""

import pytest

from bridges.effects import EFFECTS
from bridges.voice.assistant import Conversation
from bridges.voice.eyes import LATE_S, MAX_TIMERS, PIXELS
from tests.bridges.voice.rig import Rig, Said, connected

RED = {"r": 1.0, "g": 0.0, "b": 0.0}
RESET: Said = ("enclosure.eyes.reset", {})


def set_light(rig: Rig, *, on: bool = True, brightness: float = 0.5, effect: str = "open") -> list[Said]:
    rig.assistant.light(on=on, brightness=brightness, color=RED, effect=effect)
    return rig.said()


def test_a_light_has_its_level_first_then_its_colour() -> None:
    assert set_light(connected()) == [
        ("enclosure.eyes.level", {"level": 15}),
        ("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0}),
        ("enclosure.eyes.on", {}),
    ]


def test_a_light_that_is_on_is_never_dark() -> None:
    assert set_light(connected(), brightness=0.001)[0] == ("enclosure.eyes.level", {"level": 1})


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_is_a_message(effect: str) -> None:
    msg_type, _ = set_light(connected(), effect=effect)[-1]
    assert msg_type == ("enclosure.eyes.on" if effect == "open" else EFFECTS[effect][0].name)


def test_an_effect_that_is_not_known_is_none() -> None:
    assert set_light(connected(), effect="disco")[-1] == ("enclosure.eyes.on", {})


def test_eyes_that_are_off_open_for_a_conversation() -> None:
    rig = connected()
    assert set_light(rig, on=False) == [("enclosure.eyes.off", {})]
    rig.assistant.go(Conversation.LISTENING)
    assert rig.said()[0] == RESET
    assert set_light(rig, on=False) == [], "the light waits for the end"
    rig.assistant.go(Conversation.IDLE)
    assert rig.said()[-1] == ("enclosure.eyes.off", {})


def test_a_conversation_leaves_eyes_alone_that_show_nothing() -> None:
    rig = connected()
    rig.assistant.go(Conversation.LISTENING)
    rig.assistant.go(Conversation.IDLE)
    assert rig.types() == ["recognizer_loop:record_begin", "recognizer_loop:record_end"]


@pytest.mark.parametrize("total_s", [5, 60, 3600])
def test_a_countdown_sends_each_step_once_and_ends(total_s: float) -> None:
    rig = connected()
    rig.assistant.count_down("t", total_s, total_s)
    rig.wait(total_s + LATE_S + 1)
    *steps, last = rig.said()
    percentages = [data["percentage"] for _, data in steps]
    assert percentages == sorted(percentages, reverse=True)
    assert (percentages[0], percentages[-1]) == (100, 0)
    assert len(percentages) == len({*percentages}) <= min(PIXELS, total_s + 2)
    assert last == RESET, "it has never rung"


def test_a_countdown_is_halfway_at_half_of_its_time() -> None:
    rig = connected()
    rig.assistant.count_down("t", 100, 100)
    rig.wait(50)
    assert rig.said()[-1] == ("enclosure.eyes.fill", {"percentage": pytest.approx(52.2, abs=4.4)})


def test_a_countdown_makes_room_for_a_conversation_and_goes_on_after_it() -> None:
    rig = connected()
    rig.assistant.count_down("t", 60, 60)
    rig.assistant.go(Conversation.LISTENING)
    rig.said()
    rig.wait(30)
    assert rig.said() == []
    rig.assistant.go(Conversation.IDLE)
    assert rig.said()[-1][1]["percentage"] == pytest.approx(50, abs=5)


def test_of_several_timers_the_one_that_ends_next_is_shown() -> None:
    rig = connected()
    rig.assistant.count_down("long", 3600, 3600)
    rig.assistant.count_down("short", 10, 60)
    rig.assistant.count_down("short", 30)  # someone has added time
    assert rig.said()[-1] == ("enclosure.eyes.fill", {"percentage": 52.2})
    rig.assistant.timer_gone("short")
    assert rig.said() == [("enclosure.eyes.fill", {"percentage": 100.0})]


def test_a_timer_that_rings_spins_the_eyes_and_then_shows_the_next() -> None:
    rig = connected()
    rig.assistant.count_down("long", 3600, 3600)
    rig.said()
    rig.assistant.ring("short", 10)
    rig.wait(11)
    assert rig.types() == ["enclosure.eyes.spin", "enclosure.eyes.fill"]


def test_the_number_of_timers_is_limited() -> None:
    rig = connected()
    for number in range(10 * MAX_TIMERS):
        rig.assistant.count_down(f"{number}" * 1000, 60, 60)
    assert len(rig.assistant._eyes._timers) == MAX_TIMERS
    assert max(map(len, rig.assistant._eyes._timers)) <= 100
