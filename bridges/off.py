"""The end of a bridge that has nothing to connect to."""

import logging

from bus.daemon.runner import notify
from bus.errors import Exit


def stay_off(reason: str) -> Exit:
    """Logs why the bridge does not run; returns its exit code, with which its unit does not restart it."""
    logging.getLogger("bridges").info(reason)
    notify("READY=1")  # an end without it would be a failure of the unit
    return Exit.DONE
