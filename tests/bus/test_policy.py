import pytest

from bus.daemon.config import Role
from bus.server.policy import denial


@pytest.mark.parametrize(
    ("msg_type", "role", "admin", "allowed"),
    [
        ("speak", Role.CONTROL, False, True),
        ("system.ssh.status", Role.CONTROL, False, True),
        *[
            (name, Role.CONTROL, False, False)
            for name in ("system.reboot", "mycroft.wifi.start", "system.factory.reset")
        ],
        ("system.reboot", Role.CONTROL, True, True),
        ("speak", Role.OBSERVE, False, False),
        ("system.reboot", Role.OBSERVE, True, False),
        ("System.reboot", Role.CONTROL, False, True),  # another type, which no daemon handles
        *[(name, Role.CONTROL, True, False) for name in ("connected", "bus.message.denied", "bus.anything")],
    ],
)
def test_a_type_needs_a_role_and_a_privileged_one_an_administrator(
    msg_type: str, role: Role, admin: bool, allowed: bool
) -> None:
    assert (denial(msg_type, role, lambda: admin) is None) is allowed
