"""The daemon as a process, between a real bus and a real D-Bus."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin.app import admin
from admin.config import AdminSettings, WifiSettings
from admin.dbus.networkmanager import NetworkManager
from admin.dbus.system import SystemBus
from admin.wifi.radio import Hotspot
from bus.client import websocket
from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from hw_sim.host import Host
from hw_sim.networkmanager import NetworkManager as Air
from hw_sim.process import Program
from tests.admin import hostile, test_hostile
from tests.admin.conftest import UNCLOSED
from tests.conftest import until

pytestmark = [pytest.mark.real_time, UNCLOSED]

FLOOD = 60_000
MEMORY = 64 * 2**20
"""Bytes; it has some 26 MB, idle and in a flood."""

SETTINGS = AdminSettings(WifiSettings(setup_at_boot=False))


def run(socket: Path, host: Host) -> tuple[str, ...]:
    """The command that starts the daemon."""
    return (sys.executable, "-m", "admin", "run", "--bus", f"unix:{socket}", "--dbus", host.address)


@contextlib.asynccontextmanager
async def running(bus_url: str, host: Host) -> AsyncIterator[None]:
    """The daemon in this process."""
    task = asyncio.create_task(admin(bus_url, host.address, None, SETTINGS, "en-us"))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Server]:
    settings = BusSettings(socket=str(tmp_path / "bus.sock"))
    async with Server(WebSocketSettings(port=0), settings) as server:
        yield server


@pytest.fixture
async def lines(bus: Server, host: Host, tmp_path: Path) -> AsyncIterator[list[str]]:
    """What the daemon logs."""
    lines: list[str] = []
    async with Program("admin", run(tmp_path / "bus.sock", host), lines.append):
        await until(lambda: any("connected to" in line for line in lines), "the connection")
        yield lines


class Client:
    """A program on the bus that asks the daemon."""

    def __init__(self, url: str, group: asyncio.TaskGroup) -> None:
        self._client = BusClient(url)
        self._received: list[Message] = []
        self._task = group.create_task(self._client.run(self._take))

    async def ask(self, msg_type: str, answer: str, timeout_s: float = 15) -> Message:
        self.forget()
        await self._client.emit(Message(msg_type))
        return await self.receive(answer, timeout_s)

    def forget(self) -> None:
        self._received.clear()

    async def receive(self, msg_type: str, timeout_s: float = 15) -> Message:
        await until(lambda: any(m.msg_type == msg_type for m in self._received), msg_type, timeout_s)
        return next(message for message in self._received if message.msg_type == msg_type)

    async def send(self, message: Message) -> None:
        await self._client.emit(message)

    async def flood(self, msg_type: str, count: int) -> None:
        for _ in range(count):
            await self._client.emit(Message(msg_type))

    def stop(self) -> None:
        self._task.cancel()

    async def _take(self, message: Message) -> None:
        self._received.append(message)


@pytest.fixture
async def client(bus: Server) -> AsyncIterator[Client]:
    async with asyncio.TaskGroup() as group:
        client = Client(bus.url, group)
        yield client
        client.stop()


async def test_the_access_point_of_a_daemon_that_was_killed_is_closed(
    bus: Server, host: Host, system: SystemBus
) -> None:
    async with Air(host.address, ()) as air:
        await NetworkManager(system).open(Hotspot("MYCROFT", "12345678"))
        assert air.hotspot
        async with running(bus.url, host):
            await until(lambda: not air.hotspot, "the end of the access point")


async def test_a_request_is_carried_out_and_logged_with_its_sender(client: Client, lines: list[str]) -> None:
    await client.ask("system.ssh.enable", "system.ssh.enabled")
    assert (await client.ask("system.ssh.status", "system.ssh.status.response")).data == {"enabled": True}
    who = rf"uid {os.getuid()} \(\S+\), pid {os.getpid()} \(.+\)"
    for end in ("begins", "done"):
        assert any(re.search(rf"system\.ssh\.enable by {who}: {end}$", line) for line in lines), lines


@pytest.mark.parametrize("msg_type", ["system.ssh.status", "system.ssh.enable", "mycroft.admin.is_alive"])
async def test_a_flood_of_requests_stops_neither_answers_nor_fills_log_or_memory(
    bus: Server, client: Client, lines: list[str], msg_type: str
) -> None:
    async with asyncio.TaskGroup() as group:
        flooding = Client(bus.url, group)
        await flooding.flood(msg_type, FLOOD)
        flooding.stop()
    await client.ask("mycroft.admin.is_ready", "mycroft.admin.is_ready.response")
    await client.ask("system.ntp.sync", "system.ntp.sync.complete")
    assert len(lines) < 100
    assert resident(pid_of(bus)) < MEMORY


async def test_no_message_exhausts_the_memory(bus: Server, client: Client, lines: list[str]) -> None:
    for msg_type in (
        *("mycroft.audio.queue", "system.x", "system.ssh.status", "mycroft.admin.is_alive"),
        *("recognizer_loop:audio_output_start", "ovos.audio.output.ended"),
    ):
        await client.send(Message(msg_type, {"filler": "x" * 20_000_000}))
    await client.ask("mycroft.admin.is_ready", "mycroft.admin.is_ready.response")
    assert resident(pid_of(bus)) < MEMORY


def pid_of(bus: Server) -> int:
    """The process of the daemon, the only client on the unix socket."""
    (pid,) = (
        found["pid"] for found in (c.describe() for c in bus.connections) if found["name"].startswith("unix")
    )
    assert isinstance(pid, int)
    return pid


def resident(pid: int) -> int:
    """Bytes of memory that a process uses."""
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(kilobytes) * 1024


async def test_a_bus_of_another_user_is_refused_with_one_line_and_sent_nothing(
    bus: Server, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stranger, asked = 4_000_000_000, 0

    def listener_uid(_: object) -> int:
        nonlocal asked
        asked += 1
        return stranger if asked < 4 else os.getuid()

    monkeypatch.setattr(websocket, "_listener_uid", listener_uid)
    async with running(f"unix:{tmp_path / 'bus.sock'}", host):
        await until(lambda: asked == 3, "the third attempt")
        assert len(bus.hub) == 0
        (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert f"uid {stranger} (?) listens there; only a bus of root or the system user mycroft is" in line
        assert line.endswith("; no other bus is used: the sender of a message is known only on this one")
        await until(lambda: len(bus.hub) == 1, "the connection to the right bus")


async def test_a_bus_on_tcp_is_obeyed_only_with_a_warning(
    bus: Server, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(bus.url, host):
        await until(lambda: len(bus.hub) == 1, "the connection")
        assert f"the user who runs the bus at {bus.url} is not verified: for development only" in caplog.text


async def test_without_the_bus_of_the_package_it_waits(host: Host, tmp_path: Path) -> None:
    lines: list[str] = []
    missing = tmp_path / "missing.sock"
    async with Program("admin", run(missing, host), lines.append) as program:
        await until(lambda: bool(lines), "a line")
        watching = asyncio.create_task(program.watch())
        await asyncio.sleep(0)
        assert not watching.done()
        watching.cancel()
    assert f"no bus at unix:{missing}: " in lines[0]
    assert lines[0].endswith("; no other bus is used: the sender of a message is known only on this one")


async def test_a_d_bus_that_ends_ends_the_daemon_in_one_line(tmp_path: Path, bus: Server) -> None:
    host = Host(tmp_path)
    async with Program("host", host.command, print, host.environment) as d_bus:
        await d_bus.line("unix:path=")
        command = (*run(tmp_path / "bus.sock", host), "--log-level", "warning")
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        try:
            await until(lambda: len(bus.hub) == 1, "the connection")
        except BaseException:
            process.kill()
            raise
    _, said = await process.communicate()
    assert said.decode().splitlines() == ["mycroft-admin: D-Bus has closed the connection"]
    assert process.returncode == 1


async def test_a_daemon_that_is_killed_reports_the_end_of_its_action_after_its_restart(
    bus: Server, client: Client, host: Host, tmp_path: Path
) -> None:
    command = run(tmp_path / "bus.sock", host)
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)}
    async with hostile.Program(host.address) as systemd:
        await systemd.own("org.freedesktop.systemd1")
        systemd.answer = test_hostile.systemd
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        await until(lambda: len(bus.hub) == 2, "the connections")
        await client.ask("system.ssh.enable", "system.ssh.enabling")
        await test_hostile.until_started(systemd)
        process.kill()
        await process.wait()
        async with Program("admin", command, print, environment):
            await test_hostile.until_started(systemd)
            client.forget()
            await systemd.signal(*test_hostile.DONE, to=None)
            await client.receive("system.ssh.enabled")
        assert list(tmp_path.glob("*.json")) == []


async def test_it_stops_at_once_on_sigterm(bus: Server, host: Host, tmp_path: Path) -> None:
    command = (
        sys.executable,
        "-m",
        "admin",
        "run",
        "--bus",
        f"unix:{tmp_path / 'bus.sock'}",
        "--dbus",
        host.address,
    )
    process = await asyncio.create_subprocess_exec(*command)
    await until(lambda: len(bus.hub) == 1, "the connection")
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_a_wifi_setup_that_a_stop_ends_is_reported_as_ended(
    bus: Server, client: Client, host: Host, tmp_path: Path
) -> None:
    async with Air(host.address, (), pace=0.005) as air:
        process = await asyncio.create_subprocess_exec(*run(tmp_path / "bus.sock", host))
        await until(lambda: len(bus.hub) == 2, "the connections")
        await client.ask("system.wifi.setup", "system.wifi.ap_up")
        status = await client.ask("system.status", "system.status.response")
        [[up]] = status.data["under_way"].values()
        assert up["type"] == "system.wifi.ap_up"
        process.send_signal(signal.SIGTERM)
        await client.receive("system.wifi.ap_down")
        assert await process.wait() == 0
        assert not air.hotspot
