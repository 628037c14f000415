"""The simulator as a process: what it does with a taken port, and what a killed one leaves behind."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect

from hw_sim.errors import SimulatorError
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


async def test_ctrl_c_ends_the_simulator_without_a_warning() -> None:
    command = ("-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=STDOUT)
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"ready "):
            break
    else:
        pytest.fail("the simulator has ended")
    process.send_signal(signal.SIGINT)
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed
    assert b"WARNING" not in printed, printed


async def test_a_wifi_setup_has_its_page_until_it_ends() -> None:
    command = ("-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=STDOUT)

    async def printed(pattern: str) -> str:
        assert process.stdout is not None
        async for line in process.stdout:
            if found := re.search(pattern, line.decode()):
                return found[1]
        pytest.fail(f"{pattern} is not printed")

    async with connect(await printed(r"^ready bus=(\S+)")) as client:
        await client.send('{"type": "system.wifi.setup", "data": {}, "context": {}}')
        page = await printed(r"serving (http://127\.0\.0\.1:\d+/)")
        with await asyncio.to_thread(urlopen, page) as response:
            assert ">Home<" in response.read().decode()
        await client.send('{"type": "wifi.stop", "data": {}, "context": {}}')
        await printed(r"bus +(system\.wifi\.ap_down)")
        with pytest.raises(URLError):
            await asyncio.to_thread(urlopen, page)
    process.terminate()
    await process.wait()


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


async def test_a_sound_server_that_does_not_start_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hw_sim.sound.START_TIMEOUT_S", 0.0)
    with pytest.raises(SimulatorError, match=r"^the sound server (pulseaudio|pipewire) is not ready within 0 s$"):
        await Sound(tmp_path).ready()


async def test_the_sound_card_works_beside_the_sound_server_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a desktop with PulseAudio, whose name on the D-Bus of the session only one program can have."""
    if shutil.which("pulseaudio") is None:
        pytest.skip("there is no PulseAudio here")
    session = ("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address")
    async with Program("session", session, print) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", await bus.line("unix:"))
        servers = []
        for name in ("user", "simulator"):
            (tmp_path / name).mkdir()
            servers.append(Sound(tmp_path / name))
        del servers[0].environment["DBUS_SESSION_BUS_ADDRESS"]
        async with (
            Program("user", servers[0].command, print, servers[0].environment),
            Program("simulator", servers[1].command, print, servers[1].environment),
        ):
            for server in servers:
                await server.ready()


async def test_the_sound_card_asks_nothing_of_a_system_bus_that_never_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where RealtimeKit is installed and cannot start: in a container, on a machine without polkit."""
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "system"))
        bus.listen()
        bus.setblocking(False)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/system")
        card = Sound(tmp_path)
        # Root sets its own priority.
        drop = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice") if os.geteuid() == 0 else ()
        async with Program("sound", (*drop, *card.command), print, card.environment):
            await card.ready()
        with pytest.raises(BlockingIOError):  # there is no connection to accept
            bus.accept()


async def test_the_sound_card_neither_reads_nor_writes_settings_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "daemon.conf"
    config.write_text("no setting of this version\n")
    monkeypatch.setenv("PULSE_CONFIG", str(config))
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    (tmp_path / "card").mkdir()
    card = Sound(tmp_path / "card")
    async with Program("sound", card.command, print, card.environment):
        await card.ready()
        environment = {**os.environ, **card.client_environment}
        amixer = await asyncio.create_subprocess_exec("amixer", "sget", "Master", stdout=DEVNULL, env=environment)
        assert await amixer.wait() == 0
    assert not list(home.iterdir())


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and what those have started."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found |= {int(child)} | descendants(int(child))
    return found


async def test_an_unknown_board_is_one_line() -> None:
    command = ("-m", "hw_sim", "run", "--board", "respeaker")
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=DEVNULL, stderr=PIPE)
    _, error = await process.communicate()
    assert error.decode().startswith(
        "mycroft-sim: there is no board respeaker; there are: adafruit_voice_bonnet, "
    )
    assert process.returncode == 2


async def test_a_board_is_pressed_and_seen_on_its_page() -> None:
    command = ("-m", "hw_sim", "run", "--board", "sj201_r6", "--bus-port", "0", "--face-port", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.startswith(b"ready "):
                said = dict(part.split("=", 1) for part in line.decode().split()[1:])
                break
        assert said["board"] == "sj201_r6"
        async with connect(said["face"].replace("http:", "ws:") + "panel") as page, connect(said["bus"]) as bus:
            state = json.loads(await page.recv())
            assert state["board"]["buttons"] == ["action", "volume_up", "volume_down"]
            assert state["muted"] == {"mute": False}
            for what in ("push", "release"):
                await page.send(json.dumps({"do": what, "name": "action"}))
                await asyncio.sleep(0.1)  # longer than contacts bounce
            while json.loads(await bus.recv())["type"] != "mycroft.mic.listen":
                pass
            await page.send(json.dumps({"do": "slide", "name": "mute", "muted": True}))
            while json.loads(await page.recv()).get("lights") != ["330000"] * 12:
                pass
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize("board", [None, "sj201_r6"])
async def test_a_machine_without_dbus_and_sound_server_runs_a_device_in_one_process(board: str | None) -> None:
    which = ("--board", board) if board else ()
    command = ("-m", "hw_sim", "run", *which, "--bus-port", "0", "--face-port", "0")
    nothing = {"PATH": "/nowhere", "HOME": "/nowhere"}
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, env=nothing)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.startswith(b"ready "):
                said = dict(part.split("=", 1) for part in line.decode().split()[1:])
                break
        assert descendants(process.pid) == set()
        async with connect(said["face"].replace("http:", "ws:") + "panel") as page, connect(said["bus"]) as bus:
            state = json.loads(await page.recv())
            assert state["board"]["name"] == (board or "mycroft_mark_1")
            for what in ("push", "release"):
                await page.send(json.dumps({"do": what, "name": state["board"]["buttons"][0]}))
                await asyncio.sleep(0.15)  # as long as a finger takes
            while json.loads(await bus.recv())["type"] != "mycroft.mic.listen":
                pass
            await bus.send('{"type": "system.ssh.enable"}')
            while not (host := json.loads(await page.recv()).get("host")) or not host["calls"]:
                pass
            assert host["calls"][0][1] == "StartUnit mycroft-ssh-enable.service"
            await bus.send('{"type": "mycroft.volume.set", "data": {"percent": 0}}')
            while (mixer := json.loads(await page.recv()).get("mixer")) is None or mixer["percent"]:
                pass
            for on in (True, False):
                await page.send(json.dumps({"do": "fault", "name": "dbus-hangs", "on": on}))
                while not (host := json.loads(await page.recv()).get("host")) or host["answers"] is on:
                    pass
            if board is None:
                await page.send(json.dumps({"do": "fault", "name": "card-gone", "on": True}))
                while json.loads(await page.recv()).get("mixer", mixer) is not None:
                    pass
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0
