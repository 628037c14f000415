"""The whole device: simulated hardware, and the three daemons on it as processes of their own."""

import asyncio
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bus.client.client import BusClient
from bus.message import Message, render
from hw_sim.boards.viewer import BoardViewer
from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate
from hw_sim.host import Host
from hw_sim.links import Cable
from hw_sim.panel import FaceViewer
from hw_sim.process import Program
from hw_sim.sound import Sound
from hw_sim.web.server import Viewer, served_page

READY_TIMEOUT_S = 60.0
"""From start to answer; a fraction of it on a Pi 3."""

ASK_AGAIN_S = 0.25
"""A question that comes before its receiver is lost: the bus keeps nothing."""

QUESTIONS = ("mycroft.volume.get", "system.ssh.status")
"""The device is there when each of these has an answer, and the faceplate has been spoken to."""

_LOG_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")

ReportLine = Callable[[str, str], None]
"""Called with the part of the device that says something, and what it says."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen on 127.0.0.1; 0 takes a free port."""

    bus: int
    face: int


async def run_device(ports: Ports, cable: Cable, report: ReportLine, board: str | None = None) -> None:
    """Runs a Mark 1, or another board, until it is cancelled; reports "ready ..." when it answers.

    A part of it that ends by itself takes the rest down, with a SimulatorError in a group.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-sim-")))
        group = await stack.enter_async_context(asyncio.TaskGroup())

        async def start(name: str, *command: str, environment: dict[str, str] | None = None) -> Program:
            program = Program(name, command, partial(_report_line, report, name), environment)
            await stack.enter_async_context(program)
            group.create_task(program.watch())
            return program

        host, sound = Host(folder), Sound(folder)
        await start("host", *host.command, environment=host.environment)
        await start("sound", *sound.command, environment=sound.environment)
        viewer: Viewer
        if board is None:
            faceplate = await stack.enter_async_context(
                Faceplate(folder / "faceplate", cable, partial(report, "face"))
            )
            group.create_task(faceplate.run())
            viewer = FaceViewer(faceplate)
        else:
            from hw_sim.boards.device import simulated  # noqa: PLC0415  # a Mark 1 does without

            chips, run_enclosure = simulated(board, folder, sound.client_environment, stack)
            viewer = BoardViewer(board, chips)
            group.create_task(viewer.run())
        try:
            face_url = await stack.enter_async_context(served_page(viewer, ports.face))
        except OSError as error:
            reason = os.strerror(error.errno or 0)  # asyncio's own text is longer
            raise SimulatorError(f"no page on port {ports.face}: {reason}; try --face-port 0") from error
        await sound.ready()

        python = (sys.executable, "-m")
        socket = folder / "bus.sock"
        bus = await start(
            "bus",
            *(*python, "bus", "serve", "--host", "127.0.0.1", "--port", str(ports.bus)),
            environment={"MYCROFT_BUS_SOCKET": str(socket)},
        )
        bus_url = (await bus.line("bus=")).removeprefix("bus=")
        if board is None:
            await start(
                "enclosure",
                *(*python, "enclosure", "run", "--bus", bus_url, "--profile", "mycroft_mark_1"),
                *("--serial", str(faceplate.link)),
                environment={**sound.client_environment, "STATE_DIRECTORY": str(folder)},
            )
        else:
            group.create_task(run_enclosure(bus_url))
        await start("admin", *python, "admin", "run", "--bus", f"unix:{socket}", "--dbus", host.address)
        await _until_it_answers(bus_url, None if board else faceplate.spoken_to, group, report)
        report("sim", f"its mixer: ALSA_CONFIG_PATH={sound.config} amixer sget Master")
        where = f"board={board}" if board else f"serial={faceplate.link}"
        report("", f"ready bus={bus_url} face={face_url} {where}")
        await asyncio.get_running_loop().create_future()


def _report_line(report: ReportLine, name: str, line: str) -> None:
    """Passes on what a program says, without its own time, and without the D-Bus daemon's talk about itself."""
    if not line.startswith("dbus-daemon["):
        report(name, _LOG_TIME.sub("", line))


async def _until_it_answers(
    bus_url: str, spoken_to: asyncio.Event | None, group: asyncio.TaskGroup, report: ReportLine
) -> None:
    client = BusClient(bus_url)
    missing = {f"{question}.response" for question in QUESTIONS}
    answered = asyncio.Event()

    async def receive(message: Message) -> None:
        if not answered.is_set():
            missing.discard(message.msg_type)
            if not missing:
                answered.set()
        else:
            report("bus", render(message))

    group.create_task(client.run(receive))
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            if spoken_to is not None:
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
