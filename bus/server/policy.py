"""Who may send what. Pure: types and roles in, a verdict out."""

from collections.abc import Callable

from bus.contract.ours import CONNECTED, PRIVILEGED
from bus.daemon.authority import ADMIN_GROUP
from bus.daemon.config import Role


def denial(msg_type: str, role: Role, may_administer: Callable[[], bool]) -> str | None:
    """Why a client may not send this type; None: it may. `may_administer` is asked for privileged types only."""
    if role is Role.OBSERVE:
        return "this client may only listen"
    if msg_type.startswith("bus.") or msg_type == CONNECTED.name:  # OVOS clients take their session from that
        return "only the bus itself says this"
    if msg_type in PRIVILEGED and not may_administer():
        return f"only root, the device's own services and members of {ADMIN_GROUP} may send this"
    return None
