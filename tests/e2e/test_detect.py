"""`mycroft-enclosure detect` beside a running device, whose faceplate the daemon has."""

from pathlib import Path

import pytest

from tests.e2e.device import device
from tests.e2e.test_commands import outcome

pytestmark = pytest.mark.real_time


async def test_the_faceplate_of_a_running_enclosure_is_known_by_the_bus(tmp_path: Path) -> None:
    async with device() as found:
        command = ("enclosure", "detect", "--bus", found.bus, "--serial", found.serial)
        code, out, err = await outcome(*command, home=tmp_path)
        assert (code, err) == (0, "")
        assert out.startswith("mycroft_mark_1\n  a faceplate answers on the serial port\n")
        assert '-> {"enclosure": {"platform": "mycroft_mark_1"}} in /etc/mycroft/mycroft.conf' in out


async def test_a_port_without_a_faceplate_is_no_mark_1(tmp_path: Path) -> None:
    command = ("enclosure", "detect", "--bus", f"unix:{tmp_path}/none", "--serial", f"{tmp_path}/none")
    code, out, err = await outcome(*command, home=tmp_path)
    assert (code, err) == (1, "")
    assert '-> {"enclosure": {"platform": "picroft"}} in /etc/mycroft/mycroft.conf' in out
