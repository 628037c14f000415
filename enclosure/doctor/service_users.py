"""That the users of the daemons are system users, and no login users of the same name."""

import pwd
from collections.abc import Mapping

from bus.daemon.authority import FIRST_LOGIN_UID, SERVICE_USERS
from enclosure.doctor.finding import Finding, fail, ok
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ADMIN, BUS, ENCLOSURE, SOCKET

NAME = "service users"


async def check(patient: Patient) -> list[Finding]:
    """Nothing in a checkout, whose daemons run as any user."""
    if not patient.installed:
        return []
    return [service_users({user.pw_name: user.pw_uid for user in pwd.getpwall()})]


def service_users(uids: Mapping[str, int]) -> Finding:
    """Whether no login user has the name of a service user; `uids` has all users of the system."""
    for name in SERVICE_USERS:
        uid = uids.get(name, 0)
        if uid >= FIRST_LOGIN_UID:
            return fail(
                NAME,
                f"{name} (uid {uid}) is a login user that was there before the packages: daemons run as it, so "
                "its programs can change them, and mycroft-admin trusts neither them nor their bus. "
                f"The command is for another user, while no program of {name} but the daemons runs",
                f"sudo systemctl stop {SOCKET} {BUS} {ENCLOSURE} {ADMIN} && "
                f"sudo usermod --login {name}-login {name} && sudo groupmod --new-name {name}-login {name} && "
                "sudo systemd-sysusers && sudo reboot",
            )
    return ok(NAME, f"{' and '.join(SERVICE_USERS)} are no login users")
