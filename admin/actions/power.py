"""Restarting the machine, and switching it off."""

from admin.action import Action, Reporter, Resource
from admin.host import Host
from bus.contract import ours as topics

LEAVING = frozenset({Resource.POWER, Resource.SSH})
"""A restart while the host keys are written would leave a machine without ssh."""

TO_REBOOT = ("org.freedesktop.login1.reboot", "org.freedesktop.login1.reboot-multiple-sessions")


async def reboot(host: Host, report: Reporter) -> None:
    await report(topics.REBOOT_START)
    await host.logind.reboot()


async def shut_down(host: Host, report: Reporter) -> None:
    await report(topics.SHUTDOWN_START)
    await host.logind.power_off()


ACTIONS = (
    Action(
        topics.REBOOT,
        reboot,
        does="restarts the machine, by logind",
        occupies=LEAVING,
        cancels=frozenset({topics.NTP_SYNC}),
        needs=TO_REBOOT,
    ),
    Action(
        topics.SHUTDOWN,
        shut_down,
        does="switches the machine off, by logind",
        occupies=LEAVING,
        cancels=frozenset({topics.NTP_SYNC}),
        needs=("org.freedesktop.login1.power-off", "org.freedesktop.login1.power-off-multiple-sessions"),
    ),
)
