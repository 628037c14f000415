"""A wifi setup without radios: networks of a street, one of which can be joined."""

import asyncio

from admin.portal.protocol import Access, Failure, Network, Phase, Snapshot

TRIAL_S = 4.5
"""How long NetworkManager takes to find that a password is wrong."""

HOME = b"Home"
PASSWORD = "correct horse"  # noqa: S105  # of a network that does not exist

NETWORKS = (
    Network(HOME, 82, Access.PASSWORD),
    Network("Café Zoë".encode(), 64, Access.OPEN),
    Network(b"FRITZ!Box 7590", 51, Access.PASSWORD),
    Network(b'<b>Bobby\'s "LAN"</b>', 38, Access.PASSWORD),
    Network(b"Works", 33, Access.UNSUPPORTED),
    Network(b"\xff\xfe", 12, Access.PASSWORD),
)


class SimulatedSetup:
    """Implements `admin.portal.protocol.Setup`. The open network and `HOME`, with its password, can be joined."""

    def __init__(self, networks: tuple[Network, ...] = NETWORKS, trial_s: float = TRIAL_S) -> None:
        self.attempts: list[tuple[bytes, str | None, bool]] = []
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

    async def connect(self, ssid: bytes, password: str | None, *, hidden: bool) -> None:
        """Begins an attempt."""
        if self._snapshot.phase is Phase.CHOOSING:
            self.attempts.append((ssid, password, hidden))
            self._show(Phase.TRYING, ssid)
            self._trial = asyncio.create_task(self._try(ssid, password))

    async def cancel(self) -> None:
        """Ends the setup, and an attempt that is under way."""
        if self._trial:
            self._trial.cancel()
        self._show(Phase.OVER)

    async def _try(self, ssid: bytes, password: str | None) -> None:
        await asyncio.sleep(self._trial_s)
        network = next((network for network in self._snapshot.networks if network.ssid == ssid), None)
        if network is None:
            self._show(Phase.CHOOSING, ssid, Failure.NOT_FOUND)
        elif network.access is Access.OPEN or (ssid, password) == (HOME, PASSWORD):
            self._show(Phase.CONNECTED, ssid)
        else:
            self._show(Phase.CHOOSING, ssid, Failure.WRONG_PASSWORD)

    def _show(self, phase: Phase, tried: bytes | None = None, failure: Failure | None = None) -> None:
        old = self._snapshot
        self._snapshot = Snapshot(old.revision + 1, phase, old.access_point, old.networks, tried, failure)
        self._changed.set()
        self._changed = asyncio.Event()
