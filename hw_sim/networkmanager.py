"""NetworkManager on a private D-Bus, as the admin service uses it, with radios that are simulated.

States, reasons, errors and times are those that NetworkManager 1.52 showed with real radios. python-dbusmock's own
template has no access point, no reasons, and joins any network with any password.
"""

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

NAME = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
DEVICE = f"{PATH}/Devices/2"
CABLE = f"{PATH}/Devices/1"

# Seconds that things take.
SCAN_S = 2.4
JOIN_S = 3.0
LEAVE_S = 0.2
HOTSPOT_S = 0.5
WRONG_PASSWORD_S = 4.5
NOT_FOUND_S = 25.0
NO_ADDRESS_S = 45.0
AUTOCONNECT_S = 4.0

# States of a device, and reasons of their changes (nm-dbus-interface.h).
UNAVAILABLE, DISCONNECTED, PREPARE, CONFIG, NEED_AUTH = 20, 30, 40, 50, 60
IP_CONFIG, IP_CHECK, SECONDARIES, ACTIVATED, DEACTIVATING, FAILED = 70, 80, 90, 100, 110, 120
NO_REASON, NO_ADDRESS, NO_SECRETS, TIMEOUT, REMOVED, USER = 0, 5, 7, 11, 38, 39
SSID_NOT_FOUND, NEW_ACTIVATION = 53, 60

FLAGS = {
    "open": (0, 0, 0),
    "WEP": (1, 0, 0),
    "WPA1": (1, 0x144, 0),
    "WPA2": (1, 0, 0x188),
    "WPA2 WPA3": (1, 0, 0x588),
    "WPA3": (1, 0, 0x488),
    "OWE": (1, 0, 0x888),
    "802.1X": (1, 0, 0x288),
}
"""Flags, WpaFlags and RsnFlags by kind of security."""

_LOGGER = logging.getLogger(__name__)

Settings = dict[str, dict[str, Variant]]


@dataclass(slots=True)
class Router:
    """A network in range."""

    ssid: bytes
    security: str = "open"
    password: str = ""
    strength: int = 70
    hidden: bool = False
    answers: bool = True
    gives_address: bool = True
    has_internet: bool = True


@dataclass(slots=True)
class Profile:
    """A network or an access point that NetworkManager knows."""

    path: str
    settings: Settings
    persist: str = "disk"

    def get(self, part: str, key: str, default: Any = None) -> Any:
        """A value of the settings."""
        variant = self.settings.get(part, {}).get(key)
        return default if variant is None else variant.value

    @property
    def ssid(self) -> bytes:
        """Its SSID."""
        return bytes(self.get("802-11-wireless", "ssid", b""))

    @property
    def is_hotspot(self) -> bool:
        """Whether it is an access point of the device itself."""
        return bool(self.get("802-11-wireless", "mode") == "ap")


DEMO = (
    Router(b"Home", "WPA2", "correct horse", 80),
    Router(b"Neighbour's WPA3", "WPA3", "staple battery", 45),
    Router(b"Caf\xc3\xa9 'open' $(x)", "open", strength=60),
    Router(b"Attic", "WPA2", "hidden", 30, hidden=True),
    Router(b"Office", "802.1X", strength=20),
    Router(b"Old printer", "open", strength=25, gives_address=False),
)
"""What is in range of `mycroft-sim`."""


class NetworkManager:
    """One wifi device, one cable, and the `routers` around them. Times are multiplied with `pace`."""

    def __init__(self, address: str, routers: tuple[Router, ...] = DEMO, *, pace: float = 1.0) -> None:
        self.routers = list(routers)
        self.profiles: dict[str, Profile] = {}
        self.has_radio = True
        self.wireless_enabled = True
        self.hotspot_allows_password = True
        self.state = DISCONNECTED
        self.active: Profile | None = None
        self.cable = False
        self.scans = 0
        self.calls: list[str] = []
        self._address = address
        self._pace = pace
        self._activation = "/"
        self._activating: asyncio.Task[None] | None = None
        self._shown: dict[str, Router] = {}
        """Access points that a scan has found, by their path."""
        self._blocked: set[str] = set()
        """Profiles that are not joined by themselves, since the user has left them."""
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        # Each takes the path of the object, and returns the signature and the values of the reply.
        self._methods: Mapping[str, Callable[..., Any]] = {
            "GetDevices": lambda _: ("ao", [CABLE, DEVICE] if self.has_radio else [CABLE]),
            "GetAllAccessPoints": lambda _: ("ao", list(self._shown)),
            "RequestScan": self._request_scan,
            "AddAndActivateConnection2": self._add_and_activate,
            "ActivateConnection": self._activate_connection,
            "DeactivateConnection": self._deactivate_connection,
            "CheckConnectivity": lambda _: ("u", self.connectivity),
            "ListConnections": lambda _: ("ao", list(self.profiles)),
            "GetConnectionByUuid": self._by_uuid,
            "GetSettings": lambda path: ("a{sa{sv}}", self._without_secrets(path)),
            "Update2": self._update,
            "Delete": self._delete,
            "Get": self._get,
            "GetAll": self._get_all,
            "Set": self._set,
        }

    async def __aenter__(self) -> Self:
        self._bus = MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM)
        await self._bus.connect()
        self._bus.add_message_handler(self._receive)
        await self._bus.request_name(NAME)
        self._autoconnect(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        self._bus.disconnect()

    async def serve(self) -> None:
        """Runs until the D-Bus ends."""
        with contextlib.suppress(EOFError, OSError):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast forgot it

    # For tests and the simulator.

    def know(self, ssid: bytes, password: str = "", name: str = "") -> Profile:
        """Adds a network that the device knows."""
        settings: Settings = {
            "connection": {"id": Variant("s", name or ssid.decode(errors="replace"))},
            "802-11-wireless": {"ssid": Variant("ay", ssid), "mode": Variant("s", "infrastructure")},
        }
        if password:
            settings["802-11-wireless-security"] = {"psk": Variant("s", password)}
        return self._new_profile(settings, "disk")

    def block(self) -> None:
        """Blocks the radio, as Raspberry Pi OS does until a wifi country is set."""
        self.wireless_enabled, self.state = False, UNAVAILABLE

    def plug(self, cable: bool) -> None:
        """Plugs the cable in, or out."""
        self.cable = cable
        self._tell_link()

    @property
    def hotspot(self) -> Profile | None:
        """The access point of the device, while it is open."""
        return self.active if self.active and self.active.is_hotspot and self.state == ACTIVATED else None

    @property
    def network(self) -> bytes | None:
        """The network that the device is in."""
        is_in = self.active and not self.active.is_hotspot and self.state == ACTIVATED
        return self.active.ssid if self.active and is_in else None

    @property
    def known(self) -> set[bytes]:
        """The networks that are on the disk."""
        return {profile.ssid for profile in self.profiles.values() if profile.persist == "disk"}

    @property
    def connectivity(self) -> int:
        """0 unknown, 1 none, 3 limited, 4 full."""
        if self.cable:
            return 4
        router = self._router(self.network)
        return (4 if router.has_internet else 3) if router else 1

    # D-Bus.

    def _receive(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL or not (message.path or "").startswith(PATH):
            return False
        method = self._methods.get(message.member or "")
        if method is None:
            return False
        self.calls.append(message.member or "")
        try:
            signature, *body = method(message.path, *message.body)
        except DBusError as error:
            return Message.new_error(message, error.type, error.text)
        return Message.new_method_return(message, signature, body)

    def _signal(self, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        self._bus.send(Message.new_signal(path, interface, member, signature, list(body)))

    def _changed(self, path: str, interface: str, values: dict[str, Variant]) -> None:
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", interface, values, [])

    def _properties(self, path: str, interface: str) -> dict[str, Variant]:
        if path == PATH:
            return {
                "WirelessEnabled": Variant("b", self.wireless_enabled),
                "WirelessHardwareEnabled": Variant("b", True),
                **self._link(),
            }
        if path in (DEVICE, CABLE):
            is_wifi = path == DEVICE
            return {
                "DeviceType": Variant("u", 2 if is_wifi else 1),
                "Managed": Variant("b", True),
                "Interface": Variant("s", "wlan0" if is_wifi else "eth0"),
                "State": Variant("u", self.state if is_wifi else DISCONNECTED),
                "ActiveConnection": Variant("o", self._activation if is_wifi else "/"),
                "LastScan": Variant("x", self.scans or -1),
            }
        if path in self._shown:
            router = self._shown[path]
            flags, wpa, rsn = FLAGS[router.security]
            ssid = b"" if router.hidden and not path.endswith("/named") else router.ssid
            return {
                "Ssid": Variant("ay", ssid),
                "Strength": Variant("y", router.strength),
                "Flags": Variant("u", flags),
                "WpaFlags": Variant("u", wpa),
                "RsnFlags": Variant("u", rsn),
            }
        if path == self._activation and self.active:
            return {
                "Connection": Variant("o", self.active.path),
                "Id": Variant("s", self.active.get("connection", "id", "")),
            }
        if path.endswith("/cable"):
            return {"Connection": Variant("o", f"{PATH}/Settings/cable"), "Id": Variant("s", "Wired connection 1")}
        raise DBusError("org.freedesktop.DBus.Error.UnknownObject", f"no {interface} at {path}")

    def _get(self, path: str, interface: str, name: str) -> tuple[str, Variant]:
        return "v", self._properties(path, interface)[name]

    def _get_all(self, path: str, interface: str) -> tuple[str, dict[str, Variant]]:
        return "a{sv}", self._properties(path, interface)

    def _set(self, _path: str, _interface: str, name: str, value: Variant) -> tuple[str]:
        assert name == "WirelessEnabled"
        self.wireless_enabled = value.value
        if value.value and self.state == UNAVAILABLE:
            self._go(DISCONNECTED, NO_REASON)
            self._autoconnect(AUTOCONNECT_S)
        return ("",)

    # Looking.

    def _request_scan(self, _path: str, options: dict[str, Variant]) -> tuple[str]:
        if self.state < DISCONNECTED:
            raise DBusError(f"{NAME}.Device.NotAllowed", "Scanning not allowed while unavailable")
        probed = options["ssids"].value if "ssids" in options else []
        self._later(self._scan({bytes(ssid) for ssid in probed}))
        return ("",)

    async def _scan(self, probed: set[bytes]) -> None:
        await self._sleep(SCAN_S)
        self.scans += 1
        shown = {f"{PATH}/AccessPoint/{number}": router for number, router in enumerate(self.routers)}
        shown |= {f"{path}/named": router for path, router in shown.items() if router.ssid in probed}
        self._shown = shown
        self._changed(DEVICE, f"{NAME}.Device.Wireless", {"LastScan": Variant("x", self.scans)})

    def _router(self, ssid: bytes | None) -> Router | None:
        return next((router for router in self.routers if router.ssid == ssid), None)

    # Profiles.

    def _new_profile(self, settings: Settings, persist: str) -> Profile:
        path = f"{PATH}/Settings/{next(self._numbers)}"
        self.profiles[path] = Profile(path, settings, persist)
        return self.profiles[path]

    def _profile(self, path: str) -> Profile:
        if path not in self.profiles:
            raise DBusError("org.freedesktop.DBus.Error.UnknownMethod", f"no profile at {path}")
        return self.profiles[path]

    def _without_secrets(self, path: str) -> Settings:
        settings = self._profile(path).settings
        return {part: {key: values[key] for key in values if key != "psk"} for part, values in settings.items()}

    def _by_uuid(self, _path: str, uuid: str) -> tuple[str, str]:
        for path, profile in self.profiles.items():
            if profile.get("connection", "uuid") == uuid:
                return "o", path
        raise DBusError(f"{NAME}.Settings.InvalidConnection", "no connection with that UUID")

    def _update(
        self, path: str, _settings: Settings, flags: int, _arguments: object
    ) -> tuple[str, dict[str, Variant]]:
        assert flags == 1, "to disk"
        self._profile(path).persist = "disk"
        return "a{sv}", {}

    def _delete(self, path: str) -> tuple[str]:
        profile = self._profile(path)
        del self.profiles[path]
        if profile is self.active:
            self._leave(REMOVED)
        return ("",)

    # Activations.

    def _add_and_activate(
        self, _path: str, settings: Settings, device: str, access_point: str, options: dict[str, Variant]
    ) -> tuple[str, str, str, dict[str, Variant]]:
        assert device == DEVICE
        settings = {part: dict(values) for part, values in settings.items()}
        if access_point != "/":
            if access_point not in self._shown:
                raise DBusError(f"{NAME}.Device.SpecificObjectNotFound", "no such access point")
            router = self._shown[access_point]
            settings.setdefault("802-11-wireless", {})["ssid"] = Variant("ay", router.ssid)
            name = router.ssid.decode(errors="replace")
            taken = any(profile.get("connection", "id") == name for profile in self.profiles.values())
            settings.setdefault("connection", {}).setdefault("id", Variant("s", f"{name} 1" if taken else name))
        profile = self._new_profile(settings, options["persist"].value)
        return "ooa{sv}", profile.path, self._begin(profile), {}

    def _activate_connection(self, _path: str, profile: str, device: str, _access_point: str) -> tuple[str, str]:
        assert device == DEVICE
        self._blocked.discard(profile)
        return "o", self._begin(self._profile(profile))

    def _deactivate_connection(self, _path: str, activation: str) -> tuple[str]:
        if activation != self._activation:
            raise DBusError(f"{NAME}.ConnectionNotActive", "not active")
        assert self.active
        self._blocked.add(self.active.path)
        if self.state == ACTIVATED:
            self._go(DEACTIVATING, USER)
            self._later(self._leave_later(activation))
        else:
            self._leave(USER)
        return ("",)

    async def _leave_later(self, activation: str) -> None:
        await self._sleep(LEAVE_S)
        if activation == self._activation:
            self._leave(USER)

    def _begin(self, profile: Profile) -> str:
        if self.state < DISCONNECTED:
            raise DBusError(f"{NAME}.UnknownDevice", "the device is unavailable")
        if self.active:
            self._leave(NEW_ACTIVATION, autoconnect=False)
        self._activation = f"{PATH}/ActiveConnection/{next(self._numbers)}"
        self.active = profile
        self._activating = self._later(self._activate(profile))
        return self._activation

    async def _activate(self, profile: Profile) -> None:
        await self._sleep(0.05)
        for state in (PREPARE, CONFIG):
            self._go(state, NO_REASON)
        reason = await (self._open_hotspot(profile) if profile.is_hotspot else self._join(profile))
        if reason == NO_REASON:
            for state in (IP_CHECK, SECONDARIES, ACTIVATED):
                self._go(state, NO_REASON)
            self._tell_link()
            return
        self._go(FAILED, reason)
        self._activating = None  # it is this task
        self._end()
        self._go(DISCONNECTED, NO_REASON)
        self._blocked.add(profile.path)
        self._autoconnect(AUTOCONNECT_S)

    async def _open_hotspot(self, profile: Profile) -> int:
        await self._sleep(HOTSPOT_S)
        if profile.get("802-11-wireless-security", "psk") and not self.hotspot_allows_password:
            return TIMEOUT
        self._go(IP_CONFIG, NO_REASON)
        return NO_REASON

    async def _join(self, profile: Profile) -> int:
        router = self._router(profile.ssid)
        if router is None:
            await self._sleep(NOT_FOUND_S)
            return SSID_NOT_FOUND
        password = profile.get("802-11-wireless-security", "psk", "")
        if router.password != password:
            if router.security == "WPA3" and password:
                await self._sleep(NOT_FOUND_S)
                return SSID_NOT_FOUND
            self._go(NEED_AUTH, NO_REASON)
            await self._sleep(WRONG_PASSWORD_S)
            return NO_SECRETS
        if not router.answers:
            await self._sleep(NOT_FOUND_S)
            return TIMEOUT
        await self._sleep(JOIN_S)
        self._go(IP_CONFIG, NO_REASON)
        if not router.gives_address:
            await self._sleep(NO_ADDRESS_S)
            return NO_ADDRESS
        return NO_REASON

    def _leave(self, reason: int, *, autoconnect: bool = True) -> None:
        """Ends what is active or on the way."""
        if self._activating:
            self._activating.cancel()
        if self.state > DISCONNECTED and self.state != DEACTIVATING:
            self._go(DEACTIVATING, reason)
        self._end()
        if self.state > DISCONNECTED:
            self._go(DISCONNECTED, reason)
        self._tell_link()
        if autoconnect:
            self._autoconnect(AUTOCONNECT_S)

    def _end(self) -> None:
        profile, self.active = self.active, None
        self._activation = "/"
        if profile and profile.persist == "volatile":
            self.profiles.pop(profile.path, None)

    def _autoconnect(self, delay_s: float) -> None:
        self._later(self._connect_to_known(delay_s))

    async def _connect_to_known(self, delay_s: float) -> None:
        await self._sleep(delay_s)
        if self.active or self.state != DISCONNECTED:
            return
        for profile in self.profiles.values():
            automatic = profile.get("connection", "autoconnect", True) and profile.path not in self._blocked
            if automatic and not profile.is_hotspot and self._router(profile.ssid):
                self._begin(profile)
                return

    def _go(self, state: int, reason: int) -> None:
        before, self.state = self.state, state
        self._signal(DEVICE, f"{NAME}.Device", "StateChanged", "uuu", state, before, reason)

    def _link(self) -> dict[str, Variant]:
        primary = f"{PATH}/ActiveConnection/cable" if self.cable else self._activation if self.network else "/"
        return {"PrimaryConnection": Variant("o", primary), "Connectivity": Variant("u", self.connectivity)}

    def _tell_link(self) -> None:
        self._changed(PATH, NAME, self._link())

    # Time.

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._pace)

    def _later(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOGGER.error("a task of the simulated NetworkManager", exc_info=error)


async def main() -> None:
    """Serves until the D-Bus that has started this program ends."""
    manager = NetworkManager(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    home = DEMO[0]
    manager.know(home.ssid, home.password)
    async with manager:
        await manager.serve()


if __name__ == "__main__":
    asyncio.run(main())
