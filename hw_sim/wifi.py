"""A wifi setup without radios: networks of a street, one of which can be joined."""

import asyncio

from admin.portal.protocol import Nearby, Phase, Snapshot
from admin.wifi.networks import Choice, Security
from admin.wifi.outcome import Failure

TRIAL_S = 4.5
"""How long NetworkManager takes to find that a password is wrong."""

HOME = b"Home"
PASSWORD = "correct horse"  # noqa: S105  # of a network that does not exist

NETWORKS = (
    Nearby(HOME, 82, Security.WPA2),
    Nearby("Café Zoë".encode(), 64, Security.OPEN),
    Nearby(b"FRITZ!Box 7590", 51, Security.WPA2),
    Nearby(b'<b>Bobby\'s "LAN"</b>', 38, Security.WPA2),
    Nearby(b"Works", 33, Security.ENTERPRISE),
    Nearby(b"\xff\xfe", 12, Security.WPA2),
)


class SimulatedSetup:
    """A `PortalSetup` where the open network and `HOME`, with its password, can be joined."""

    def __init__(self, networks: tuple[Nearby, ...] = NETWORKS, trial_s: float = TRIAL_S) -> None:
        self.attempts: list[Choice] = []
        """What `connect` was called with."""
        self._trial_s = trial_s
        self._snapshot = Snapshot(1, Phase.CHOOSING, "MYCROFT", networks)
        self._changed = asyncio.Event()
        self._trial: asyncio.Task[None] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """What there is to see now."""
        return self._snapshot

    async def changed(self, seen: int) -> None:
        """Returns as soon as the snapshot has another revision than `seen`."""
        while self._snapshot.revision == seen:
            await self._changed.wait()

    async def connect(self, choice: Choice) -> None:
        """Begins an attempt."""
        if self._snapshot.phase is Phase.CHOOSING:
            self.attempts.append(choice)
            self._show(Phase.TRYING, choice.ssid)
            self._trial = asyncio.create_task(self._try(choice))

    async def cancel(self) -> None:
        """Ends the setup, and an attempt that is under way."""
        if self._trial:
            self._trial.cancel()
        self._show(Phase.OVER)

    async def _try(self, choice: Choice) -> None:
        await asyncio.sleep(self._trial_s)
        network = next((nearby for nearby in self._snapshot.networks if nearby.ssid == choice.ssid), None)
        if network is None:
            self._show(Phase.CHOOSING, choice.ssid, Failure.NOT_FOUND)
        elif network.security is Security.OPEN or (choice.ssid, choice.password) == (HOME, PASSWORD):
            self._show(Phase.CONNECTED, choice.ssid)
        else:
            self._show(Phase.CHOOSING, choice.ssid, Failure.WRONG_PASSWORD)

    def _show(self, phase: Phase, tried: bytes | None = None, failure: Failure | None = None) -> None:
        old = self._snapshot
        self._snapshot = Snapshot(old.revision + 1, phase, old.access_point, old.networks, tried, failure)
        self._changed.set()
        self._changed = asyncio.Event()
