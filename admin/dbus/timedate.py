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
    """Sets the clock from the network."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    async def synchronise(self) -> None:
        """Enables synchronisation, and returns when the clock is right. Raises HostError."""
        await self._bus.call(_TIMEDATE, "SetNTP", "bb", True, False)
        try:
            async with asyncio.timeout(SYNC_TIMEOUT_S):
                # There is no signal to wait for, see SYNC_POLL_S.
                while not await self._bus.property(_TIMEDATE, "NTPSynchronized", "b"):  # noqa: ASYNC110
                    await asyncio.sleep(SYNC_POLL_S)
        except TimeoutError:
            raise HostError(f"no time from the network within {SYNC_TIMEOUT_S:g} s") from None
