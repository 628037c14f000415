"""The clock. A wrong one breaks secure connections, and with them most skills."""

from enclosure.doctor.finding import Finding, ok, skip, warn
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import output


async def check(_: Patient) -> list[Finding]:
    """One finding."""
    return [clock(await ntp_synchronized())]


async def ntp_synchronized() -> str:
    """ "yes", "no", or "" where that is unknown: the kernel knows, whichever program sets its clock."""
    return await output("timedatectl", "show", "--property=NTPSynchronized", "--value")


def clock(synchronized: str) -> Finding:
    """Whether the time is right."""
    match synchronized:
        case "yes":
            return ok("clock", "it is set from the network")
        case "no":
            found = "it has not been set from the network; without that, secure connections may fail"
            return warn("clock", found, "sudo timedatectl set-ntp true")
    return skip("clock", "timedatectl does not say whether it is right")
