"""The enclosure and the admin service: that each runs, and no second one of it."""

import contextlib

from bus.contract import ours as topics
from enclosure.doctor.finding import Finding, by_hand, fail, ok, skip
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.doctor.phal import ADMIN_PLUGINS, remove
from enclosure.doctor.processes import Process, process
from enclosure.doctor.units import ADMIN, ENCLOSURE, start


async def check(patient: Patient) -> list[Finding]:
    """Nothing without a bus, where no program can be asked."""
    answers, units = patient.answers, patient.units
    if answers is None:
        return []
    clients = answers.clients
    faces = len(answers.to(topics.FIRMWARE_VERSION))
    admins = max(len(answers.to(topics.ADMIN_ALIVE)), len(answers.to(topics.SSH_STATUS_RESPONSE)))
    found = [running("enclosure", faces, patient, ENCLOSURE)]
    if clients is None:
        found.append(skip("admin", "it does not serve another program's bus: see bus"))
    elif units and ADMIN not in units:
        found.append(skip("admin", "mycroft-admin is not installed"))
    else:
        found.append(running("admin", admins, patient, ADMIN))
    return found


def running(name: str, count: int, patient: Patient, unit: str) -> Finding:
    """Whether exactly one program does the work of a daemon."""
    if count == 1:
        return ok(name, "it runs")
    if count == 0:
        return fail(name, "it does not run, or is on another bus", start(patient.units, unit, f"{name} run"))
    found = f"{count} programs do its work"
    if rest := second(name, patient, unit):
        listed = ", ".join(map(str, rest))
        return fail(name, f"{found}; besides the unit's: {listed}", " && ".join(each.stop for each in rest))
    try:
        mend = remove(ADMIN_PLUGINS, patient) if name == "admin" else ""
    except PermissionError:
        return fail(name, f"{found}; only root can see which", AS_ROOT)
    if mend:
        return fail(name, f"{found}; OVOS' plugin for the system is one", mend)
    mend = "stop all but one; `mycroft-bus status` lists the programs on the bus"
    return by_hand(fail(name, found, mend))


def second(name: str, patient: Patient, unit: str) -> list[Process]:
    """The programs on our bus that are the same daemon as a unit's; empty where that does not run."""
    own = patient.units[unit].pid if unit in patient.units else 0
    clients = (patient.answers and patient.answers.clients) or []
    found = []
    for pid in sorted({client.pid for client in clients if client.pid} - {own} if own else ()):
        with contextlib.suppress(OSError):  # it has ended
            program = process(pid, patient.proc)
            if program.command in (name, f"mycroft-{name}"):
                found.append(program)
    return found
