"""The whole device in one process, where ALSA, a sound server or D-Bus are missing: Python is all that it needs.

The sound card and the host are those of tests: a mixer with a memory, and a host that records its calls.
There is no NetworkManager.
"""

import asyncio
import contextlib

from bus.client.client import BusClient
from bus.message import Message, clip, render
from hw_sim.device import MAX_LINE, Ports, ReportLine, Screen, lacking, let_it_play, serve
from hw_sim.faceviewer import FaceViewer
from hw_sim.faults import Fault, face_faults
from hw_sim.links import Cable
from hw_sim.panel import Panel, time_of_day
from hw_sim.serial_log import SerialLog
from hw_sim.testing.board import BoardDevice
from hw_sim.testing.card import Card, SoundCard
from hw_sim.testing.device import SimulatedDevice
from hw_sim.testing.mark1 import Mark1

LOOK_S = 0.2
"""Between two looks at the card and at the host, which emit no signal."""

MAX_CALLS = 50


async def run_in_one_process(
    ports: Ports, cable: Cable, report: ReportLine, board: str | None = None, screen: Screen | None = None
) -> None:
    """Does what `hw_sim.device.run_device` does."""
    device = Mark1() if board is None else BoardDevice(board)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(device.running(ports.bus))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        panel: Panel
        if isinstance(device, Mark1):
            faceplate = device.face.faceplate
            faceplate.cable = cable
            panel, where = Panel(FaceViewer(faceplate)), f"serial={faceplate.link}"
            panel.faults = face_faults(faceplate)
            faceplate.on_bytes = SerialLog(panel.serial, panel.notify).add
        else:
            from hw_sim.boards.viewer import BoardViewer, board_faults_of  # noqa: PLC0415  # a Mark 1 does without

            viewer = BoardViewer(board or "", device.leds.board)
            group.create_task(viewer.run())
            panel, where = Panel(viewer), f"board={board}"
            panel.faults = board_faults_of(device.leds.board)
        face_url = await serve(panel, ports.face, stack)
        if screen is not None:
            group.create_task(screen(panel.viewer))

        async def receive(message: Message) -> None:
            panel.message(time_of_day(), message)
            report("bus", clip(render(message), MAX_LINE))

        client = BusClient(device.bus_url)
        group.create_task(client.run(receive))
        let_it_play(panel, client, group, report)
        if isinstance(device.card, SoundCard):
            card = device.card
            gone = Fault("card-gone", "Sound card gone", lambda on: card.plug(not on), lambda: not card.there)
            panel.faults = [*panel.faults, gone]
        panel.faults = [*panel.faults, _hang(device.recorded.answers)]
        group.create_task(_watch(device, panel))
        report("sim", f"sound card and host are stand-ins without {', '.join(lacking())}")
        report("", f"ready bus={device.bus_url} face={face_url} {where}")
        await asyncio.get_running_loop().create_future()


def _hang(answers: asyncio.Event) -> Fault:
    """The fault of a host whose services answer only while this is set."""
    return Fault(
        "dbus-hangs",
        "D-Bus hangs",
        lambda on: answers.clear() if on else answers.set(),
        lambda: not answers.is_set(),
    )


async def _watch(device: SimulatedDevice, panel: Panel) -> None:
    """Shows the card and what the host was asked for."""
    calls: list[list[str]] = []
    while True:
        recorded = device.recorded
        calls += [[time_of_day(), call] for call in recorded.calls[len(calls) :]]
        mixer = _level(device.card)
        host: dict[str, object] = {
            "answers": recorded.answers.is_set(),
            "values": [["ssh", "on" if recorded.ssh else "off"]],
            "calls": calls[-MAX_CALLS:],
        }
        if (panel.mixer, panel.host) != (mixer, host):
            panel.mixer, panel.host = mixer, host
            panel.notify()
        await asyncio.sleep(LOOK_S)


def _level(card: Card) -> dict[str, object] | None:
    """What the page shows of a sound card; the state of an amplifier is that of its board."""
    if not isinstance(card, SoundCard) or not card.there:
        return None
    return {"percent": card.level.percent, "muted": card.level.muted}
