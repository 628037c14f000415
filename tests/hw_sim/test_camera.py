"""Pictures and films of a simulated device."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from hw_sim.__main__ import main

pytestmark = pytest.mark.real_time

DOCS = Path(__file__).parents[2] / "docs"

FILM = DOCS / "face.gif"

LIT = (244, 247, 255)


def test_a_screenshot_shows_the_face_after_the_messages(tmp_path: Path) -> None:
    picture = tmp_path / "hi.png"
    text = ("--send", "enclosure.mouth.text", '{"text": "hi"}')
    eyes = ("--send", "enclosure.eyes.color", '{"r": 255, "g": 0, "b": 0}')
    assert main(("screenshot", str(picture), "--after", "3", *text, *eyes)) == 0
    with Image.open(picture) as image:
        counts = {colour: count for count, colour in image.getcolors(100_000) or ()}
    assert counts[255, 0, 0] > 24 * 1000, "pixels of the eyes"
    assert counts[LIT] > 17 * 200, "pixels of the text"


def test_a_screenshot_shows_the_leds_of_a_board(tmp_path: Path) -> None:
    picture = tmp_path / "ring.png"
    listening = ("--send", "recognizer_loop:record_begin", "{}")
    assert main(("screenshot", str(picture), "--board", "sj201_r10", "--after", "3", *listening)) == 0
    with Image.open(picture) as image:
        pixel = image.getpixel((220, 70))
    assert isinstance(pixel, tuple)
    assert pixel[1] > 200 > pixel[0], "green, as bright as the board can"


def test_a_film_moves_for_as_long_as_it_is_to(tmp_path: Path) -> None:
    film = tmp_path / "film.gif"
    text = ("--send", "enclosure.mouth.text", '{"text": "hello, world"}')
    assert main(("film", str(film), "--seconds", "1.5", *text)) == 0
    with Image.open(film) as image:
        frames = getattr(image, "n_frames", 1)
        durations = []
        for frame in range(frames):
            image.seek(frame)
            durations.append(image.info["duration"])
    assert frames > 3
    assert sum(durations) == 1500


def frames(film: Path) -> set[bytes]:
    """The different pictures of a film. Two films of one scene have most of them in common, at other times."""
    with Image.open(film) as image:
        return {picture.convert("RGB").tobytes() for picture in ImageSequence.Iterator(image)}


def test_the_examples_of_the_page_work_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes docs/face.gif, if there is none: remove it to have it made again."""
    page = (DOCS / "simulator.md").read_text()
    monkeypatch.chdir(tmp_path)
    one_line = page.replace("\\\n", " ")
    commands = re.findall(r"^mycroft-sim ((?:screenshot|film) .*)$", one_line, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert main(shlex.split(command)) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"hello.png", "ring.png", "hello.gif"}
    if not FILM.exists():
        shutil.copy("hello.gif", FILM)
    made, shown = frames(Path("hello.gif")), frames(FILM)
    assert len(made & shown) > len(made) / 2, f"another film than {FILM}: remove it to have it made again"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("screenshot", "/nowhere/a.png"), "No such file or directory"),
        (("screenshot", "a.png", "--board", "picroft"), "picroft has no LEDs to see"),
        (("screenshot", "a.png", "--board", "mark_9"), "there is no board mark_9; there are: "),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) in (1, 2)
    [line] = capsys.readouterr().err.splitlines()
    assert error in line


@pytest.mark.parametrize(
    ("command", "ending", "name"),
    [
        *(("film", ".gif", "a.txt"), ("film", ".gif", "gif")),
        *(("screenshot", ".png", "a.jpg"), ("screenshot", ".png", "a")),
    ],
)
def test_a_name_with_another_ending_is_refused(
    command: str, ending: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main((command, str(tmp_path / name)))
    assert f"{name} does not end in {ending}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [("--send", "speak", "hello"), ("--send", "speak", "[]"), ("--after", "0"), ("--after", "x")]
)
def test_invalid_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(("screenshot", "a.png", *arguments))
