import pytest

from enclosure.faceplate import frames
from enclosure.faceplate.frames import Banner, Command, Echo, Event, Pressed, Turned, Unknown, Version
from enclosure.faceplate.icons import Bitmap

ALL = Bitmap(8, (255,) * 32)


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (frames.EYES_ON, ("eyes.on",)),
        (frames.EyesColor(0, 0, 255), ("eyes.color=255",)),
        (frames.EyesColor(1, 2, 3), ("eyes.color=66051",)),
        (frames.EyesLevel(30), ("eyes.level=30",)),
        (frames.EyesVolume(11), ("eyes.volume=11",)),
        (frames.EyesBlink("b"), ("eyes.blink=b",)),
        (frames.MouthText("HI"), ("mouth.text=HI",)),
        (frames.MouthIcon(Bitmap(8, (255,)), 3, 0, clear=True), ("mouth.icon=x=3,y=0,cP=1,BIPP",)),
        (
            frames.MouthIcon(ALL, 0, 0, clear=False),
            ("mouth.icon=x=0,y=0,cP=0,aI" + "P" * 25 + "$", "mouth.icon=$" + "P" * 39),
        ),
    ],
)
def test_commands_are_lines(command: Command, lines: tuple[str, ...]) -> None:
    assert command.lines == lines


def test_a_picture_is_split_at_the_same_place_whatever_its_size() -> None:
    for width in range(24, 33):
        first, second = frames.MouthIcon(Bitmap(8, (0,) * width), 0, 0, clear=True).lines
        assert first.index("$") == len("mouth.icon=") + frames.ICON_SPLIT
        # The firmware's limits: 60 characters in the first part, 89 in both.
        assert len(first) + len(second) - 2 * len("mouth.icon=") - 2 <= 89


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("volume.up", Turned(1)),
        ("volume.down", Turned(-1)),
        ("mycroft.stop", Pressed()),
        ("Command: volume.up", Echo("volume.up")),
        ("Command: ", Echo("")),
        ("Mycroft Mark 1 v1.4.2 - Connected", Banner("1.4.2")),
        ("Command: eyes.oMycroft Mark 1 v1.4.2 - Connected", Banner("1.4.2")),
        ("Mycroft Mark 1 v1.4.2", Version("1.4.2")),
        *[
            (line, Unknown(line))
            for line in ("volume.up ", " volume.up", "volume.upvolume.up", "VOLUME.UP", "", "update", "\xff")
        ],
    ],
)
def test_only_a_line_that_is_exactly_an_event_is_one(line: str, event: Event) -> None:
    assert frames.parse(line) == event
