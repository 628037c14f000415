"""The enclosure on a board without a display: volume and readiness work without a serial port."""

import asyncio
import json
from pathlib import Path

import pytest

from bus.server.listener import Server
from hw_sim.sound import Sound
from tests.e2e.test_commands import bus, outcome, start  # noqa: F401  # bus is a fixture
from tests.enclosure.drivers.test_alsa import amixer

pytestmark = pytest.mark.real_time

PLATFORM = '{"enclosure": {"platform": "picroft"}}'


async def answer(bus: Server, home: Path, *message: str) -> dict[str, object]:  # noqa: F811
    """What is answered to a message."""
    code, out, err = await outcome("bus", "send", *message, "--bus", bus.url, home=home)
    assert (code, err) == (0, "")
    found: dict[str, object] = json.loads(out)
    return found


async def test_volume_and_readiness_without_a_display(bus: Server, sound: Sound, tmp_path: Path) -> None:  # noqa: F811
    configuration = tmp_path / ".config/mycroft/mycroft.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(PLATFORM)
    process = await start("enclosure", "run", "--bus", bus.url, home=tmp_path)
    while len(bus.hub) < 1:
        await asyncio.sleep(0.01)

    assert await answer(bus, tmp_path, "mycroft.enclosure.is_ready", "--wait") == {"status": True}
    level = ("mycroft.volume.set", '{"percent": 0.4}', "--wait", "mycroft.volume.get.response")
    assert await answer(bus, tmp_path, *level) == {"percent": 0.4, "muted": False}
    assert "[40%]" in amixer("sget", "Master")
    for show in (("enclosure.mouth.text", '{"text": "hi"}'), ("enclosure.eyes.spin",), ("mycroft.mic.mute",)):
        await outcome("bus", "send", *show, "--bus", bus.url, home=tmp_path)
    pixels = ("enclosure.eyes.rgb.get", "--wait", "enclosure.eyes.rgb")
    assert await answer(bus, tmp_path, *pixels) == {"pixels": []}

    _, out, _ = await outcome("enclosure", "doctor", "--json", "--bus", bus.url, home=tmp_path)
    findings = {finding["name"]: finding["verdict"] for finding in json.loads(out)}
    assert not {"serial port", "serial console", "serial overlay", "sound overlay"} & findings.keys()
    assert (findings["faceplate"], findings["enclosure"], findings["mixer"]) == ("skip", "ok", "ok")

    process.terminate()
    _, err = await process.communicate()
    assert process.returncode == 0
    assert "WARNING" not in err.decode()
    assert "serial" not in err.decode()
