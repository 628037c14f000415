"""systemd-timedated: the clock (org.freedesktop.timedate1(5))."""

import asyncio

from admin.dbus.system import Remote, SystemBus
from admin.errors import HostError

SYNC_TIMEOUT_S = 14.0
"""mycroft-core waits 15 s for the answer to system.ntp.sync."""

SYNC_POLL_S = 0.5
"""timedated emits no signal when NTPSynchronized changes."""

_TIMEDATE = Remote("org.freedesktop.timedate1", "/org/freedesktop/timedate1", "org.freedesktop.timedate1")


class Timedate:
    """Sets the clock from the network, and the time zone."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    async def set_timezone(self, name: str) -> None:
        """Sets the time zone, such as Europe/Berlin. Raises HostError, also for an unknown one."""
        await self._bus.call(_TIMEDATE, "SetTimezone", "sb", name, False)

    async def synchronise(self) -> None:
        """Enables synchronisation, and returns when the clock is right. Raises HostError.

        The clock may also be kept right by a program that timedated does not manage.
        """
        if await self._bus.property(_TIMEDATE, "CanNTP", "b"):
            await self._bus.call(_TIMEDATE, "SetNTP", "bb", True, False)
        elif not await self._bus.property(_TIMEDATE, "NTPSynchronized", "b"):
            raise HostError("no program sets the clock; install systemd-timesyncd or chrony")
        try:
            async with asyncio.timeout(SYNC_TIMEOUT_S):
                # There is no signal to wait for, see SYNC_POLL_S.
                while not await self._bus.property(_TIMEDATE, "NTPSynchronized", "b"):  # noqa: ASYNC110
                    await asyncio.sleep(SYNC_POLL_S)
        except TimeoutError:
            raise HostError(f"no time from the network within {SYNC_TIMEOUT_S:g} s") from None
