"""The doctor beside the whole running device, which it must not disturb."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from bus.message import Message
from bus.server.listener import Server
from tests.e2e.device import Device, device
from tests.e2e.test_commands import bus, outcome  # noqa: F401  # bus is a fixture

pytestmark = pytest.mark.real_time

HEALTHY = {"ok", "skip"}


async def examine(found: Device, home: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code and the findings by name."""
    command = ("enclosure", "doctor", "--json", "--bus", found.bus, "--serial", found.serial)
    code, out, err = await outcome(*command, home=home)
    assert err == ""
    return code, {finding["name"]: finding for finding in json.loads(out)}


async def also_answer(url: str, answers: dict[str, tuple[str, dict[str, object]]]) -> None:
    """Does what another program on the bus would do."""
    async with connect(url) as socket:
        async for frame in socket:
            message = Message.deserialize(frame)
            if message.msg_type in answers:
                await socket.send(message.reply(*answers[message.msg_type]).serialize())


async def test_the_doctor_finds_a_second_owner_of_the_volume_and_an_unplugged_face(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timedatectl = tmp_path / "timedatectl"
    timedatectl.write_text("#!/bin/sh\necho yes\n")
    timedatectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    async with device() as found:
        monkeypatch.setenv("ALSA_CONFIG_PATH", found.alsa)
        async with connect(found.bus) as socket:
            await socket.send(Message("enclosure.mouth.text", {"text": "hi"}).serialize())
            await socket.send(Message("mycroft.volume.set", {"percent": 0.5}).serialize())
        await found.sees(lambda _, mouth: "#" in "".join(mouth), "a text")
        before = dict(found.state)

        code, findings = await examine(found, tmp_path)
        assert code == 0, findings
        assert {finding["verdict"] for finding in findings.values()} <= HEALTHY
        assert findings["faceplate"]["found"] == "firmware 1.4.2 answers"
        assert findings["mixer"]["found"] == "its level is 50 %"
        assert findings["volume"]["found"] == "it has one owner"
        assert findings["bus"]["found"].count("python") == 3  # simulator, enclosure, admin
        assert (found.state["eyes"], found.state["mouth"]) == (before["eyes"], before["mouth"])

        others = asyncio.create_task(
            also_answer(
                found.bus,
                {
                    "mycroft.volume.get": ("mycroft.volume.get.response", {"percent": 1.0, "muted": False}),
                    "mycroft.PHAL.is_ready": ("mycroft.PHAL.is_ready.response", {"status": True}),
                    "system.factory.reset.ping": (
                        "system.factory.reset.register",
                        {"skill_id": "ovos-phal-plugin-mk1"},
                    ),
                },
            )
        )
        code, findings = await examine(found, tmp_path)
        assert code == 1
        assert {name for name, finding in findings.items() if finding["verdict"] not in HEALTHY} == {
            "volume",
            "OVOS plugins",
        }
        others.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await others

        await found.do("fault", name="unplugged", on=True)
        async with asyncio.timeout(20):  # until the enclosure has noticed
            while findings["faceplate"]["verdict"] != "skip":
                code, findings = await examine(found, tmp_path)
        assert (code, findings["serial port"]["verdict"]) == (1, "fail")


async def test_every_missing_part_is_found(
    bus: Server,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "alsaaudio.py").write_text("raise ImportError('No module named alsaaudio')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, out, _ = await outcome("enclosure", "doctor", "--bus", bus.url, "--serial", "/nowhere", home=tmp_path)
    assert code == 1
    assert "\033" not in out
    assert "fail  serial port" in out
    assert "/nowhere is not there" in out
    assert "-m enclosure run" in out
    assert "-> sudo apt install python3-alsaaudio" in out
