"""Where the commands find the bus of this machine."""

import socket
import stat
from pathlib import Path

from bus.daemon.authority import is_service

SOCKET = Path("/run/mycroft/bus.sock")
"""Where mycroft-bus.socket listens, too. Over it the bus knows the process of a client, and so does the log of the
admin service."""


def nearest(url: str, default: str) -> str:
    """The unix socket, where no other address than the default is configured and the bus of a service has it."""
    return f"unix:{SOCKET}" if url == default and _has_bus(SOCKET) else url


def _has_bus(path: Path) -> bool:
    try:
        status = path.stat()
        if not (stat.S_ISSOCK(status.st_mode) and is_service(status.st_uid)):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            probe.connect(str(path))
    except OSError:  # none, or one that is left over
        return False
    return True
