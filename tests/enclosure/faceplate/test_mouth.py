"""What the layers of the mouth show, drawn by the firmware's stand-in."""

from dataclasses import replace

import pytest

from enclosure import artwork
from enclosure.activity import Activity, Leaving
from enclosure.display import (
    EMPTY,
    HEIGHT,
    Bitmap,
    MouthAction,
    MouthCommand,
    MouthFollows,
    MouthIcon,
    MouthText,
    MouthViseme,
    Weather,
)
from enclosure.faceplate.mouth import NOTE, STANDS_S, Mouth
from enclosure.faceplate.scene import REFRESH_S
from enclosure.faceplate.text import drawn, weather_drawn
from tests.enclosure.faceplate.board import Board

LOGO = Bitmap(HEIGHT, tuple(range(3, 35)))
DOT = Bitmap(2, (3, 3))
LOW = MouthIcon(DOT, 15, 5, clear=False)
"""A picture of 2 x 2 in the middle, which leaves the rest as it is."""
WEATHER = Weather("-12", artwork.WEATHER[0])
WIDE_TEXT = "A WIDER TEXT"
LONG_TEXT = "A TEXT OF MORE THAN 24 LETTERS"

MOVING: list[MouthCommand] = [MouthAction.TALK, MouthAction.THINK, MouthAction.LISTEN, MouthViseme(3)]
CONTENT: list[MouthCommand] = [MouthText("hi"), MouthText(WIDE_TEXT), MouthText(LONG_TEXT), WEATHER, LOW]


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def mouth() -> Mouth:
    return Mouth()


def test_a_layer_that_ends_uncovers_the_one_below(board: Board, mouth: Mouth) -> None:
    board.play(mouth.indicate(Activity(playing=True)))
    assert board.mouth == NOTE
    board.play(mouth.indicate(Activity(playing=True, speaking=True)))
    talking = board.mouth
    assert talking not in (EMPTY, NOTE)
    board.play(mouth.show(MouthIcon(LOGO, 0, 0, clear=True)))
    assert board.mouth == LOGO
    board.play(mouth.notify("done"))
    board.wait(0.5)
    assert board.mouth == drawn("DONE")
    board.play(mouth.ask("WIPE?"))
    board.wait(0.5)
    assert board.mouth == drawn("WIPE?")
    board.play(mouth.ask(None))
    board.wait(0.5)
    assert board.mouth == drawn("DONE")
    board.play_for(STANDS_S)
    assert board.mouth == LOGO
    board.play(mouth.show(MouthAction.RESET))
    assert board.mouth == NOTE
    board.play(mouth.indicate(Activity(playing=True)))
    board.play(mouth.indicate(Activity(playing=True, speaking=True)))
    assert board.mouth == talking
    board.play(mouth.indicate(Activity()))
    assert board.mouth == EMPTY


@pytest.mark.parametrize("command", [*MOVING, *CONTENT, MouthAction.RESET, MouthFollows(False)])
def test_nothing_covers_a_question(board: Board, mouth: Mouth, command: MouthCommand) -> None:
    board.play(mouth.ask("WIPE?"))
    board.play_for(0.5)
    assert mouth.show(command) is None
    assert mouth.notify("done") is None
    assert mouth.indicate(Activity(recording=True)) is None
    assert mouth.readable
    board.play_for(REFRESH_S)
    assert board.mouth == drawn("WIPE?")


def test_a_question_is_readable_once_the_firmware_has_drawn_it(board: Board, mouth: Mouth) -> None:
    board.play(mouth.ask("WIPE?"))
    seen = []
    for _ in range(50):
        seen.append((mouth.readable, board.mouth == drawn("WIPE?")))
        board.play_for(0.01)
    assert seen[0] == (False, False)
    assert (True, False) not in seen
    assert seen[-1] == (True, True)
    board.play(mouth.scenes())
    assert not mouth.readable
    board.play(mouth.ask(None))
    assert not mouth.readable


def test_a_wide_question_is_readable_when_it_has_passed_once(board: Board, mouth: Mouth) -> None:
    board.play(mouth.ask(WIDE_TEXT))
    board.play_for(5)
    readable = [mouth.readable]
    board.play_for(10)
    readable.append(mouth.readable)
    assert readable == [False, True]


@pytest.mark.parametrize("moving", MOVING)
def test_reset_ends_what_moves_also_by_itself(board: Board, mouth: Mouth, moving: MouthCommand) -> None:
    board.play(mouth.indicate(Activity(speaking=True)))
    board.play(mouth.show(moving))
    assert board.mouth != EMPTY
    board.play(mouth.show(MouthAction.RESET))
    assert board.mouth == EMPTY
    board.play_for(REFRESH_S)
    assert board.mouth == EMPTY


@pytest.mark.parametrize("content", CONTENT)
def test_reset_ends_content_and_notifications(board: Board, mouth: Mouth, content: MouthCommand) -> None:
    board.play(mouth.show(content))
    board.play(mouth.notify("done"))
    board.wait(1)
    assert board.mouth != EMPTY
    board.play(mouth.show(MouthAction.RESET))
    assert board.mouth == EMPTY


def test_still_ends_what_moves_and_leaves_content(board: Board, mouth: Mouth) -> None:
    board.play(mouth.indicate(Activity(speaking=True)))
    board.play(mouth.show(MouthViseme(3)))
    board.play(mouth.show(MouthAction.STILL))
    assert board.mouth == EMPTY
    board.play(mouth.show(MouthIcon(LOGO, 0, 0, clear=True)))
    assert mouth.show(MouthAction.STILL) is None


@pytest.mark.parametrize("content", CONTENT)
def test_what_moves_does_not_cover_content_and_shows_when_it_is_gone(
    board: Board, mouth: Mouth, content: MouthCommand
) -> None:
    board.play(mouth.show(content))
    for moving in MOVING:
        assert mouth.show(moving) is None
    board.play(mouth.show(MouthAction.RESET))
    board.play(mouth.show(MouthViseme(3)))
    assert board.mouth not in (EMPTY, LOGO)


def test_the_end_of_the_boot_leaves_a_listening_mouth(board: Board, mouth: Mouth) -> None:
    board.play(mouth.indicate(Activity(booting=True, waiting_for="SKILLS")))
    assert board.lines == ["mouth.text=STARTING SKILLS"]
    board.play(mouth.indicate(Activity(booting=True, waiting_for="SKILLS", recording=True)))
    assert board.lines == ["mouth.listen"]
    assert mouth.indicate(Activity(recording=True)) is None


def test_the_progress_of_an_update_is_shown_while_nothing_else_goes_on(board: Board, mouth: Mouth) -> None:
    board.play(mouth.indicate(Activity(updating=True)))
    assert board.lines == ["mouth.text=UPDATING"]
    board.play(mouth.indicate(Activity(updating=True, updated_percent=40)))
    assert board.lines == ["mouth.text=UPDATING 40%"]
    board.play(mouth.indicate(Activity(updating=True, updated_percent=40, recording=True)))
    assert board.lines == ["mouth.listen"]
    board.play(mouth.indicate(Activity()))
    assert board.mouth == EMPTY


@pytest.mark.parametrize("content", CONTENT)
def test_a_recording_clears_content_away(board: Board, mouth: Mouth, content: MouthCommand) -> None:
    board.play(mouth.show(content))
    board.play(mouth.indicate(Activity(recording=True)))
    assert board.lines == ["mouth.listen"]
    board.play(mouth.indicate(Activity()))
    assert board.mouth == EMPTY


def test_a_mouth_that_does_not_follow_shows_only_what_skills_put_there(board: Board, mouth: Mouth) -> None:
    board.play(mouth.indicate(Activity(speaking=True, playing=True)))
    board.play(mouth.show(MouthFollows(False)))
    assert board.mouth == EMPTY
    assert mouth.show(MouthViseme(3)) is None
    board.play(mouth.show(MouthText("hi")))
    assert mouth.indicate(Activity(recording=True)) is None
    board.wait(0.5)
    assert board.mouth == drawn("HI")
    board.play(mouth.show(MouthAction.RESET))
    board.play(mouth.indicate(Activity(speaking=True)))
    board.play(mouth.show(MouthFollows(True)))
    assert board.lines == ["mouth.talk"]


def test_the_mouth_is_empty_while_the_machine_goes(board: Board, mouth: Mouth) -> None:
    board.play(mouth.indicate(Activity(speaking=True, playing=True)))
    board.play(mouth.show(MouthText("hi")))
    board.play(mouth.indicate(Activity(speaking=True, playing=True, leaving=Leaving.REBOOT)))
    assert board.mouth == EMPTY
    board.play(mouth.indicate(Activity(playing=True)))
    assert board.mouth == NOTE


@pytest.mark.parametrize(
    ("ground", "seen"),
    [
        ([MouthText("hi")], drawn("HI")),
        ([WEATHER], weather_drawn(WEATHER)),
        ([MouthIcon(LOGO, 0, 0, clear=True)], LOGO),
        ([MouthIcon(LOGO, 0, 0, clear=True), MouthIcon(DOT, 3, 3, clear=False)], DOT.over(LOGO, 3, 3)),
        ([WEATHER, MouthIcon(DOT, 3, 3, clear=False)], DOT.over(weather_drawn(WEATHER), 3, 3)),
        ([MouthText(WIDE_TEXT)], EMPTY),
        ([MouthText(LONG_TEXT)], EMPTY),
        ([MouthAction.TALK], EMPTY),
        ([MouthViseme(3)], EMPTY),
        ([], EMPTY),
    ],
)
def test_a_picture_that_does_not_clear_covers_its_own_cells_and_stays(
    board: Board, mouth: Mouth, ground: list[MouthCommand], seen: Bitmap
) -> None:
    expected = DOT.over(seen, 15, 5)
    for command in ground:
        board.play(mouth.show(command))
    board.play(mouth.show(LOW))
    assert board.mouth == expected
    board.play_for(2 * REFRESH_S)
    assert board.mouth == expected
    board.restart()
    board.play(mouth.scenes())
    assert board.mouth == expected
    board.play(mouth.notify("done"))
    board.play_for(2 * STANDS_S)
    assert board.mouth == expected


@pytest.mark.parametrize("content", [MouthText("hi"), WEATHER, LOW, MouthViseme(3), MouthAction.TALK])
def test_what_is_sent_again_changes_nothing_on_the_mouth(
    board: Board, mouth: Mouth, content: MouthCommand
) -> None:
    board.play(mouth.show(content))
    board.play_for(0.5)
    before = board.mouth
    for _ in range(200):
        board.play_for(0.11)
        assert board.mouth == before


@pytest.mark.parametrize("number", range(-99, 1000, 7))
def test_the_weather_looks_like_the_firmwares_own(board: Board, mouth: Mouth, number: int) -> None:
    weather = Weather(str(number), artwork.WEATHER[number % 8])
    board.play(mouth.show(weather))
    assert board.mouth == weather_drawn(weather)


@pytest.mark.parametrize("words", ["hi", "wipe?", "12:34", "@", "", "x" * 8, "10 % $ ~"])
def test_a_text_that_fits_looks_like_the_firmwares_own(board: Board, mouth: Mouth, words: str) -> None:
    board.play(mouth.show(MouthText(words)))
    board.play_for(1)
    shown = board.mouth
    board.play_for(REFRESH_S)
    assert board.mouth == shown
    assert (shown == EMPTY) == (not words)


@pytest.mark.parametrize("words", ["hi", WIDE_TEXT, LONG_TEXT])
def test_a_text_that_is_not_to_repeat_goes_away_when_it_has_been_seen(
    board: Board, mouth: Mouth, words: str
) -> None:
    board.play(mouth.show(MouthText(words, repeat=False)))
    board.play_for(1.5)
    busy = [mouth.busy]
    board.play_for(30)
    busy.append(mouth.busy)
    assert busy == [True, False]
    assert board.mouth == EMPTY


def test_an_instruction_of_the_wifi_setup_is_above_skill_content_and_below_notifications(
    board: Board, mouth: Mouth
) -> None:
    setup = Activity(wifi_shown="1234")
    board.play(mouth.indicate(setup))
    board.wait(0.5)
    for change in (mouth.show(MouthText("12:30")), mouth.indicate(replace(setup, speaking=True))):
        assert change is None
    board.play(mouth.show(MouthAction.RESET))
    board.wait(0.5)
    assert board.mouth == drawn("1234")
    board.play(mouth.notify("no"))
    board.wait(0.5)
    assert board.mouth == drawn("NO")
    board.play_for(STANDS_S)
    board.wait(0.5)
    assert board.mouth == drawn("1234")
    board.play(mouth.indicate(replace(setup, leaving=Leaving.REBOOT)))
    assert board.mouth == EMPTY


def test_a_wifi_setup_shows_pictures_and_texts_in_turn(board: Board, mouth: Mouth) -> None:
    board.play(mouth.show(MouthText(WIDE_TEXT)))
    board.play_for(1)
    for picture in (artwork.WIFI, artwork.WIFI_JOINING, artwork.WIFI):
        board.play(mouth.indicate(Activity(wifi_shown=picture)))
        board.play_for(2 * REFRESH_S)
        assert board.mouth == picture
        board.play(mouth.indicate(Activity(wifi_shown="MYCROFT 12345678")))
        board.play_for(2)
        assert board.mouth != picture
    board.play(mouth.indicate(Activity()))
    board.wait(0.5)
    assert board.mouth not in (EMPTY, artwork.WIFI)


@pytest.mark.parametrize(
    ("command", "picture"),
    [
        (MouthText("hi"), drawn("HI")),
        (MouthText(LONG_TEXT), drawn(LONG_TEXT)),
        (WEATHER, weather_drawn(WEATHER)),
        (MouthIcon(LOGO, 0, 0, clear=True), LOGO),
        (MouthAction.LISTEN, artwork.LISTEN),
        (MouthViseme(3), artwork.TALK),
    ],
)
def test_the_picture_is_what_a_skill_shows(mouth: Mouth, command: MouthCommand, picture: Bitmap) -> None:
    assert mouth.picture == EMPTY
    mouth.show(command)
    assert mouth.picture == picture


def test_a_text_in_the_picture_is_where_the_firmware_draws_it(board: Board, mouth: Mouth) -> None:
    board.play(mouth.show(MouthText("hi")))
    board.wait(0.5)
    assert board.mouth == mouth.picture


def test_questions_notices_and_the_texts_of_a_wifi_setup_are_not_in_the_picture(mouth: Mouth) -> None:
    mouth.show(MouthText("hi"))
    mouth.ask("WIPE?")
    mouth.notify("done")
    mouth.indicate(Activity(wifi_shown="PASSWORD 12345678"))
    assert mouth.picture == drawn("HI")


def test_what_the_assistant_does_is_in_the_picture(mouth: Mouth) -> None:
    mouth.indicate(Activity(playing=True))
    assert mouth.picture == NOTE
    mouth.indicate(Activity(playing=True, thinking=True))
    assert mouth.picture == artwork.THINK
