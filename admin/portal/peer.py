"""The user at the other end of a unix socket."""

import os
import socket
import struct

from bus.daemon.authority import is_system_user

PORTAL_USER = "mycroft-portal"


def is_trusted(connected: socket.socket, system_user: str) -> bool:
    """Whether the other end is root, this process' own user, or the system user of that name (SO_PEERCRED)."""
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return uid in (0, os.getuid()) or is_system_user(uid, (system_user,))
