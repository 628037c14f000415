"""The closed list of what a message can have done to the host. Pure.

A message chooses a row of it and nothing else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from bus.contract import ours as topics
from bus.contract.topic import Topic


class Host(Protocol):
    """What the admin service may do to the machine. Every method raises HostError."""

    async def reboot(self) -> None:
        """Restarts the machine."""

    async def power_off(self) -> None:
        """Switches the machine off."""

    async def enable_ssh(self) -> None:
        """Has ssh run, now and after a restart."""

    async def disable_ssh(self) -> None:
        """Has ssh not run, now and after a restart."""

    async def ssh_enabled(self) -> bool:
        """Whether ssh starts with the machine."""

    async def synchronise_clock(self) -> None:
        """Sets the clock from the network; returns when it is right."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the list."""

    request: Topic
    perform: Callable[[Host], Awaitable[dict[str, Any] | None]]
    """Returns the data of the report, if it has any."""
    before: Topic | None = None
    """The acknowledgement, sent before anything is done."""
    after: tuple[Topic, ...] = ()
    """The report, sent when it is done."""


async def _ssh_status(host: Host) -> dict[str, Any]:
    return {"enabled": await host.ssh_enabled()}


ACTIONS = (
    Action(topics.REBOOT, lambda host: host.reboot(), before=topics.REBOOT_START),
    Action(topics.SHUTDOWN, lambda host: host.power_off(), before=topics.SHUTDOWN_START),
    Action(
        topics.SSH_ENABLE,
        lambda host: host.enable_ssh(),
        before=topics.SSH_ENABLING,
        after=(topics.SSH_ENABLED,),
    ),
    Action(
        topics.SSH_DISABLE,
        lambda host: host.disable_ssh(),
        before=topics.SSH_DISABLING,
        after=(topics.SSH_DISABLED,),
    ),
    Action(topics.SSH_STATUS, _ssh_status, after=(topics.SSH_STATUS_RESPONSE,)),
    Action(
        topics.NTP_SYNC,
        lambda host: host.synchronise_clock(),
        before=topics.NTP_SYNCING,
        after=(topics.NTP_COMPLETE, topics.CLOCK_SYNCED),
    ),
)
