"""The installed units and their states, as systemd reports them."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from dataclasses import dataclass

SOCKET = "mycroft-bus.socket"
BUS = "mycroft-bus.service"
ENCLOSURE = "mycroft-enclosure.service"
ADMIN = "mycroft-admin.service"

START_BUS = f"sudo systemctl enable --now {SOCKET} {BUS}"

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class UnitState:
    """One installed unit."""

    active: str
    """systemd's ActiveState."""
    pid: int = 0
    """Its main process; 0 without one."""


async def installed_units() -> dict[str, UnitState]:
    """Our units by name; empty in a checkout, and where systemd does not run."""
    properties = "--property=Id,LoadState,ActiveState,MainPID"
    return parse(await output("systemctl", "show", properties, SOCKET, BUS, ENCLOSURE, ADMIN))


def parse(shown: str) -> dict[str, UnitState]:
    """The units in the output of `systemctl show`: blocks of KEY=VALUE lines."""
    found = {}
    for block in shown.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values.get("LoadState") == "loaded":
            found[values["Id"]] = UnitState(values["ActiveState"], int(values.get("MainPID", "0")))
    return found


async def socket_unit(port: int) -> str | None:
    """The active socket unit that listens on a TCP port; None where systemd names none."""
    listed = await output("systemctl", "list-sockets", "--full", "--plain", "--no-legend")
    for line in listed.splitlines():
        words = line.split()
        if len(words) > 1 and words[0].rpartition(":")[2] == str(port):
            return words[1]
    return None


def start(units: Mapping[str, UnitState], unit: str, module: str) -> str:
    """The command that starts a daemon: its unit where that is installed, else the package in a checkout."""
    return f"sudo systemctl enable --now {unit}" if unit in units else f"{sys.executable} -m {module}"


async def output(*command: str) -> str:
    """What a program prints; empty where it is missing, fails or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
    except OSError:
        return ""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return "" if process.returncode else printed.decode(errors="replace").strip()
