import pytest

from enclosure import display
from enclosure.display import Bitmap, FaceplateCommand
from enclosure.events import Pressed, Turned
from enclosure.faceplate import protocol
from enclosure.faceplate.protocol import Banner, Echo, Received, Unknown, Version

ALL = Bitmap(8, (255,) * 32)


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (display.EyesAction.ON, ("eyes.on",)),
        (display.EyesColor(0, 0, 255), ("eyes.color=255",)),
        (display.EyesColor(1, 2, 3), ("eyes.color=66051",)),
        (display.EyesLevel(30), ("eyes.level=30",)),
        (display.EyesVolume(11), ("eyes.volume=11",)),
        (display.EyesBlink("b"), ("eyes.blink=b",)),
        (display.MouthText("HI"), ("mouth.text=HI",)),
        (display.MouthIcon(Bitmap(8, (255,)), 3, 0, clear=True), ("mouth.icon=x=3,cP=1,BIPP",)),
        (
            display.MouthIcon(Bitmap(8, (255,) * 9), 3, 0, clear=True),
            ("mouth.icon=x=3,cP=1,II" + 16 * "P", "mouth.icon=x=11,cP=0,BIPP"),
        ),
        (display.Weather("-9", Bitmap(8, (1,))), ("weather.display=-9,AA", "mouth.icon=x=2,cP=0,BIBA")),
        (
            display.MouthIcon(ALL, 0, 0, clear=True),
            tuple(f"mouth.icon=x={x},cP=0,II{16 * 'P'}" for x in (0, 8, 16, 24)),
        ),
    ],
)
def test_commands_are_lines(command: FaceplateCommand, lines: tuple[str, ...]) -> None:
    assert protocol.lines(command) == lines


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
def test_only_a_line_that_is_exactly_an_event_is_one(line: str, event: Received) -> None:
    assert protocol.parse(line) == event
