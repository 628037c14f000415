"""The user at the other end of a unix socket."""

import os
import pwd
import socket
import struct

from bus.daemon.authority import FIRST_LOGIN_UID

ADMIN_USER = "mycroft-admin"
PORTAL_USER = "mycroft-portal"


def is_trusted(connected: socket.socket, system_user: str) -> bool:
    """Whether the other end is root, this process' own user, or the system user of that name (SO_PEERCRED)."""
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    if uid in (0, os.getuid()):
        return True
    try:
        return uid < FIRST_LOGIN_UID and pwd.getpwuid(uid).pw_name == system_user
    except KeyError:
        return False
