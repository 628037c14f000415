"""The daemons as processes: what they say, how they stop, and what they do when they cannot start."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bus.config import BusSettings, WebSocketSettings
from bus.server import Server
from hw_sim.host import Host

NOWHERE = "ws://127.0.0.1:9/core"


async def start(*command: str, home: Path) -> Process:
    environment = {**os.environ, "HOME": str(home)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdout=PIPE, stderr=PIPE, env=environment
    )


async def outcome(*command: str, home: Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that ends by itself."""
    process = await start(*command, home=home)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


@pytest.mark.parametrize("package", ["bus", "enclosure", "admin", "hw_sim"])
async def test_help_has_examples(package: str, tmp_path: Path) -> None:
    code, out, _ = await outcome(package, "--help", home=tmp_path)
    assert code == 0
    assert "examples:\n  mycroft-" in out


@pytest.mark.parametrize(
    ("command", "ready"),
    [
        (["bus", "serve", "--host", "127.0.0.1", "--port", "0"], "bus=ws://127.0.0.1:"),
        (["enclosure", "run", "--bus", NOWHERE, "--serial", "/nowhere"], "no bus at"),
        (["admin", "run", "--bus", NOWHERE, "--dbus", "{dbus}"], "no bus at"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_daemon_runs_without_the_others_and_stops_when_told(
    command: list[str], ready: str, number: signal.Signals, host: Host, tmp_path: Path
) -> None:
    process = await start(*(part.format(dbus=host.address) for part in command), home=tmp_path)
    assert process.stderr is not None
    assert process.stdout is not None
    line = await (process.stdout if ready.startswith("bus=") else process.stderr).readline()
    while ready not in line.decode():
        line = await process.stderr.readline()
        assert line, "ended"
    process.send_signal(number)
    async with asyncio.timeout(2):
        assert await process.wait() == 0
    assert "Traceback" not in (await process.stderr.read()).decode()


@pytest.mark.parametrize(
    ("command", "code", "complaint"),
    [
        (
            ["bus", "serve", "--port", "{port}"],
            1,
            "cannot listen on 127.0.0.1 port {port}: Address already in use",
        ),
        (["bus", "serve", "--port", "70000"], 2, "70000 is not a port"),
        (["bus", "send", "x", "--bus", NOWHERE], 3, "no bus at ws://127.0.0.1:9/core"),
        (["bus", "send", "x", "[1]"], 2, "not a JSON object"),
        (["admin", "run", "--dbus", "unix:path=/nowhere"], 1, "no D-Bus: "),
        (["enclosure", "run", "--profile", "toaster"], 2, "there is no toaster; there are: mycroft_mark_1"),
        (["hw_sim", "faceplate", "--link", "/etc/passwd"], 2, "/etc/passwd is in the way"),
        (["hw_sim", "run", "--bus-port", "{port}", "--face-port", "0"], 1, "bus has ended by itself"),
    ],
)
async def test_what_cannot_start_says_why_in_one_line(
    command: list[str], code: int, complaint: str, bus: Server, tmp_path: Path
) -> None:
    port = bus.url.split(":")[2].split("/")[0]
    found, _, err = await outcome(*(part.format(port=port) for part in command), home=tmp_path)
    assert complaint.format(port=port) in err.splitlines()[-1]
    assert "Traceback" not in err
    assert found == code


async def test_a_wrong_configuration_is_named(tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text('{"bus": {"max_queu": 5}}')
    code, _, err = await outcome("bus", "serve", "--port", "0", home=tmp_path)
    assert code == 2
    assert err == f"mycroft-bus: {config}: bus.max_queu: unknown key; did you mean max_queue?\n"


async def test_a_missing_serial_port_is_said_once(tmp_path: Path) -> None:
    process = await start("enclosure", "run", "--bus", NOWHERE, "--serial", "/nowhere", home=tmp_path)
    await asyncio.sleep(5)
    process.terminate()
    _, err = await process.communicate()
    assert err.decode().count("/nowhere") == 2  # pyserial names it twice in its one line
    assert err.decode().count("WARNING enclosure.faceplate.link: faceplate unplugged") == 1


async def test_send_waits_for_the_answer_and_listen_shows_it(bus: Server, tmp_path: Path) -> None:
    listener = await start("bus", "listen", "x.*", "--bus", bus.url, home=tmp_path)
    while not len(bus.hub):
        await asyncio.sleep(0.01)
    asking = asyncio.create_task(
        outcome("bus", "send", "x.get", '{"a": 1}', "--wait", "--bus", bus.url, home=tmp_path)
    )
    assert listener.stdout is not None
    assert (await listener.stdout.readline()).decode().split(" ", 1)[1] == 'x.get {"a":1}\n'
    code, _, err = await outcome("bus", "send", "x.get.response", '{"b": 2}', "--bus", bus.url, home=tmp_path)
    assert (code, err) == (0, "")
    assert await asking == (0, '{"b":2}\n', "")
    assert await outcome("bus", "send", "y", "--wait", "--timeout", "0.5", "--bus", bus.url, home=tmp_path) == (
        *(1, "", "no y.response within 0.5 s\n"),
    )
    listener.terminate()
    await listener.communicate()
