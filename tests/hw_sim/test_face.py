"""What a face shows, read as text, colours and pictures."""

import pytest

from hw_sim.face import Picture, Reader, colour_of, difference
from hw_sim.firmware import Firmware, Mouth

HI = """
    #..#.###
    #..#..#.
    ####..#.
    #..#..#.
    #..#.###
"""
PICTURE = "aIAAAACAABGADADADPDPDPDPHPHPPPPPPPPPPHPHPDPDPDPDPADADGAABCAAAAAAAAAAA"


class Mark1:
    """A faceplate without a port, and what is read from it."""

    def __init__(self) -> None:
        self.firmware = Firmware()
        self._reader = Reader()
        self.wait(300)

    def send(self, line: str, wait_ms: float = 500) -> None:
        self.firmware.receive(f"{line}\n".encode())
        self.wait(wait_ms)

    def wait(self, ms: float) -> None:
        for event in self.firmware.advance(self.firmware.now + ms):
            if isinstance(event, Mouth):
                self._reader.see(event.ms, event.rows)

    @property
    def text(self) -> str:
        return self._reader.text(self.firmware.now)

    @property
    def picture(self) -> Picture:
        return Picture(self.firmware.mouth)


@pytest.fixture
def mark1() -> Mark1:
    return Mark1()


@pytest.mark.parametrize("text", ["HELLO", "3 + 4", 'IT"S', "A B", "!", "10:45", "-5"])
def test_a_text_that_stands_is_read(mark1: Mark1, text: str) -> None:
    mark1.send(f"mouth.text={text}")
    assert mark1.text == text


@pytest.mark.parametrize("text", ["IT'S A LONG TEXT, 10.5%", "THE QUICK BROWN FOX"])
def test_a_text_that_scrolls_is_read_as_it_passes_and_then_stays(mark1: Mark1, text: str) -> None:
    mark1.send(f"mouth.text={text}", 2000)
    assert mark1.text == text[: len(mark1.text)] != ""
    mark1.wait(25000)
    for _ in range(100):
        mark1.wait(333)
        assert mark1.text == text


def test_another_text_replaces_one_that_scrolls(mark1: Mark1) -> None:
    mark1.send("mouth.text=THE QUICK BROWN FOX", 30000)
    mark1.send("mouth.text=OK")
    assert mark1.text == "OK"


def test_a_text_that_is_cleared_while_it_scrolls_is_gone(mark1: Mark1) -> None:
    mark1.send("mouth.text=THE QUICK BROWN FOX", 30000)
    mark1.send("mouth.reset")
    assert mark1.text == ""
    mark1.send("mouth.think", 200)
    assert mark1.text == ""


@pytest.mark.parametrize(
    "line", ["mouth.viseme=2", "mouth.talk", "mouth.icon=x=4,IIHOOGIAIAIAIAHOGO", "mouth.reset"]
)
def test_a_picture_is_no_text(mark1: Mark1, line: str) -> None:
    mark1.send(line)
    assert mark1.text == ""


def test_the_menu_is_read(mark1: Mark1) -> None:
    mark1.firmware.press()
    mark1.wait(2500)
    assert mark1.text == "ILLUM >"


@pytest.mark.parametrize(
    ("lines", "colour"),
    [
        (["eyes.color=2271216", "eyes.reset"], "#22a7f0"),
        (["eyes.color=255", "eyes.level=12", "eyes.reset"], "#0000ff"),
        (["eyes.color=255", "eyes.reset", "eyes.set=0,16711680"], "#0000ff #ff0000"),
        (["eyes.color=255", "eyes.volume=3"], "#0000ff"),
        (["eyes.color=255", "eyes.off"], "#000000"),
        (["eyes.level=0"], "#000000"),
    ],
)
def test_colours_are_those_before_the_level_dims_them(mark1: Mark1, lines: list[str], colour: str) -> None:
    for line in lines:
        mark1.send(line, 2000)
    assert colour_of(mark1.firmware.eye_colours) == colour


def test_a_picture_equals_its_text_at_any_indentation_and_in_any_size(mark1: Mark1) -> None:
    mark1.send("mouth.text=HI")
    assert mark1.picture == HI
    assert mark1.picture == HI
    assert mark1.picture == str(mark1.picture)
    assert mark1.picture != HI.replace("#..#.###", "#..#.##.", 1)
    assert mark1.picture != "\n".join(row[1:] + "." for row in str(mark1.picture).splitlines()), "it is elsewhere"
    assert Picture() == "................................\n" * 8


def test_pixels_that_differ_are_marked() -> None:
    assert difference("#.\n##", "##\n#.") == [
        "#-",
        "#+",
        "+ is lit and should be dark, - is dark and should be lit",
    ]
