import math
from dataclasses import replace

import pytest

from enclosure.activity import Activity, Leaving
from enclosure.display import (
    Command,
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesFill,
    EyesLevel,
    EyesLook,
    EyesPixel,
    EyesTimedSpin,
    EyesVolume,
    LightsAnimation,
    LightsBrightness,
    LightsError,
    LightsFeedback,
    MouthText,
)
from enclosure.leds import scene as looks
from enclosure.leds.looks import BLACK, Animation, Look, frame
from enclosure.leds.scene import LedScene, look_of

COUNT = 12
DARK = (BLACK,) * COUNT
IDLE = Activity()


def shows(scene: LedScene, look: Look, now_s: float, since_s: float = 0.0) -> bool:
    return scene.frame(now_s, COUNT) == frame(look, now_s - since_s, COUNT)


def test_an_idle_assistant_is_dark_and_needs_no_more_frames() -> None:
    scene = LedScene()
    assert scene.frame(5, COUNT) == DARK
    assert scene.next_s(5, 0.05) == math.inf


@pytest.mark.parametrize(
    ("activity", "look"),
    [
        (IDLE, None),
        (replace(IDLE, asleep=True), None),
        (replace(IDLE, booting=True), looks.BOOTING),
        (replace(IDLE, recording=True), looks.LISTENING),
        (replace(IDLE, thinking=True), looks.THINKING),
        (replace(IDLE, speaking=True), looks.SPEAKING),
        (replace(IDLE, muted=True), looks.MUTED),
        (replace(IDLE, muted=True, asleep=True), looks.MUTED),
        (replace(IDLE, muted=True, booting=True), looks.MUTED),
        (replace(IDLE, muted=True, speaking=True), looks.MUTED),
        (replace(IDLE, muted=True, updating=True), looks.MUTED),
        (replace(IDLE, muted=True, wifi_setup=True), looks.MUTED),
        (replace(IDLE, offline=True), looks.OFFLINE),
        (replace(IDLE, offline=True, speaking=True), looks.SPEAKING),
        (replace(IDLE, updating=True), looks.UPDATING),
        (replace(IDLE, wifi_setup=True), looks.WIFI_SETUP),
        (replace(IDLE, leaving=Leaving.REBOOT, muted=True), looks.LEAVING),
    ],
)
def test_each_activity_has_its_look(activity: Activity, look: Look | None) -> None:
    assert look_of(activity) == look


def test_a_motion_goes_on_while_other_parts_of_the_activity_change() -> None:
    scene = LedScene()
    scene.indicate(replace(IDLE, thinking=True), 0.0)
    scene.indicate(replace(IDLE, thinking=True, playing=True), 0.7)
    assert shows(scene, looks.THINKING, 1.0)


def test_lasting_looks_come_back_after_passing_ones() -> None:
    scene = LedScene()
    scene.indicate(replace(IDLE, muted=True), 0.0)
    scene.show_volume(0.5, 1.0)
    assert shows(scene, Look(looks.WHITE, level=0.5), 2.0)
    assert scene.next_s(2.0, 0.05) == 4.0
    scene.show(LightsError(), 4.5)
    assert shows(scene, looks.ERROR, 4.6, 4.5)
    assert shows(scene, looks.MUTED, 6.0)
    assert scene.next_s(6.0, 0.05) == math.inf


def test_a_question_covers_all_else() -> None:
    scene = LedScene()
    scene.ask(True, 0.0)
    scene.show_volume(1.0, 0.0)
    scene.notify(0.0)
    assert shows(scene, looks.QUESTION, 0.1)
    scene.ask(False, 0.2)
    assert shows(scene, Look(looks.WHITE), 0.3)


@pytest.mark.parametrize(
    "command",
    [
        EyesAction.ON,
        EyesAction.SPIN,
        EyesPixel(0, EyesColor(0, 255, 0)),
        EyesBlink("b"),
        EyesTimedSpin(32_767),
        LightsAnimation("chase", None, 30.0),
        LightsFeedback("awake"),
        LightsFeedback("thinking"),
    ],
)
def test_no_skill_content_hides_that_the_microphone_is_off(command: Command) -> None:
    scene = LedScene()
    scene.show(command, 0.0)
    scene.indicate(replace(IDLE, muted=True), 0.0)
    scene.show(command, 0.1)
    assert shows(scene, looks.MUTED, 0.2)
    assert scene.next_s(0.2, 0.05) == math.inf


def test_skill_content_is_back_when_the_microphone_is_on_again() -> None:
    scene = LedScene()
    scene.indicate(replace(IDLE, muted=True), 0.0)
    scene.show(EyesTimedSpin(30_000), 1.0)
    scene.indicate(IDLE, 2.0)
    assert shows(scene, Look(looks.BLUE, Animation.CHASE), 3.3, 1.0)


def test_the_eyes_of_a_mark_1_are_shown_as_far_as_a_ring_can() -> None:
    scene = LedScene()
    scene.show(EyesColor(10, 20, 30), 0.0)
    scene.show(MouthText("hello"), 0.0)
    assert scene.frame(0.0, COUNT) == DARK
    scene.show(EyesAction.ON, 0.0)
    assert scene.frame(1.0, COUNT) == ((10, 20, 30),) * COUNT
    scene.show(EyesFill(11), 0.0)
    assert shows(scene, Look((10, 20, 30), level=0.5), 1.0)
    scene.show(EyesAction.SPIN, 1.0)
    assert shows(scene, Look((10, 20, 30), Animation.CHASE), 1.7, 1.0)
    scene.show(EyesBlink("b"), 2.0)
    assert scene.frame(2.1, COUNT) == DARK
    scene.show(EyesAction.OFF, 3.0)
    scene.show(EyesTimedSpin(500), 3.0)
    assert shows(scene, Look((10, 20, 30), Animation.CHASE), 3.4, 3.0)
    assert scene.frame(3.6, COUNT) == DARK
    scene.show(EyesVolume(11), 4.0)
    assert shows(scene, Look(looks.WHITE), 4.1)
    scene.show(EyesAction.RESET, 5.0)
    assert scene.frame(9.0, COUNT) == DARK


def test_skill_content_comes_back_after_what_passes_and_is_replaced_by_what_lasts() -> None:
    scene = LedScene()
    lit = Look(looks.BLUE)
    scene.show(EyesAction.ON, 0.0)
    scene.show(EyesBlink("b"), 1.0)
    assert scene.frame(1.1, COUNT) == DARK
    assert shows(scene, lit, 1.4)
    scene.show(LightsAnimation("chase", None, 5.0), 2.0)
    assert shows(scene, lit, 7.1)
    scene.show(EyesTimedSpin(30_000), 8.0)
    scene.show(EyesAction.SPIN, 9.0)
    assert shows(scene, Look(looks.BLUE, Animation.CHASE), 9.3, 9.0)
    scene.show(EyesAction.OFF, 10.0)
    assert scene.frame(10.0, COUNT) == DARK


def test_a_blink_of_dark_leds_is_a_flash() -> None:
    scene = LedScene()
    scene.show(EyesBlink("b"), 0.0)
    assert shows(scene, Look(looks.BLUE), 0.1)
    assert scene.frame(0.4, COUNT) == DARK


def test_a_new_colour_is_seen_at_once_on_what_is_shown_in_the_old_one() -> None:
    scene = LedScene()
    scene.show(EyesAction.ON, 0.0)
    scene.show(LightsAnimation("breathe", EyesColor(9, 9, 9), 5.0), 0.0)
    scene.show(EyesColor(1, 2, 3), 1.0)
    assert shows(scene, Look((9, 9, 9), Animation.BREATHE), 2.0)
    assert shows(scene, Look((1, 2, 3)), 6.0)


@pytest.mark.parametrize(
    ("side", "ring", "strip"),
    [
        ("u", {11, 0, 1}, {0}),
        ("r", {2, 3, 4}, {1}),
        ("d", {5, 6, 7}, {1, 2}),
        ("l", {8, 9, 10}, {2}),
        ("c", {2, 3, 4, 8, 9, 10}, {1, 2}),
    ],
)
def test_a_look_to_a_side_lights_that_side(side: str, ring: set[int], strip: set[int]) -> None:
    scene = LedScene()
    scene.show(EyesLook(side), 0.0)
    for count, lit in ((12, ring), (3, strip), (1, {0})):
        assert {place for place, led in enumerate(scene.frame(0.0, count)) if led == looks.BLUE} == lit
    scene.show(EyesAction.UNLOOK, 1.0)
    assert scene.frame(1.0, COUNT) == DARK


def test_narrowed_eyes_are_a_slit_until_they_open() -> None:
    scene = LedScene()
    scene.show(EyesAction.NARROW, 0.0)
    assert [led != BLACK for led in scene.frame(0.0, 12)].count(True) == 6
    scene.show(EyesAction.WIDEN, 1.0)
    assert scene.frame(1.0, COUNT) == DARK


def test_pixels_have_colours_of_their_own_and_both_eyes_share_a_row() -> None:
    scene = LedScene()
    for index in (0, 3, 17):
        scene.show(EyesPixel(index, EyesColor(index + 1, 0, 0)), 0.0)
    ring = [BLACK] * 12
    ring[0], ring[3], ring[5] = (1, 0, 0), (4, 0, 0), (18, 0, 0)
    assert scene.frame(0.0, 12) == tuple(ring)
    assert scene.frame(0.0, 3) == ((4, 0, 0), (18, 0, 0), BLACK)
    assert scene.frame(0.0, 1) == ((18, 0, 0),)
    scene.show(EyesPixel(12, EyesColor(7, 7, 7)), 1.0)
    assert scene.frame(1.0, 12)[0] == (7, 7, 7)
    assert scene.next_s(1.0, 0.05) == math.inf
    scene.show(EyesAction.ON, 2.0)
    assert shows(scene, Look(looks.BLUE), 2.0)


def test_the_brightness_is_that_of_eyes_and_screen() -> None:
    scene = LedScene()
    scene.show(EyesLevel(15), 0.0)
    assert scene.brightness == 0.5
    scene.show(LightsBrightness(0.1), 0.0)
    assert scene.brightness == 0.1


def test_an_animation_has_neons_names_and_an_end() -> None:
    scene = LedScene()
    scene.show(LightsAnimation("bounce", EyesColor(1, 2, 3), 3600), 0.0)
    assert shows(scene, Look((1, 2, 3), Animation.BOUNCE), 29.0)
    assert scene.frame(looks.ANIMATION_MAX_S, COUNT) == DARK


@pytest.mark.parametrize(
    ("state", "look"),
    [
        ("awake", looks.LISTENING),
        ("thinking", looks.THINKING),
        ("volume_5", Look(looks.WHITE, level=0.5)),
        ("asleep", Look(BLACK)),
        ("volume_x", Look(BLACK)),
        ("dancing", Look(BLACK)),
    ],
)
def test_the_states_of_a_mark_2_have_looks(state: str, look: Look) -> None:
    scene = LedScene()
    scene.show(LightsFeedback(state), 0.0)
    assert shows(scene, look, 1.3)
