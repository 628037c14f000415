"""The message bus: that there is one, whose it is, and which programs are on it."""

import os
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from enclosure.doctor.answers import Client
from enclosure.doctor.finding import Finding, by_hand, fail, ok, warn
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.doctor.processes import Process, listener, listening
from enclosure.doctor.units import BUS, SOCKET, START_BUS, UnitState, socket_unit, start

NAME = "bus"


async def check(patient: Patient) -> list[Finding]:
    """One finding."""
    url = patient.setup.bus_url
    port, proc = urlsplit(url).port, patient.proc
    holder = listener(port, proc) if port else None
    if patient.answers is None:
        taken = bool(port and listening(port, proc))
        if holder and holder.pid == 1 and port and (unit := await socket_unit(port)) != SOCKET:
            return [other_socket(url, patient.units, unit)]
        return [no_bus(url, patient.units, holder, taken=taken)]
    if patient.answers.clients is None:
        return [foreign(url, patient.units, holder)]
    return [ours(url, patient.answers.clients)]


def no_bus(url: str, units: Mapping[str, UnitState], holder: Process | None, *, taken: bool) -> Finding:
    """Why there is no bus: another program has its port, or it does not run."""
    if SOCKET in units and units[SOCKET].active == "active":
        return fail(NAME, f"{BUS} does not answer", f"sudo systemctl restart {BUS}")
    if holder:
        return fail(NAME, f"{holder} has the port of {url}, and is no bus", f"{holder.stop} && {_begin(units)}")
    if taken:
        return fail(NAME, f"a program that is no bus has the port of {url}; only root can see which", AS_ROOT)
    return fail(NAME, f"there is no bus at {url}", _begin(units))


def other_socket(url: str, units: Mapping[str, UnitState], unit: str | None) -> Finding:
    """That systemd listens for another service."""
    if unit is None:
        mend = "disable the socket unit that has this port in `systemctl list-sockets`"
        return by_hand(fail(NAME, f"systemd has the port of {url} for another program", mend))
    stop = f"sudo systemctl disable --now {shlex.quote(unit)}"
    return fail(NAME, f"{unit} has the port of {url}, and is no bus", f"{stop} && {_begin(units)}")


def foreign(url: str, units: Mapping[str, UnitState], holder: Process | None) -> Finding:
    """That the bus is another program's: it does not tell who sends a message, so admin does not listen to it."""
    found = (
        f"{url} is the bus of {holder or 'another program'}: "
        "it lets any program send anything, so mycroft-admin refuses to serve it"
    )
    return warn(NAME, found, f"{holder.stop} && {_begin(units)}" if holder else AS_ROOT)


def ours(url: str, clients: Sequence[Client]) -> Finding:
    """Which other programs are on it."""
    others = sorted(str(client) for client in clients if client.pid != os.getpid())
    return ok(NAME, f"{url} answers; on it: {', '.join(others) or 'no other program'}")


def _begin(units: Mapping[str, UnitState]) -> str:
    """The command that starts our bus."""
    return START_BUS if SOCKET in units else start(units, BUS, "bus serve")
