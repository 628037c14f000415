from dataclasses import replace

import pytest

from enclosure.activity import Activity, Leaving
from enclosure.display import (
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesFill,
    EyesLevel,
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
    assert scene.next_s(5, 0.05) is None


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
    assert scene.next_s(6.0, 0.05) is None


def test_a_question_covers_all_else() -> None:
    scene = LedScene()
    scene.ask(True, 0.0)
    scene.show_volume(1.0, 0.0)
    scene.notify(0.0)
    assert shows(scene, looks.QUESTION, 0.1)
    scene.ask(False, 0.2)
    assert shows(scene, Look(looks.WHITE), 0.3)


def test_skill_content_without_an_end_does_not_hide_that_the_microphone_is_off() -> None:
    scene = LedScene()
    scene.show(EyesAction.ON, 0.0)
    scene.indicate(replace(IDLE, muted=True), 1.0)
    assert shows(scene, looks.MUTED, 2.0)
    scene.show(LightsAnimation("chase", None, 5.0), 3.0)
    assert shows(scene, Look(looks.BLUE, Animation.CHASE), 4.2, 3.0)
    assert shows(scene, looks.MUTED, 9.0)


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
    scene.show(EyesTimedSpin(500), 3.0)
    assert shows(scene, Look((10, 20, 30), Animation.CHASE), 3.4, 3.0)
    assert scene.frame(3.6, COUNT) == DARK
    scene.show(EyesVolume(11), 4.0)
    assert shows(scene, Look(looks.WHITE), 4.1)
    scene.show(EyesAction.RESET, 5.0)
    assert scene.frame(9.0, COUNT) == DARK


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
