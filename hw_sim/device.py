"""The whole device: simulated hardware, and the three daemons on it as processes of their own."""

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bus.client.client import BusClient
from bus.errors import BusUnavailableError
from bus.message import Message, clip, render
from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate
from hw_sim.faceviewer import FaceViewer
from hw_sim.faults import Fault, Switching, face_faults
from hw_sim.host import Host
from hw_sim.hostview import HostView
from hw_sim.links import Cable
from hw_sim.mixer import watch_mixer
from hw_sim.panel import Panel, Viewer, time_of_day
from hw_sim.process import Program
from hw_sim.scenes import Player
from hw_sim.serial_log import SerialLog
from hw_sim.sound import Sound
from hw_sim.web.server import served_page

READY_TIMEOUT_S = 60.0
"""From start to answer; a fraction of it on a Pi 3."""

ASK_AGAIN_S = 0.25
"""A question that comes before its receiver is lost: the bus keeps nothing."""

QUESTIONS = ("mycroft.volume.get", "system.ssh.status")
"""The device is there when each of these has an answer, and the faceplate has been spoken to."""

MAX_LINE = 2000
"""Characters of a message that are printed."""

MAX_UNSENT = 500
"""Messages of the page that wait while the bus is away."""

_PYTHON = (sys.executable, "-m")

_LOG_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")

_READ = re.compile(r"\d+\.\d+ (Get|GetAll|GetUnitFileState) ")
"""As python-dbusmock prints them; the page reads the state after each change."""

ReportLine = Callable[[str, str], None]
"""Called with the part of the device that says something, and what it says."""


Screen = Callable[[Viewer], Coroutine[Any, Any, None]]
"""Shows a board until cancelled."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen on 127.0.0.1; 0 takes a free port."""

    bus: int
    face: int


@dataclass(frozen=True, slots=True)
class _Scope:
    """What lasts as long as the device."""

    folder: Path
    report: ReportLine
    stack: contextlib.AsyncExitStack
    group: asyncio.TaskGroup

    async def start(self, name: str, *command: str, environment: dict[str, str] | None = None) -> Program:
        """Starts a program, which must not end by itself."""
        program = Program(name, command, partial(_report_line, self.report, name), environment)
        await self.stack.enter_async_context(program)
        self.group.create_task(program.watch())
        return program


@dataclass(frozen=True, slots=True)
class _Hardware:
    """What differs between a Mark 1 and another board."""

    panel: Panel
    faults: list[Fault]
    name: str
    """For the line "ready"."""
    has_sound_card: bool
    spoken_to: asyncio.Event
    """Set once the enclosure has found the hardware."""
    start_enclosure: Callable[[str], Awaitable[None]]
    """Called with the URL of the bus."""


_NO_HARDWARE = {"MYCROFT_ENCLOSURE_MIXER": "default", "MYCROFT_ENCLOSURE_BOARD": "null"}
"""In place of what mycroft.conf says of the hardware of this machine, which may be a Mark 1."""

Run = Callable[[Ports, Cable, ReportLine, str | None, Screen | None], Awaitable[None]]
"""How a device is run, as `run_device` does."""


def lacking() -> list[str]:
    """What this machine has not of what `run_device` needs for the sound card and the host."""
    modules = [name for name in ("alsaaudio", "dbusmock") if importlib.util.find_spec(name) is None]
    programs = [] if shutil.which("dbus-daemon") else ["dbus-daemon"]
    servers = [] if shutil.which("pulseaudio") or shutil.which("pipewire") else ["pulseaudio"]
    return [*modules, *programs, *servers]


async def run_device(
    ports: Ports, cable: Cable, report: ReportLine, board: str | None = None, screen: Screen | None = None
) -> None:
    """Runs a Mark 1, or another board, until it is cancelled; reports "ready ..." when it answers.

    `screen` shows it besides the page. A part of it that ends by itself takes the rest down, with a SimulatorError
    in a group.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-sim-")))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        scope = _Scope(folder, report, stack, group)
        host = Host(folder, portal=True)
        dbus = await scope.start("host", *host.command, environment=host.environment)
        hardware = await _mark1(cable, scope) if board is None else _board(board, scope)
        panel = hardware.panel
        sound = Sound(folder) if hardware.has_sound_card else None
        if sound is not None:
            card = await scope.start("sound", *sound.command, environment=sound.environment)
            os.environ.update(sound.client_environment)  # of this process and of those that it starts from here on
        face_url = await serve(panel, ports.face, stack)
        if screen is not None:
            group.create_task(screen(panel.viewer))
        if sound is not None:
            await sound.ready()

        socket = folder / "bus.sock"
        bus, bus_url = await _start_bus(ports.bus, socket, scope)
        await hardware.start_enclosure(bus_url)
        await scope.start(
            *("admin", *_PYTHON, "admin", "run", "--bus", f"unix:{socket}", "--dbus", host.address),
            environment=host.admin_environment,
        )
        # On the unix socket, so that it may send what only the device's own user may.
        client = BusClient(f"unix:{socket}")
        await _until_it_answers(client, hardware.spoken_to, scope, panel)

        watch_host = HostView(host.address, partial(_show, panel, "host"))
        group.create_task(watch_host.run())
        let_it_play(panel, client, group, report)
        switch = Switching(group, panel.notify)
        panel.faults = [
            *hardware.faults,
            switch.restart("bus-restart", "Bus restart", bus),
            switch.hang("dbus-hangs", "D-Bus hangs", dbus, watch_host.look),
        ]
        if sound is not None:
            group.create_task(watch_mixer(partial(_show, panel, "mixer")))
            panel.faults.append(switch.program("card-gone", "Sound card gone", card))
            report("sim", f"its mixer: ALSA_CONFIG_PATH={sound.config} amixer sget Master")
        panel.notify()
        report("", f"ready bus={bus_url} face={face_url} {hardware.name}")
        await asyncio.get_running_loop().create_future()


async def _mark1(cable: Cable, scope: _Scope) -> _Hardware:
    """A faceplate on a serial port; the enclosure is a process of its own."""
    faceplate = await scope.stack.enter_async_context(
        Faceplate(scope.folder / "faceplate", cable, partial(scope.report, "face"))
    )
    scope.group.create_task(faceplate.run())
    panel = Panel(FaceViewer(faceplate))
    faceplate.on_bytes = SerialLog(panel.serial, panel.notify).add

    async def start_enclosure(bus_url: str) -> None:
        await scope.start(
            "enclosure",
            *(*_PYTHON, "enclosure", "run", "--bus", bus_url, "--profile", "mycroft_mark_1"),
            *("--serial", str(faceplate.link)),
            environment={"STATE_DIRECTORY": str(scope.folder), **_NO_HARDWARE},
        )

    return _Hardware(
        panel,
        face_faults(faceplate),
        f"serial={faceplate.link}",
        has_sound_card=True,
        spoken_to=faceplate.spoken_to,
        start_enclosure=start_enclosure,
    )


def _board(name: str, scope: _Scope) -> _Hardware:
    """The chips of a board; the enclosure runs in this process, which has them in the place of real ones."""
    # A Mark 1 does without.
    from hw_sim.boards.device import simulated  # noqa: PLC0415
    from hw_sim.boards.viewer import BoardViewer, board_faults_of  # noqa: PLC0415

    board, run_enclosure = simulated(name, scope.folder, scope.stack)
    viewer = BoardViewer(name, board)
    scope.group.create_task(viewer.run())
    found = asyncio.Event()
    found.set()

    async def start_enclosure(bus_url: str) -> None:
        scope.group.create_task(run_enclosure(bus_url))

    return _Hardware(
        Panel(viewer),
        board_faults_of(board),
        f"board={name}",
        has_sound_card=board.amplifier is None,
        spoken_to=found,
        start_enclosure=start_enclosure,
    )


async def serve(panel: Panel, port: int, stack: contextlib.AsyncExitStack) -> str:
    """Serves the page until the stack is left; returns its address. Raises SimulatorError."""
    try:
        return await stack.enter_async_context(served_page(panel, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # asyncio's own text is longer
        raise SimulatorError(f"no page on port {port}: {reason}; try --face-port 0") from error


async def _start_bus(port: int, socket: Path, scope: _Scope) -> tuple[Program, str]:
    """The bus and its URL; it keeps its port when it is started again."""
    command = (*_PYTHON, "bus", "serve", "--host", "127.0.0.1", "--port")
    bus = await scope.start("bus", *command, str(port), environment={"MYCROFT_BUS_SOCKET": str(socket)})
    url = (await bus.line("bus=")).removeprefix("bus=")
    bus.command = (*command, url.removesuffix("/core").rpartition(":")[2])
    return bus, url


def _show(panel: Panel, part: str, value: dict[str, object] | None) -> None:
    setattr(panel, part, value)
    panel.notify()


def let_it_play(panel: Panel, client: BusClient, group: asyncio.TaskGroup, report: ReportLine) -> None:
    """Has the page send messages, by its form and in scenes."""
    unsent: asyncio.Queue[Message] = asyncio.Queue(MAX_UNSENT)
    group.create_task(_send_all(client, unsent, report))
    panel.send = partial(_enqueue, unsent, report)
    panel.player = Player(panel.send, panel.notify)


def _enqueue(unsent: asyncio.Queue[Message], report: ReportLine, message: Message) -> None:
    try:
        unsent.put_nowait(message)
    except asyncio.QueueFull:
        report("sim", f"{message.msg_type} was not sent: {MAX_UNSENT} messages wait for the bus")


async def _send_all(client: BusClient, unsent: asyncio.Queue[Message], report: ReportLine) -> None:
    while True:
        message = await unsent.get()
        try:
            await client.emit(message)
        except (BusUnavailableError, ValueError) as error:
            report("sim", str(error))


def _report_line(report: ReportLine, name: str, line: str) -> None:
    """Passes on what a program says, without its time; not what the D-Bus daemon says, nor reads of the host."""
    if not line.startswith("dbus-daemon[") and not _READ.match(line):
        report(name, _LOG_TIME.sub("", line))


async def _until_it_answers(client: BusClient, spoken_to: asyncio.Event, scope: _Scope, panel: Panel) -> None:
    missing = {f"{question}.response" for question in QUESTIONS}
    answered = asyncio.Event()

    async def receive(message: Message) -> None:
        if not answered.is_set():
            missing.discard(message.msg_type)
            if not missing:
                answered.set()
        else:
            panel.message(time_of_day(), message)
            scope.report("bus", clip(render(message), MAX_LINE))

    running = scope.group.create_task(client.run(receive))
    scope.stack.callback(running.cancel)  # at the end, before the bus stops
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await spoken_to.wait()
            while not answered.is_set():
                for question in QUESTIONS:
                    await client.emit(Message(question))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(answered.wait(), ASK_AGAIN_S)
            # There is no assistant here that would say so; the eyes would spin for two minutes.
            await client.emit(Message("mycroft.ready"))
    except TimeoutError:
        raise SimulatorError(
            f"no answer within {READY_TIMEOUT_S:g} s: {', '.join(missing) or 'faceplate'}"
        ) from None
