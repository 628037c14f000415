"""Setting the clock."""

from admin.action import Action, Reporter, Resource
from admin.host import Host
from bus.contract import ours as topics


async def synchronise(host: Host, report: Reporter) -> None:
    await report(topics.NTP_SYNCING)
    await host.timedate.synchronise()
    await report(topics.NTP_COMPLETE)
    await report(topics.CLOCK_SYNCED)


ACTIONS = (
    Action(
        topics.NTP_SYNC,
        synchronise,
        does="switches the synchronisation with the network on, by timedated, and waits until the clock is right",
        occupies=frozenset({Resource.CLOCK}),
        needs=("org.freedesktop.timedate1.set-ntp",),
    ),
)
