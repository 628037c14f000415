"""LEDs that a killed daemon has left lit: a file, which the driver ws2812_pio takes for its device."""

import configparser
import shlex
from pathlib import Path

import pytest

from bus.server.listener import Server
from tests.conftest import until
from tests.e2e.test_commands import bus, outcome, start  # noqa: F401  # bus is a fixture

pytestmark = pytest.mark.real_time

DARK = bytes(48)
DROP_IN = Path(__file__).parents[2] / "debian/boards/picroft/dark.conf"


@pytest.fixture
def leds(tmp_path: Path) -> Path:
    """The LEDs of a Mark II, as the configuration of this home has them."""
    leds = tmp_path / "leds0"
    leds.touch()
    configuration = tmp_path / ".config/mycroft/mycroft.conf"
    configuration.parent.mkdir(parents=True)
    board = f'{{"leds": {{"kind": "ws2812_pio", "count": 12, "device": "{leds}"}}}}'
    configuration.write_text(f'{{"enclosure": {{"platform": "picroft", "board": {board}}}}}')
    return leds


async def test_leds_are_dark_after_the_daemon_was_killed(bus: Server, leds: Path, tmp_path: Path) -> None:  # noqa: F811
    process = await start("enclosure", "run", "--bus", bus.url, home=tmp_path)
    await until(lambda: leds.read_bytes() not in (b"", DARK), "the look of the start")
    process.kill()
    await process.wait()
    assert leds.read_bytes() != DARK

    unit = configparser.ConfigParser(strict=False)  # which has keys twice
    unit.read(DROP_IN)
    program, *arguments = shlex.split(unit["Service"]["ExecStopPost"].removeprefix("-"))
    assert program == "/usr/bin/mycroft-enclosure"
    assert await outcome("enclosure", *arguments, home=tmp_path) == (0, "", "")
    assert leds.read_bytes() == DARK


async def test_leds_that_are_missing_are_named(leds: Path, tmp_path: Path) -> None:
    leds.unlink()
    code, _, err = await outcome("enclosure", "dark", home=tmp_path)
    assert code == 1
    assert f"{leds}: No such file or directory" in err


async def test_a_board_without_leds_has_nothing_to_switch_off(tmp_path: Path) -> None:
    assert await outcome("enclosure", "dark", "--profile", "mycroft_mark_1", home=tmp_path) == (0, "", "")
