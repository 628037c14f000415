"""The enclosure and the admin service: that each runs, and no second one of it."""

from collections.abc import Mapping, Sequence

from bus.contract import ours as topics
from enclosure.doctor.answers import Client
from enclosure.doctor.finding import Finding, fail, ok, skip
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ADMIN, ENCLOSURE, UnitState, start

COMM_LENGTH = 15
"""Characters of a process name, which the kernel cuts there (proc_pid_comm(5))."""


async def check(patient: Patient) -> list[Finding]:
    """Nothing without a bus, where no program can be asked."""
    answers, units = patient.answers, patient.units
    if answers is None:
        return []
    clients = answers.clients
    faces = len(answers.to(topics.FIRMWARE_VERSION))
    admins = max(len(answers.to(topics.ADMIN_ALIVE)), len(answers.to(topics.SSH_STATUS_RESPONSE)))
    found = [running("enclosure", faces, clients or (), units, ENCLOSURE)]
    if clients is None:
        found.append(skip("admin", "it does not serve another program's bus: see bus"))
    elif units and ADMIN not in units:
        found.append(skip("admin", "mycroft-admin is not installed"))
    else:
        found.append(running("admin", admins, clients, units, ADMIN))
    return found


def running(
    name: str, count: int, clients: Sequence[Client], units: Mapping[str, UnitState], unit: str
) -> Finding:
    """Whether exactly one program does the work of a daemon."""
    if count == 1:
        return ok(name, "it runs")
    if count == 0:
        return fail(name, "it does not run, or is on another bus", start(units, unit, f"{name} run"))
    found = f"{count} programs do its work"
    own = units[unit].pid if unit in units else 0
    second = [
        str(client.pid)
        for client in clients
        if own and client.pid not in (own, None) and client.process == f"mycroft-{name}"[:COMM_LENGTH]
    ]
    if second:
        return fail(
            name, f"{found}; besides the unit's: process {', '.join(second)}", f"sudo kill {' '.join(second)}"
        )
    return fail(name, found, "stop all but one; mycroft-bus status lists the programs on the bus")
