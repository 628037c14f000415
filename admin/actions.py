"""The closed list of actions that a message can request. Pure.

A message chooses a row and fills in the checked fields of its topic; nothing else in it has an effect.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from admin.dbus.systemd import Unit
from admin.host import Host
from bus.contract import ours as topics
from bus.contract.topic import Topic


class Resource(Enum):
    """Part of the machine that one action at a time may change."""

    POWER = auto()
    SSH = auto()
    CLOCK = auto()


class Reporter(Protocol):
    """Emits the acknowledgement, the progress or the end of an action, as a reply to its requests."""

    async def __call__(self, topic: Topic, **data: Any) -> None: ...


Perform = Callable[..., Awaitable[None]]
"""Called with the host, a `Reporter`, and the fields of the request by name; raises HostError."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the list."""

    request: Topic
    perform: Perform
    occupies: frozenset[Resource] = frozenset()
    """Resources that no other action may change meanwhile; empty for a question."""
    cancels: frozenset[Topic] = frozenset()
    """Requests to cancel first, where they are under way."""
    needs: tuple[str | Unit, ...] = ()
    """Actions of polkit, and units to start; see `admin.polkit`."""
    resume: Perform | None = None
    """Called without fields after a restart of the daemon; without it the result is reported as unknown."""


ENABLE_SSH_UNIT = Unit("mycroft-ssh-enable.service", 180.0)
"""It generates host keys: RSA takes up to a minute on a Pi Zero."""
DISABLE_SSH_UNIT = Unit("mycroft-ssh-disable.service", 30.0)


async def reboot(host: Host, report: Reporter) -> None:
    await report(topics.REBOOT_START)
    await host.logind.reboot()


async def shut_down(host: Host, report: Reporter) -> None:
    await report(topics.SHUTDOWN_START)
    await host.logind.power_off()


async def enable_ssh(host: Host, report: Reporter) -> None:
    await report(topics.SSH_ENABLING)
    await host.systemd.start(ENABLE_SSH_UNIT)
    await report(topics.SSH_ENABLED)


async def disable_ssh(host: Host, report: Reporter) -> None:
    await report(topics.SSH_DISABLING)
    await host.systemd.start(DISABLE_SSH_UNIT)
    await report(topics.SSH_DISABLED)


async def ssh_status(host: Host, report: Reporter) -> None:
    await report(topics.SSH_STATUS_RESPONSE, enabled=await host.systemd.ssh_enabled())


async def synchronise_clock(host: Host, report: Reporter) -> None:
    await report(topics.NTP_SYNCING)
    await host.timedate.synchronise()
    await report(topics.NTP_COMPLETE)
    await report(topics.CLOCK_SYNCED)


_SSH = frozenset({Resource.SSH})
_LEAVING = frozenset({Resource.POWER, Resource.SSH})
"""A restart while the host keys are written would leave a machine without ssh."""

ACTIONS = (
    Action(
        topics.REBOOT,
        reboot,
        occupies=_LEAVING,
        cancels=frozenset({topics.NTP_SYNC}),
        needs=("org.freedesktop.login1.reboot", "org.freedesktop.login1.reboot-multiple-sessions"),
    ),
    Action(
        topics.SHUTDOWN,
        shut_down,
        occupies=_LEAVING,
        cancels=frozenset({topics.NTP_SYNC}),
        needs=("org.freedesktop.login1.power-off", "org.freedesktop.login1.power-off-multiple-sessions"),
    ),
    # Starting a unit that is under way waits for its end.
    Action(topics.SSH_ENABLE, enable_ssh, occupies=_SSH, needs=(ENABLE_SSH_UNIT,), resume=enable_ssh),
    Action(topics.SSH_DISABLE, disable_ssh, occupies=_SSH, needs=(DISABLE_SSH_UNIT,), resume=disable_ssh),
    Action(topics.SSH_STATUS, ssh_status),
    Action(
        topics.NTP_SYNC,
        synchronise_clock,
        occupies=frozenset({Resource.CLOCK}),
        needs=("org.freedesktop.timedate1.set-ntp",),
    ),
)
