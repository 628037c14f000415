"""Switching ssh on and off."""

from admin.action import Action, Reporter, Resource
from admin.dbus.systemd import Unit
from admin.host import Host
from bus.contract import ours as topics

ENABLE = Unit("mycroft-ssh-enable.service", 180.0)
"""It generates host keys: RSA takes up to a minute on a Pi Zero."""
DISABLE = Unit("mycroft-ssh-disable.service", 30.0)


async def enable(host: Host, report: Reporter) -> None:
    await report(topics.SSH_ENABLING)
    await host.systemd.start(ENABLE)
    await report(topics.SSH_ENABLED)


async def disable(host: Host, report: Reporter) -> None:
    await report(topics.SSH_DISABLING)
    await host.systemd.start(DISABLE)
    await report(topics.SSH_DISABLED)


async def status(host: Host, report: Reporter) -> None:
    await report(topics.SSH_STATUS_RESPONSE, enabled=await host.systemd.ssh_enabled())


_SSH = frozenset({Resource.SSH})

ACTIONS = (
    # Starting a unit that is under way waits for its end, so these can be resumed by starting them again.
    Action(
        topics.SSH_ENABLE,
        enable,
        does="makes the host keys that are missing, and enables and starts `ssh.service`",
        occupies=_SSH,
        needs=(ENABLE,),
        resume=enable,
    ),
    Action(
        topics.SSH_DISABLE,
        disable,
        does="disables and stops `ssh.service` and `ssh.socket`; open connections stay",
        occupies=_SSH,
        needs=(DISABLE,),
        resume=disable,
    ),
    Action(topics.SSH_STATUS, status, does="asks systemd whether `ssh.service` or `ssh.socket` is enabled"),
)
