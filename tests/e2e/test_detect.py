"""Detection of the board, beside a running daemon that has the faceplate, and at the start of a daemon."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bus.server.listener import Server
from enclosure.config import load_profile
from enclosure.detect import evidence, identify
from hw_sim.faceplate import Faceplate
from tests.e2e.device import device
from tests.e2e.test_commands import bus, outcome  # noqa: F401  # bus is a fixture
from tests.e2e.test_start import UNUSED, loaded

pytestmark = pytest.mark.real_time


async def test_the_faceplate_of_a_running_enclosure_is_known_by_the_bus(tmp_path: Path) -> None:
    async with device() as found:
        command = ("enclosure", "detect", "--bus", found.bus, "--serial", found.serial)
        code, out, err = await outcome(*command, home=tmp_path)
        assert (code, err) == (0, "")
        assert out.startswith("mycroft_mark_1\n  a faceplate answers on the serial port\n")
        assert '-> {"enclosure": {"platform": "mycroft_mark_1"}} in /etc/mycroft/mycroft.conf' in out


async def test_a_user_who_may_not_open_the_port_is_told_by_the_running_enclosure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(evidence, "firmware_version", forbidden)
    boards = {"mycroft_mark_1": load_profile("mycroft_mark_1")}
    async with device() as found:
        verdict, seen = await identify(boards, port=found.serial, bus_url=found.bus)
    assert verdict.platform == "mycroft_mark_1", seen


async def test_a_port_without_a_faceplate_is_no_mark_1(tmp_path: Path) -> None:
    command = ("enclosure", "detect", "--bus", f"unix:{tmp_path}/none", "--serial", f"{tmp_path}/none")
    code, out, err = await outcome(*command, home=tmp_path)
    assert (code, err) == (1, "")
    assert '-> {"enclosure": {"platform": "picroft"}} in /etc/mycroft/mycroft.conf' in out


async def test_a_detected_board_is_logged_and_its_detection_leaves_nothing_in_memory(
    bus: Server,  # noqa: F811
    faceplate: Faceplate,
) -> None:
    home = str(faceplate.link.parent)
    command = ("enclosure", "run", "--profile", "auto", "--serial", str(faceplate.link), "--bus", bus.url)
    found, lines = await loaded(*command, until=f"connected to {bus.url}", HOME=home)
    assert any("this board is mycroft_mark_1 (a faceplate answers on the serial port)" in line for line in lines)
    assert "enclosure.faceplate.device" in found
    assert not found & UNUSED


def test_a_crash_of_the_detection_ends_the_daemon_and_is_reported(tmp_path: Path) -> None:
    barred = "import sys; sys.modules['serial'] = None; from enclosure.__main__ import main; sys.exit(main())"
    command = (sys.executable, "-c", barred, "run", "--profile", "auto")
    done = subprocess.run(command, env={"HOME": str(tmp_path)}, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "import of serial halted" in done.stderr


async def test_without_a_known_board_the_daemon_runs_without_pins(bus: Server, tmp_path: Path) -> None:  # noqa: F811
    command = ("enclosure", "run", "--profile", "auto", "--bus", bus.url)
    found, lines = await loaded(*command, until=f"connected to {bus.url}", HOME=str(tmp_path))
    assert any("no sign of a board with a profile; it is used as picroft" in line for line in lines)
    assert not found & UNUSED
