"""What the page shows of the simulated host: its state, and what the admin service has called.

A monitor sees all calls on the private D-Bus; after each the state is read again. Nothing is polled.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.unpack import unpack_variants

ANSWER_TIMEOUT_S = 2.0
"""After which the host counts as hanging."""

SETTLE_S = 0.2
"""From a call to the reading of its effect."""

MAX_CALLS = 50

_DRIVER = "org.freedesktop.DBus"
_PROPERTIES = f"{_DRIVER}.Properties"
_NM, _NM_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
_TIMEDATE = "org.freedesktop.timedate1"
_SYSTEMD = "org.freedesktop.systemd1"
_LOGIND = "org.freedesktop.login1"
_READING = ("Get", "GetAll", "GetUnitFileState", "GetSettings", "GetDevices", "GetAllAccessPoints", "Introspect")
_NM_STATES = {20: "unavailable", 30: "not connected", 60: "needs a password", 100: "connected", 120: "failed"}


class HostView:
    """The host for the page. `show` gets its state as often as it changes."""

    def __init__(self, address: str, show: Callable[[dict[str, object]], None]) -> None:
        self._address = address
        self._show = show
        self._calls: deque[tuple[str, str]] = deque(maxlen=MAX_CALLS)
        self._leaving = ""
        self._changed = asyncio.Event()
        self._own = ""

    async def run(self) -> None:
        """Watches until cancelled, or until the D-Bus has ended."""
        try:
            async with self._connected() as reader, self._connected() as monitor, asyncio.TaskGroup() as group:
                group.create_task(self._watch(reader, monitor))
                await reader.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast forgot it
        except* (OSError, EOFError):
            pass

    def look(self) -> None:
        """The host may have begun to hang, or ended."""
        self._changed.set()

    async def _watch(self, reader: MessageBus, monitor: MessageBus) -> None:
        self._own = reader.unique_name or ""
        monitor.add_message_handler(self._see)
        await monitor.call(
            Message(
                *(_DRIVER, "/org/freedesktop/DBus", f"{_DRIVER}.Monitoring", "BecomeMonitor"),
                signature="asu",
                body=[[], 0],
            )
        )
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    values = await self._read(reader)
                answers = True
            except TimeoutError:
                answers = False
            calls = [list(call) for call in self._calls]
            self._show({"answers": answers, "values": values if answers else [], "calls": calls})
            if answers:
                await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(SETTLE_S)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[MessageBus]:
        bus = MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM)
        await bus.connect()
        try:
            yield bus
        finally:
            bus.disconnect()
            with contextlib.suppress(OSError, EOFError):  # the D-Bus has ended before
                await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast forgot it

    def _see(self, message: Message) -> bool:
        """Notes a call of another program. Returns whether it is dealt with: a monitor answers no call."""
        if message.message_type in (MessageType.METHOD_RETURN, MessageType.ERROR):
            return False
        if message.sender == self._own or message.interface in (_DRIVER, f"{_DRIVER}.Mock"):
            return True
        if message.message_type is MessageType.SIGNAL:
            if message.member in ("PropertiesChanged", "StateChanged", "JobRemoved"):
                self._changed.set()
        elif message.message_type is MessageType.METHOD_CALL and message.member not in _READING:
            now = f"{datetime.now().astimezone():%H:%M:%S}"
            arguments = ", ".join(_text(value) for value in message.body)
            self._calls.append(
                (now, f"{(message.destination or '').split('.')[-1]} {message.member}({arguments})")
            )
            if message.destination == _LOGIND and message.member in ("Reboot", "PowerOff"):
                self._leaving = f"{now}, {'reboot' if message.member == 'Reboot' else 'power off'}"
            self._changed.set()
        return True

    async def _read(self, bus: MessageBus) -> list[list[str]]:
        ssh = await _ask(
            bus, _SYSTEMD, "/org/freedesktop/systemd1", f"{_SYSTEMD}.Manager", "GetUnitFileState", "ssh.service"
        )
        clock = (bus, _TIMEDATE, "/org/freedesktop/timedate1", _PROPERTIES, "Get", _TIMEDATE)
        zone, ntp = await _ask(*clock, "Timezone"), await _ask(*clock, "NTP")
        path = f"{_NM_PATH}/Devices/2"
        device = (bus, _NM, path, _PROPERTIES, "Get", f"{_NM}.Device")
        state, active = await _ask(*device, "State"), await _ask(*device, "ActiveConnection")
        network = ""
        if isinstance(active, str) and active != "/":
            network = str(await _ask(bus, _NM, active, _PROPERTIES, "Get", f"{_NM}.Connection.Active", "Id") or "")
        points = await _ask(bus, _NM, path, f"{_NM}.Device.Wireless", "GetAllAccessPoints") or []
        names = [
            await _ask(bus, _NM, point, _PROPERTIES, "Get", f"{_NM}.AccessPoint", "Ssid") or b""
            for point in points
        ]
        found = dict.fromkeys(name.decode(errors="replace") for name in names if name)
        online = await _ask(bus, _NM, _NM_PATH, _PROPERTIES, "Get", _NM, "Connectivity")
        return [
            ["ssh", str(ssh or "unknown")],
            ["time zone", str(zone or "unknown")],
            ["clock by network", "on" if ntp else "off"],
            ["wifi", _NM_STATES.get(int(state or 0), "changing")],
            ["network", network or "none"],
            ["networks found", ", ".join(found) or "none"],
            ["internet", {4: "yes", 3: "limited"}.get(int(online or 0), "no")],
            ["last reboot or power off", self._leaving or "none"],
        ]


async def _ask(bus: MessageBus, service: str, path: str, interface: str, member: str, *arguments: str) -> Any:
    """The answer of a service; None for an error."""
    message = Message(service, path, interface, member, signature="s" * len(arguments), body=list(arguments))
    reply = await bus.call(message)
    if reply is None or reply.message_type is MessageType.ERROR:
        return None
    [value] = reply.body
    return value.value if isinstance(value, Variant) else value


def _text(value: object) -> str:
    """An argument in a few words."""
    text = str(unpack_variants(value))
    return text if len(text) <= 40 else f"{text[:40]}…"
