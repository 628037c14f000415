"""Decides which bus and which senders the admin service obeys."""

import os
import pwd
from dataclasses import dataclass

from bus.contract import ours as topics
from bus.daemon.authority import is_service, is_system_user, may_administer
from bus.errors import BusUnavailableError
from bus.message import Message, printable

NO_OTHER_BUS = "no other bus is used: the sender of a message is known only on this one"
"""Why the admin service waits where another bus runs, for the log."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The user and the process that sent a message, as the kernel reports them to the bus."""

    uid: int
    pid: int | None
    process: str | None

    def __str__(self) -> str:
        process = printable(self.process or "?")  # a process chooses its own name
        return f"uid {self.uid} ({_user_name(self.uid)}), pid {self.pid or '?'} ({process})"


def sender_of(message: Message) -> Sender | None:
    """The sender that the bus names in a message; None without a valid one."""
    match message.context.get(topics.SENDER):
        case {"uid": int(uid), "pid": int() | None as pid, "process": str() | None as process}:
            return None if isinstance(uid, bool) else Sender(uid, pid, process)
    return None


def is_obeyed(sender: Sender | None) -> bool:
    """Whether the sender of a privileged message may administer the machine; the bus has checked it too."""
    return sender is not None and may_administer(sender.uid)


def is_of_device(sender: Sender | None) -> bool:
    """Whether a message comes from a daemon of this package, such as the enclosure: not just from any root."""
    return sender is not None and (sender.uid == os.getuid() or (sender.uid != 0 and is_service(sender.uid)))


def verify_listener(uid: int | None) -> None:
    """Refuses a bus that another user than root, the system user mycroft, or this daemon's own listens for.

    The bus names the sender of each message, so the user who runs it controls the machine. Raises
    BusUnavailableError.
    """
    if uid is None or not (uid in (0, os.getuid()) or is_system_user(uid, ("mycroft",))):
        name = _user_name(uid)
        raise BusUnavailableError(
            f"uid {uid} ({name}) listens there; only a bus of root or the system user mycroft is obeyed"
        )


def _user_name(uid: int | None) -> str:
    try:
        return "?" if uid is None else pwd.getpwuid(uid).pw_name
    except KeyError:
        return "?"
