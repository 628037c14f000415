"""The message bus: that there is one, whose it is, and which programs are on it."""

import os
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from enclosure.doctor.answers import Client
from enclosure.doctor.finding import Finding, fail, ok, warn
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.doctor.processes import Process, listener, listening
from enclosure.doctor.units import BUS, SOCKET, START_BUS, UnitState, start

NAME = "bus"

SWITCH_OVER = "see 'Beside OVOS, or another bus' in /usr/share/doc/mycroft-bus/install.md"


async def check(patient: Patient) -> list[Finding]:
    """One finding."""
    url = patient.setup.bus_url
    port, proc = urlsplit(url).port, patient.root / "proc"
    holder = listener(port, proc) if port else None
    if patient.answers is None:
        taken = bool(port and listening(port, proc))
        return [no_bus(url, patient.units, holder, taken=taken)]
    if patient.answers.clients is None:
        return [foreign(url, patient.units, holder)]
    return [ours(url, patient.answers.clients)]


def no_bus(url: str, units: Mapping[str, UnitState], holder: Process | None, *, taken: bool) -> Finding:
    """Why there is no bus: another program has its port, or it does not run."""
    if SOCKET in units and units[SOCKET].active == "active":
        return fail(NAME, f"{BUS} does not answer", f"sudo systemctl restart {BUS}")
    if holder and holder.pid == 1:
        return fail(NAME, f"another socket unit has the port of {url}", "systemctl list-sockets names it")
    if holder:
        mend = f"{holder.stop} && {START_BUS}" if SOCKET in units else holder.stop
        return fail(NAME, f"{holder} has the port of {url}, and is no bus", mend)
    if taken and not holder:
        return fail(NAME, f"a program that is no bus has the port of {url}; only root can see which", AS_ROOT)
    mend = START_BUS if SOCKET in units else start(units, BUS, "bus serve")
    return fail(NAME, f"there is no bus at {url}", mend)


def foreign(url: str, units: Mapping[str, UnitState], holder: Process | None) -> Finding:
    """That the bus is another program's: it does not tell who sends a message, so admin does not listen to it."""
    found = (
        f"{url} is the bus of {holder or 'another program'}: "
        "it lets any program send anything, so mycroft-admin refuses to serve it"
    )
    if SOCKET not in units:
        return warn(NAME, found, start(units, BUS, "bus serve"))
    if holder and holder.unit and not holder.of_user:
        return warn(NAME, found, f"{holder.stop} && {START_BUS}")
    return warn(NAME, found, SWITCH_OVER)


def ours(url: str, clients: Sequence[Client]) -> Finding:
    """Which other programs are on it."""
    others = sorted(str(client) for client in clients if client.pid != os.getpid())
    return ok(NAME, f"{url} answers; on it: {', '.join(others) or 'no other program'}")
