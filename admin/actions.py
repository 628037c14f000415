"""The closed list of what a message can have done to the host. Pure.

A message chooses a row and fills in the checked fields of its topic; nothing else of it counts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from admin.dbus.systemd import Work
from admin.host import Host
from bus.contract import ours as topics
from bus.contract.topic import Topic


class Resource(Enum):
    """Part of the machine that one action at a time may change."""

    POWER = auto()
    SSH = auto()
    CLOCK = auto()


class Report(Protocol):
    """Tells the sender of the request, and everyone else on the bus, how far it is."""

    async def __call__(self, topic: Topic, **data: Any) -> None: ...


Perform = Callable[..., Awaitable[None]]
"""Called with the host, a `Report`, and the fields of the request by name; raises HostError."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the list."""

    request: Topic
    perform: Perform
    occupies: frozenset[Resource] = frozenset()
    """What no other action may change meanwhile; empty for a question."""
    cancels: frozenset[Topic] = frozenset()
    """Requests that are cancelled first where they are under way."""
    resume: Perform | None = None
    """Finds out how it ended when the daemon was restarted meanwhile; without it that is reported as unknown."""


async def reboot(host: Host, report: Report) -> None:
    await report(topics.REBOOT_START)
    await host.logind.reboot()


async def shut_down(host: Host, report: Report) -> None:
    await report(topics.SHUTDOWN_START)
    await host.logind.power_off()


async def enable_ssh(host: Host, report: Report) -> None:
    await report(topics.SSH_ENABLING)
    await host.systemd.do(Work.ENABLE_SSH)
    await report(topics.SSH_ENABLED)


async def disable_ssh(host: Host, report: Report) -> None:
    await report(topics.SSH_DISABLING)
    await host.systemd.do(Work.DISABLE_SSH)
    await report(topics.SSH_DISABLED)


async def ssh_status(host: Host, report: Report) -> None:
    await report(topics.SSH_STATUS_RESPONSE, enabled=await host.systemd.ssh_enabled())


async def synchronise_clock(host: Host, report: Report) -> None:
    await report(topics.NTP_SYNCING)
    await host.timedate.synchronise()
    await report(topics.NTP_COMPLETE)
    await report(topics.CLOCK_SYNCED)


_LEAVING = frozenset({Resource.POWER, Resource.SSH})
"""Keys for ssh that are half written would be a machine without ssh."""

ACTIONS = (
    Action(topics.REBOOT, reboot, occupies=_LEAVING, cancels=frozenset({topics.NTP_SYNC})),
    Action(topics.SHUTDOWN, shut_down, occupies=_LEAVING, cancels=frozenset({topics.NTP_SYNC})),
    # To start a unit that is under way already is to wait for it.
    Action(topics.SSH_ENABLE, enable_ssh, occupies=frozenset({Resource.SSH}), resume=enable_ssh),
    Action(topics.SSH_DISABLE, disable_ssh, occupies=frozenset({Resource.SSH}), resume=disable_ssh),
    Action(topics.SSH_STATUS, ssh_status),
    Action(topics.NTP_SYNC, synchronise_clock, occupies=frozenset({Resource.CLOCK})),
)
