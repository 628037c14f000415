"""docs/boards.md: its table, its pictures, its examples, and its new board in ten lines."""

import asyncio
import fcntl
import re
from pathlib import Path

import pytest

from enclosure.config import load_profile, own_profile_names, profile_names
from enclosure.detect import identify
from hw_sim.boards.gpiod import Gpio
from tests.boards import HEADER, PAGE, PICTURES, examples, pictures, wires
from tests.enclosure.boards.device import device, press

TEXT = PAGE.read_text()
NEW_BOARD = re.findall("^```toml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)[0]


@pytest.mark.parametrize("name", profile_names())
def test_each_board_has_a_row_and_a_picture_of_its_pins(name: str) -> None:
    (row,) = [line for line in TEXT.splitlines() if line.startswith("|") and f"`{name}`" in line]
    assert (f"[`{name}`](boards/{name}.svg)" in row) == (f"{name}.svg" in pictures())


def test_pictures_are_those_of_the_profiles() -> None:
    found = {path.name: path.read_text() for path in PICTURES.iterdir()}
    assert found == pictures(), "python -m tests.boards"


def test_the_header_has_every_line_once() -> None:
    lines = sorted(line for line in HEADER if isinstance(line, int))
    assert lines == list(range(28))
    assert (HEADER[10], HEADER[12], HEADER.count("ground")) == (17, 27, 8)


def test_the_pins_of_the_text_are_those_of_the_examples() -> None:
    for profile in examples().values():
        for gpio in wires(profile):
            pin = HEADER.index(gpio) + 1
            assert re.search(rf"GPIO{gpio} \((pin )?{pin}\)", TEXT), gpio


@pytest.fixture
def boards_d(tmp_path: Path) -> Path:
    """The owner's profiles: the new board."""
    folder = tmp_path / "boards.d"
    folder.mkdir()
    (folder / "my_speaker.toml").write_text(NEW_BOARD)
    return folder


async def test_a_new_board_has_ten_lines_and_is_recognised(boards_d: Path, tmp_path: Path) -> None:
    assert len(NEW_BOARD.splitlines()) == 10
    card = tmp_path / "sys/class/sound/card0/id"
    card.parent.mkdir(parents=True)
    card.write_text("myspeaker\n")
    boards = {name: load_profile(name, own=boards_d) for name in profile_names(boards_d)}
    verdict, _ = await identify(boards, own_profile_names(boards_d), root=tmp_path)
    assert verdict.platform == "my_speaker"


async def test_button_and_leds_of_a_new_board_work(
    gpio: Gpio, boards_d: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spi = tmp_path / "spidev0.0"
    spi.touch()
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: 0)
    async with device("my_speaker", {"leds": {"device": str(spi)}}, boards_d) as board:
        assert gpio.lines[5].level
        await press(gpio, 26)
        await asyncio.sleep(0.5)
        assert board.told == ["mycroft.mic.listen"]
        for _ in range(2):
            await press(gpio, 26, 0.05)
        await asyncio.sleep(0.5)
        assert board.told[1] == "mycroft.mic.mute.toggle"
        await board.hear("mycroft.mic.mute")
        await asyncio.sleep(0.1)
        assert spi.read_bytes().endswith(12 * bytes.fromhex("ff000033") + bytes.fromhex("ffffffff"))
