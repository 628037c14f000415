import termios
from pathlib import Path

import pytest

from enclosure.drivers.serial import AsyncSerial


async def test_a_missing_port_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        AsyncSerial(str(tmp_path / "none"), 9600)


async def test_a_port_that_vanishes_while_it_is_set_up_is_an_oserror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "port").touch()

    def vanished(*_: object) -> None:
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr(termios, "tcgetattr", lambda _: [0] * 6 + [[b""] * 32])
    monkeypatch.setattr(termios, "tcsetattr", vanished)
    with pytest.raises(OSError, match="Input/output error"):
        AsyncSerial(str(tmp_path / "port"), 9600)
