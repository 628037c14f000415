"""What the layers of the eyes show, drawn by the firmware's stand-in."""

from collections.abc import Sequence

import pytest

from enclosure.activity import Activity, Leaving
from enclosure.display import (
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesCommand,
    EyesFill,
    EyesLevel,
    EyesLook,
    EyesPixel,
    EyesTimedSpin,
    EyesVolume,
)
from enclosure.faceplate.eyes import ASLEEP_LEVEL, Eyes
from enclosure.faceplate.scene import REFRESH_S
from tests.enclosure.faceplate.board import Board

WHITE = EyesColor(255, 255, 255)
DOWN = "....####........####...."
NARROW = "..##....##....##....##.."
RING = 2 * "######......"
OPEN = 24 * "#"
DARK = 24 * "."
GREY = (70 * 31 >> 8) << 16 | (65 * 31 >> 8) << 8 | (69 * 31 >> 8)
"""The colour of eyes that leave, at level 30."""
RED = 255 * 31 >> 8 << 16


class Face:
    """Eyes on a board, with a mouth that is empty or not."""

    def __init__(self) -> None:
        self.board = Board()
        self.mouth_busy = False
        self.eyes = Eyes(WHITE, EyesLevel(30), lambda: self.board.now, lambda: self.mouth_busy)
        self.board.play(self.eyes.restored())
        self.board.play_for(0.5)

    def show(self, *commands: EyesCommand, for_s: float = 2.0) -> None:
        for command in commands:
            self.board.play(self.eyes.show(command))
            self.board.play_for(for_s)

    def indicate(self, activity: Activity, for_s: float = 2.0) -> None:
        self.board.play(self.eyes.indicate(activity))
        self.board.play_for(for_s)

    def fill_mouth(self) -> None:
        self.mouth_busy = True
        self.board.send("mouth.talk")
        self.board.play(self.eyes.mouth_filled())

    def spins(self) -> bool:
        """Whether one pixel of each eye is lit, and not always the same."""
        seen = set()
        for _ in range(10):
            self.board.play_for(0.1)
            seen.add(self.board.lit)
        return len(seen) > 4 and all(lit.count("#") == 2 for lit in seen)


@pytest.fixture
def face() -> Face:
    return Face()


@pytest.mark.parametrize(
    ("commands", "lit"),
    [
        ([EyesLook("d")], DOWN),
        ([EyesAction.NARROW], NARROW),
        ([EyesAction.OFF], DARK),
        ([EyesFill(5)], "######" + 18 * "."),
        ([EyesAction.OFF, EyesPixel(3, WHITE)], "...#" + 20 * "."),
    ],
)
class TestContent:
    """What a skill shows on the eyes."""

    def test_it_stays_when_it_is_sent_again(self, face: Face, commands: Sequence[EyesCommand], lit: str) -> None:
        face.show(*commands)
        for _ in range(60):
            face.board.play_for(0.5)
            assert face.board.lit == lit

    def test_it_returns_when_the_menu_has_lit_all_pixels(
        self, face: Face, commands: Sequence[EyesCommand], lit: str
    ) -> None:
        face.show(*commands)
        face.board.send("eyes.on")
        assert face.board.lit == OPEN
        face.board.play_for(REFRESH_S)
        assert face.board.lit == lit

    def test_it_returns_after_a_volume_ring(self, face: Face, commands: Sequence[EyesCommand], lit: str) -> None:
        face.show(*commands)
        face.board.play(face.eyes.show_volume(0.45))
        assert face.board.lit == RING
        face.board.play_for(5)
        assert face.board.lit == lit

    def test_it_returns_after_a_new_level(self, face: Face, commands: Sequence[EyesCommand], lit: str) -> None:
        face.show(*commands, EyesLevel(10))
        assert face.board.lit == lit
        assert set(face.board.eyes) <= {0, 10 << 16 | 10 << 8 | 10}

    def test_it_is_all_there_on_a_board_that_was_reset(
        self, face: Face, commands: Sequence[EyesCommand], lit: str
    ) -> None:
        face.show(*commands)
        face.board.restart()
        face.board.play(face.eyes.restored())
        face.board.play_for(2)
        assert face.board.lit == lit

    def test_a_pixel_changes_only_itself(self, face: Face, commands: Sequence[EyesCommand], lit: str) -> None:
        face.show(*commands, EyesPixel(9, WHITE))
        for _ in range(5):
            assert face.board.lit == lit[:9] + "#" + lit[10:]
            face.board.play_for(REFRESH_S)

    @pytest.mark.parametrize(
        "activity",
        [Activity(muted=True), Activity(asleep=True), Activity(booting=True), Activity(leaving=Leaving.REBOOT)],
    )
    def test_an_activity_that_the_eyes_show_takes_its_place(
        self, face: Face, commands: Sequence[EyesCommand], lit: str, activity: Activity
    ) -> None:
        face.indicate(Activity(speaking=True))
        face.show(*commands)
        face.indicate(Activity(recording=True))
        assert face.board.lit == lit
        face.indicate(activity)
        face.indicate(Activity())
        assert face.board.lit == OPEN


def test_a_pixel_opens_no_eyes_that_look_down(face: Face) -> None:
    face.show(EyesLook("d"), EyesPixel(3, WHITE))
    assert face.board.lit == "...#####........####...."  # 3 to 7, and 16 to 19


@pytest.mark.parametrize("after_s", [0, 0.05, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("color", [EyesColor(255, 0, 0), EyesColor(0, 0, 0)])
@pytest.mark.parametrize("before", [EyesAction.RESET, EyesLook("u"), EyesAction.NARROW])
@pytest.mark.parametrize("pose", [*(EyesLook(side) for side in "udlrc"), EyesAction.NARROW])
def test_a_pixel_set_while_the_eyes_still_move_is_right_in_the_end(
    face: Face, pose: EyesCommand, before: EyesCommand, color: EyesColor, after_s: float
) -> None:
    face.show(before)
    face.show(pose, for_s=after_s)
    face.show(EyesPixel(9, color), for_s=1.5)
    wanted = "".join("." if pixel == EyesColor(0, 0, 0) else "#" for pixel in face.eyes.pixels)
    for _ in range(3):
        assert face.board.lit == wanted
        face.board.play_for(REFRESH_S)


def test_a_pixel_ends_a_volume_ring(face: Face) -> None:
    face.show(EyesFill(21))
    face.show(EyesVolume(5), EyesPixel(5, EyesColor(0, 0, 0)), for_s=0.5)
    assert face.board.lit == "#####.################.."


def test_a_pose_after_an_animation_that_was_cut_short_is_right_in_the_end(face: Face) -> None:
    face.show(EyesAction.NARROW)
    face.show(EyesLook("d"), EyesAction.OFF, EyesAction.NARROW, for_s=0.1)  # the firmware keeps the look queued
    face.board.play_for(2 * REFRESH_S)
    assert face.board.lit == NARROW


def test_a_pixel_opens_no_eyes_that_sleep(face: Face) -> None:
    face.indicate(Activity(asleep=True))
    face.show(EyesPixel(3, WHITE))
    assert face.board.lit == "...#####........####...."


def test_sleeping_eyes_are_dim_and_look_down_whatever_the_level(face: Face) -> None:
    face.indicate(Activity(asleep=True), for_s=4)
    assert face.board.lit == DOWN
    face.show(EyesLevel(25))
    assert face.board.lit == DOWN
    assert max(face.board.eyes) == ASLEEP_LEVEL << 16 | ASLEEP_LEVEL << 8 | ASLEEP_LEVEL
    face.indicate(Activity())
    assert set(face.board.eyes) == {25 << 16 | 25 << 8 | 25}


def test_muted_eyes_are_red_whatever_the_colour(face: Face) -> None:
    face.indicate(Activity(muted=True))
    assert set(face.board.eyes) == {RED}
    face.show(EyesColor(0, 0, 255))
    assert set(face.board.eyes) == {RED}
    face.indicate(Activity())
    assert set(face.board.eyes) == {30}


def test_eyes_that_leave_are_grey_and_spin(face: Face) -> None:
    face.indicate(Activity(leaving=Leaving.REBOOT, muted=True))
    assert face.spins()
    assert set(face.board.eyes) == {0, GREY}
    face.board.play_for(100)
    assert face.spins()


def test_eyes_of_a_device_that_goes_off_end_dark(face: Face) -> None:
    face.indicate(Activity(leaving=Leaving.SHUTDOWN))
    assert face.spins()
    face.board.play_for(15)
    assert face.board.lit == DARK


def test_a_boot_spins_until_it_ends_whatever_comes_on_the_mouth(face: Face) -> None:
    face.indicate(Activity(booting=True))
    assert face.spins()
    face.fill_mouth()
    face.board.play_for(2)
    assert face.spins()
    face.board.play_for(100)
    assert face.spins()
    face.indicate(Activity())
    assert face.board.lit == OPEN


def test_a_spin_of_a_skill_ends_when_something_comes_on_the_mouth(face: Face) -> None:
    face.show(EyesAction.SPIN)
    assert face.spins()
    face.fill_mouth()
    face.board.play_for(2)
    assert face.board.lit == OPEN


@pytest.mark.parametrize("command", [EyesVolume(5), EyesLevel(20)])
def test_a_timed_spin_goes_on_after_what_has_covered_it(face: Face, command: EyesCommand) -> None:
    face.show(EyesFill(5))
    face.show(EyesTimedSpin(20_000), command, for_s=5)
    assert face.spins()
    face.board.play_for(12)
    assert face.board.lit == "######" + 18 * "."


@pytest.mark.parametrize("side", "lrb")
def test_a_blink_ends_with_eyes_that_leave_the_knob_alone(face: Face, side: str) -> None:
    face.show(EyesBlink(side), for_s=1)
    assert face.board.lit == OPEN
    assert face.board.lines[-2:] == ["eyes.set=0,16777215", "eyes.color=16777215"]


def test_pixels_are_reported_at_full_brightness(face: Face) -> None:
    face.show(EyesLevel(1), EyesPixel(3, EyesColor(1, 2, 3)))
    assert face.eyes.pixels[3] == EyesColor(1, 2, 3)
    assert face.eyes.pixels[4] == WHITE
