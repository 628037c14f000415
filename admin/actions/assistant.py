"""Restarting the voice assistant."""

from admin.action import Action, Reporter, Resource
from admin.dbus.systemd import FAILED, Unit
from admin.errors import HostError
from admin.host import Host
from bus.contract import ours as topics

OF_OWNER = Unit("mycroft-restart-owner.service", 120.0)
OF_SYSTEM = Unit("mycroft-restart-system.service", 120.0)
"""Each fails where it finds no assistant to restart."""


async def restart(host: Host, report: Reporter) -> None:
    await report(topics.SERVICE_RESTART_START)
    restarted = [await _restarted(host, unit) for unit in (OF_OWNER, OF_SYSTEM)]
    if not any(restarted):
        raise HostError("no voice assistant was restarted; journalctl -u 'mycroft-restart-*' says more")
    await report(topics.SERVICE_RESTART_COMPLETE)


async def _restarted(host: Host, unit: Unit) -> bool:
    try:
        await host.systemd.start(unit)
    except HostError as error:
        if error.kind != FAILED:
            raise
        return False
    return True


ACTIONS = (
    Action(
        topics.SERVICE_RESTART,
        restart,
        does="restarts those of `ovos.service`, `neon.service` and `mycroft.service` that run, of the user 1000 "
        "(`mycroft-restart-owner.service`) and of the system (`mycroft-restart-system.service`)",
        occupies=frozenset({Resource.ASSISTANT}),
        needs=(OF_OWNER, OF_SYSTEM),
    ),
)
