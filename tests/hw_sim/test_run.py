"""The simulator as a process: what it does with a taken port, and what a killed one leaves behind."""

import asyncio
import shutil
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from hw_sim.process import Program
from hw_sim.sound import Sound
from tests.conftest import until

pytestmark = pytest.mark.real_time


async def test_a_taken_face_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = ("-m", "hw_sim", "run", "--bus-port", "0", "--face-port", str(port))
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=DEVNULL, stderr=PIPE)
        _, error = await process.communicate()
    assert error.decode() == f"mycroft-sim: no page on port {port}: Address already in use; try --face-port 0\n"
    assert process.returncode == 1


async def test_a_killed_simulator_leaves_no_program_behind() -> None:
    command = ("-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"ready "):
            break
    started = descendants(process.pid)
    names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in started}
    assert {"dbus-daemon"} < names, names
    process.kill()
    await process.wait()
    await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), "the end of all programs")


async def test_the_sound_card_is_the_same_with_pipewire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has PipeWire: there Debian does not install PulseAudio."""
    which = shutil.which
    if which("pipewire") is None:
        pytest.skip("there is no PipeWire here")
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "pulseaudio" else which(name))
    card = Sound(tmp_path)
    async with Program("sound", card.command, print, card.environment):
        await card.ready()
        for level in (b"40%", b"75%"):
            environment = {"PATH": "/usr/bin", **card.client_environment}
            for arguments in (("sset", "Master", level.decode()), ("sget", "Master")):
                amixer = await asyncio.create_subprocess_exec("amixer", *arguments, stdout=PIPE, env=environment)
                printed, _ = await amixer.communicate()
            assert level in printed


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and what those have started."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found |= {int(child)} | descendants(int(child))
    return found
