"""NetworkManager: scanning, joining and forgetting networks, the access point (org.freedesktop.NetworkManager).

The numbers in here are those of nm-dbus-interface.h, and the times were measured with real radios.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbus_fast import Variant

from admin.dbus.system import PROPERTIES, Remote, SystemBus
from admin.errors import HostError
from admin.wifi.networks import AccessPoint, Choice, Network, Security, name_of, networks_of, ssid_of
from admin.wifi.outcome import NEW_ACTIVATION, SUPPLICANT_TIMEOUT, Failure, failure_of
from admin.wifi.radio import ADDRESS, PREFIX, Hotspot, Link

SCAN_S = 20.0
"""How long a scan may take; 9 s were seen under load, and one that comes too early is queued for up to 8 s."""

RADIO_S = 10.0
"""How long the radio may take to be ready after it was switched on."""

ACTIVATION_S = 120.0
"""How long joining may take. NetworkManager gives up earlier: 25 s for the network, 45 s for an address."""

LEAVING_S = 30.0
"""How long leaving a network may take; scripts of the owner may run before it (NetworkManager-dispatcher)."""

MAX_ACCESS_POINTS = 500
"""Any transmitter in range can announce access points."""

HOTSPOT_UUID = "1e0d0d2c-94a8-4a5c-9a0c-6d7963726f66"
"""Of the profile of our access point, so that one that an earlier daemon has left is found."""

_NM = "org.freedesktop.NetworkManager"
_PATH = "/org/freedesktop/NetworkManager"
_MANAGER = Remote(_NM, _PATH, _NM)
_SETTINGS = Remote(_NM, f"{_PATH}/Settings", f"{_NM}.Settings")
_DEVICE = f"{_NM}.Device"
_WIRELESS = f"{_NM}.Device.Wireless"
_ACCESS_POINT = f"{_NM}.AccessPoint"
_ACTIVE = f"{_NM}.Connection.Active"
_PROFILE = f"{_NM}.Settings.Connection"

_ANY = "/"
"""No object: NetworkManager chooses."""

_WIFI = 2
"""NM_DEVICE_TYPE_WIFI."""
_CHANNEL = 6
"""Free in every country, also where none is set; without one NetworkManager takes a random one."""
_PMF_OFF = 1
_TO_DISK = 1
"""NM_SETTINGS_UPDATE2_FLAG_TO_DISK."""
_FULL = 4
"""NM_CONNECTIVITY_FULL."""
_NONE = 1

# States of a device.
_DISCONNECTED = 30
_PREPARE = 40
_ACTIVATED = 100
_DEACTIVATING = 110

_UNKNOWN_OBJECT = f"{_NM}.Device.SpecificObjectNotFound"
_UNKNOWN_CONNECTION = f"{_NM}.Settings.InvalidConnection"

Values = Mapping[str, Variant]
Settings = dict[str, dict[str, Variant]]
"""A profile: the keys of each of its parts."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Profile:
    """A network that NetworkManager knows."""

    path: str
    id: str
    """Its name, which may be another than that of the network: Raspberry Pi Imager's is netplan-wlan0-<ssid>."""
    ssid: bytes


class NetworkManager:
    """A `Radio` that NetworkManager drives: the first wifi device that it manages."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus
        self._before = _ANY
        """The profile that was in use before the access point."""

    # Looking.

    async def interface(self) -> str:
        """The name of the wifi device, such as wlan0. Raises HostError."""
        device = await self._device()
        return str(await self._bus.property(Remote(_NM, device, _DEVICE), "Interface", "s"))

    async def scan(self, times: int = 1) -> list[Network]:
        """Switches the radio on, looks around, and returns the networks in range. Raises HostError.

        While the access point is open, it returns those from before: many radios cannot look around then.
        """
        device = await self._ready_device()
        if not await self._is_hotspot_open(device):
            for _ in range(times):
                await self._scan_once(device)
        return networks_of(await self._access_points(device))

    async def connected(self) -> str | None:
        """The name of the network that the device is in, also a wired one. Raises HostError."""
        active = await self._bus.property(_MANAGER, "PrimaryConnection", "o")
        if active == _ANY:
            return None
        path = await self._bus.property(Remote(_NM, active, _ACTIVE), "Connection", "o")
        for profile in await self._profiles():
            if profile.path == path:
                return name_of(profile.ssid)
        return str(await self._bus.property(Remote(_NM, active, _ACTIVE), "Id", "s"))

    async def knows_networks(self) -> bool:
        """Whether there is a network that NetworkManager joins by itself. Raises HostError."""
        return bool(await self._profiles())

    async def link(self) -> Link:
        """Whether the device is in a network and in the internet. Raises HostError."""
        active = await self._bus.property(_MANAGER, "PrimaryConnection", "o")
        connectivity = await self._bus.property(_MANAGER, "Connectivity", "u")
        network = active != _ANY and connectivity != _NONE
        return Link(network, network and connectivity == _FULL)

    async def check_link(self) -> Link:
        """The same, after a new check. Raises HostError."""
        await self._bus.call(_MANAGER, "CheckConnectivity", returns="u")
        return await self.link()

    async def links(self) -> AsyncGenerator[Link]:
        """The link now, and whenever something may have changed. Raises HostError."""
        source = Remote(_NM, _PATH, PROPERTIES)
        async with self._bus.signals(source, "PropertiesChanged", "sa{sv}as") as changes:
            while True:
                yield await self.link()
                while True:
                    interface, changed, _ = await changes.get()
                    if interface == _NM and {"PrimaryConnection", "Connectivity"} & changed.keys():
                        break

    # Joining and forgetting.

    async def join(self, choice: Choice) -> None:
        """Joins a network and keeps it; returns when the device is in it. Raises HostError, see `_failed`."""
        device = await self._ready_device()
        network = await self._find(device, choice)
        if network:
            _verify(network.security, choice.password)
        path = await self._activate(
            device, lambda: self._add(device, choice, network), network.security if network else None
        )
        await self._bus.call(
            Remote(_NM, path, _PROFILE), "Update2", "a{sa{sv}}ua{sv}", {}, _TO_DISK, {}, returns="a{sv}"
        )
        for profile in await self._profiles():
            if profile.ssid == choice.ssid and profile.path != path:
                await self._delete(profile.path)

    async def rejoin(self, name: str) -> None:
        """Joins a known network; returns when the device is in it. Raises HostError."""
        device = await self._ready_device()
        profile, *_ = await self._called(name)
        await self._activate(device, lambda: self._activate_profile(device, profile.path), None)

    async def leave(self, name: str) -> None:
        """Leaves a network; it stays known. Returns when the device is out of it. Raises HostError."""
        device = await self._device()
        active = await self._active(device)
        known = {profile.path for profile in await self._called(name)}
        if not active or await self._profile_of(active) not in known:
            raise HostError(f"not in {name}")
        async with self._states(device) as states:
            await self._bus.call(_MANAGER, "DeactivateConnection", "o", active)
            try:
                async with asyncio.timeout(LEAVING_S):
                    while (await states.get())[0] > _DISCONNECTED:
                        pass
            except TimeoutError:
                raise HostError(f"{name} is not left within {LEAVING_S:g} s") from None

    async def forget(self, name: str) -> None:
        """Forgets a network, with all profiles of it: it would be joined by any that is left. Raises HostError."""
        await self._delete_all(await self._called(name))

    async def forget_all(self) -> int:
        """Forgets all networks; returns the number of profiles. Raises HostError."""
        profiles = await self._profiles()
        await self._delete_all(profiles)
        return len(profiles)

    async def ssid(self, name: str) -> bytes:
        """The SSID that a name stands for. Raises HostError."""
        points = await self._access_points(await self._device())
        return ssid_of(name, [point.ssid for point in points])

    # The access point.

    async def open(self, hotspot: Hotspot) -> Hotspot:
        """Opens the access point; returns how: without a password where the radio can do no other.

        The network that is in use is left. It is remembered for `close`. Raises HostError.
        """
        device = await self._ready_device()
        if not await self._is_hotspot_open(device):
            active = await self._active(device)
            self._before = (active and await self._profile_of(active)) or self._before
        await self._remove_hotspot()
        try:
            await self._activate(device, lambda: self._add_hotspot(device, hotspot), None)
        except _ReasonError as error:
            if error.reason != SUPPLICANT_TIMEOUT or not hotspot.password:
                raise HostError(f"the access point failed (reason {error.reason})", error.kind) from error
            _LOGGER.warning("this radio can open no access point with a password: it is open")
            return await self.open(Hotspot(hotspot.ssid))
        return hotspot

    async def is_open(self) -> bool:
        """Whether the access point is open. Raises HostError."""
        return await self._is_hotspot_open(await self._device())

    async def close(self, *, restore: bool) -> None:
        """Closes the access point, if it is open; `restore`: the network from before is joined again.

        Without one from before, NetworkManager chooses one that it knows. Raises HostError.
        """
        before, self._before = self._before, _ANY
        await self._remove_hotspot()
        if restore and before != _ANY:
            with contextlib.suppress(HostError):  # out of range, or forgotten
                await self._activate_profile(await self._device(), before)

    # Devices.

    async def _device(self) -> str:
        [paths] = await self._bus.call(_MANAGER, "GetDevices", returns="ao")
        for path in paths:
            device = Remote(_NM, path, _DEVICE)
            is_wifi = await self._bus.property(device, "DeviceType", "u") == _WIFI
            if is_wifi and await self._bus.property(device, "Managed", "b"):
                return str(path)
        raise HostError("NetworkManager manages no wifi device")

    async def _ready_device(self) -> str:
        """The device, with its radio on."""
        device = await self._device()
        if not await self._bus.property(_MANAGER, "WirelessHardwareEnabled", "b"):
            raise HostError("the radio is switched off by a switch")
        async with self._states(device) as states:
            if not await self._bus.property(_MANAGER, "WirelessEnabled", "b"):
                properties = Remote(_NM, _PATH, PROPERTIES)
                await self._bus.call(properties, "Set", "ssv", _NM, "WirelessEnabled", Variant("b", True))
            state = await self._bus.property(Remote(_NM, device, _DEVICE), "State", "u")
            try:
                async with asyncio.timeout(RADIO_S):
                    while state < _DISCONNECTED:
                        state, _, _ = await states.get()
            except TimeoutError:
                raise HostError("the radio is not ready; is the wifi country set?") from None
        return device

    @contextlib.asynccontextmanager
    async def _states(self, device: str) -> AsyncIterator[asyncio.Queue[list[Any]]]:
        """The changes of a device's state: new, old, reason."""
        async with self._bus.signals(Remote(_NM, device, _DEVICE), "StateChanged", "uuu") as states:
            yield states

    async def _scan_once(self, device: str, *ssids: bytes) -> None:
        """Looks around, also for the hidden networks `ssids`."""
        source = Remote(_NM, device, PROPERTIES)
        async with self._bus.signals(source, "PropertiesChanged", "sa{sv}as") as changes:
            options = {"ssids": Variant("aay", list(ssids))} if ssids else {}
            await self._bus.call(Remote(_NM, device, _WIRELESS), "RequestScan", "a{sv}", options)
            try:
                async with asyncio.timeout(SCAN_S):
                    while True:
                        interface, changed, _ = await changes.get()
                        if interface == _WIRELESS and "LastScan" in changed:
                            return
            except TimeoutError:
                _LOGGER.warning("a scan did not end within %g s", SCAN_S)

    async def _access_points(self, device: str) -> list[AccessPoint]:
        [paths] = await self._bus.call(Remote(_NM, device, _WIRELESS), "GetAllAccessPoints", returns="ao")
        points: list[AccessPoint] = []
        for path in paths[:MAX_ACCESS_POINTS]:
            with contextlib.suppress(HostError):  # gone meanwhile
                points.append(_access_point(path, await self._all(path, _ACCESS_POINT)))
        return points

    async def _find(self, device: str, choice: Choice) -> Network | None:
        """The network of a choice, as it was last seen; a hidden one only shows when it is looked for by name."""
        network = await self._seen(device, choice.ssid)
        if choice.hidden and not network:
            await self._scan_once(device, choice.ssid)
            network = await self._seen(device, choice.ssid)
        return network

    async def _seen(self, device: str, ssid: bytes) -> Network | None:
        networks = networks_of(await self._access_points(device))
        return next((network for network in networks if network.ssid == ssid), None)

    # Activations.

    async def _activate(
        self, device: str, begin: Callable[[], Awaitable[tuple[str, str]]], security: Security | None
    ) -> str:
        """Begins an activation and returns its profile when it has succeeded; otherwise it is ended.

        `begin` returns the paths of profile and activation. Raises HostError.
        """
        async with self._states(device) as states:
            profile, activation = await self._begun(begin)
            try:
                async with asyncio.timeout(ACTIVATION_S):
                    await self._follow(device, activation, states, security)
            except TimeoutError:
                await self._deactivate(activation)
                raise _failed(Failure.NO_ANSWER) from None
            except (HostError, asyncio.CancelledError):
                await self._deactivate(activation)
                raise
        return profile

    async def _begun(self, begin: Callable[[], Awaitable[tuple[str, str]]]) -> tuple[str, str]:
        """What `begin` returns. If this is cancelled, what has begun meanwhile is ended."""
        beginning = asyncio.ensure_future(begin())
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            with contextlib.suppress(HostError):
                _, activation = await beginning
                await self._deactivate(activation)
            raise

    async def _follow(
        self, device: str, activation: str, states: asyncio.Queue[list[Any]], security: Security | None
    ) -> None:
        """Returns when the device is in the network, raises HostError when it will not be.

        What precedes the state "prepare" is the end of the activation that is replaced.
        """
        prepared = False
        while True:
            state, _, reason = await states.get()
            if state == _PREPARE:
                prepared = True
            elif reason == NEW_ACTIVATION:
                prepared = False
            elif prepared and state == _ACTIVATED:
                if await self._active(device) != activation:
                    raise _failed(Failure.INTERRUPTED)
                return
            elif prepared and (state <= _DISCONNECTED or state >= _DEACTIVATING):
                raise _ReasonError(reason, failure_of(reason, security))

    async def _add(self, device: str, choice: Choice, network: Network | None) -> tuple[str, str]:
        """Adds and activates a profile that is gone if it fails.

        That of a hidden network is complete: it has to say that it is hidden, to be found again.
        """
        if network and not choice.hidden:
            with contextlib.suppress(_GoneError):
                return await self._add_and_activate(_partial(choice), device, network.path, "volatile")
        return await self._add_and_activate(_complete(choice, network), device, _ANY, "volatile")

    async def _add_hotspot(self, device: str, hotspot: Hotspot) -> tuple[str, str]:
        interface = await self._bus.property(Remote(_NM, device, _DEVICE), "Interface", "s")
        return await self._add_and_activate(_hotspot_settings(hotspot, interface), device, _ANY, "memory")

    async def _add_and_activate(
        self, settings: Settings, device: str, access_point: str, persist: str
    ) -> tuple[str, str]:
        arguments = (settings, device, access_point, {"persist": Variant("s", persist)})
        try:
            profile, activation, _ = await self._bus.call(
                _MANAGER, "AddAndActivateConnection2", "a{sa{sv}}ooa{sv}", *arguments, returns="ooa{sv}"
            )
        except HostError as error:
            if error.kind == _UNKNOWN_OBJECT:
                raise _GoneError(str(error), error.kind) from error
            raise
        return profile, activation

    async def _activate_profile(self, device: str, profile: str) -> tuple[str, str]:
        arguments = (profile, device, _ANY)
        [activation] = await self._bus.call(_MANAGER, "ActivateConnection", "ooo", *arguments, returns="o")
        return profile, activation

    async def _deactivate(self, activation: str) -> None:
        with contextlib.suppress(HostError):  # it has ended by itself
            await self._bus.call(_MANAGER, "DeactivateConnection", "o", activation)

    async def _active(self, device: str) -> str | None:
        active = await self._bus.property(Remote(_NM, device, _DEVICE), "ActiveConnection", "o")
        return None if active == _ANY else str(active)

    async def _profile_of(self, activation: str) -> str | None:
        """The profile of an activation; None where it has ended meanwhile."""
        with contextlib.suppress(HostError):
            return str(await self._bus.property(Remote(_NM, activation, _ACTIVE), "Connection", "o"))
        return None

    # Profiles.

    async def _profiles(self) -> list[_Profile]:
        """The networks that are known; access points of this device are none."""
        [paths] = await self._bus.call(_SETTINGS, "ListConnections", returns="ao")
        profiles: list[_Profile] = []
        for path in paths:
            with contextlib.suppress(HostError):  # gone meanwhile
                [settings] = await self._bus.call(Remote(_NM, path, _PROFILE), "GetSettings", returns="a{sa{sv}}")
                wireless = settings.get("802-11-wireless")
                if wireless and _value(wireless, "mode", "s", "infrastructure") == "infrastructure":
                    name = _value(settings.get("connection", {}), "id", "s", "")
                    profiles.append(_Profile(path, name, _value(wireless, "ssid", "ay", b"")))
        return profiles

    async def _called(self, name: str) -> list[_Profile]:
        """The profiles of a network: an image and a tool of the owner may have made one each."""
        profiles = await self._profiles()
        found = [profile for profile in profiles if name_of(profile.ssid) == name] or [
            profile for profile in profiles if profile.id == name
        ]
        if not found:
            raise HostError(f"{name} is not known")
        return found

    async def _delete_all(self, profiles: Iterable[_Profile]) -> None:
        """Deletes each profile, whatever becomes of the others; raises the last HostError."""
        failed: HostError | None = None
        for profile in profiles:
            try:
                await self._delete(profile.path)
            except HostError as error:
                failed = error
        if failed:
            raise failed

    async def _delete(self, profile: str) -> None:
        await self._bus.call(Remote(_NM, profile, _PROFILE), "Delete")

    async def _hotspot_profile(self) -> str | None:
        try:
            [path] = await self._bus.call(_SETTINGS, "GetConnectionByUuid", "s", HOTSPOT_UUID, returns="o")
        except HostError as error:
            if error.kind == _UNKNOWN_CONNECTION:
                return None
            raise
        return str(path)

    async def _is_hotspot_open(self, device: str) -> bool:
        active = await self._active(device)
        profile = await self._hotspot_profile()
        return bool(active and profile and await self._profile_of(active) == profile)

    async def _remove_hotspot(self) -> None:
        """Removes our access point's profile, which also ends it."""
        if profile := await self._hotspot_profile():
            await self._delete(profile)

    async def _all(self, path: str, interface: str) -> dict[str, Variant]:
        [values] = await self._bus.call(Remote(_NM, path, PROPERTIES), "GetAll", "s", interface, returns="a{sv}")
        return dict(values)


class _ReasonError(HostError):
    """An activation has failed; `kind` is the Failure."""

    def __init__(self, reason: int, failure: Failure) -> None:
        super().__init__(failure.words, failure)
        self.reason = reason


class _GoneError(HostError):
    """The access point has gone since the scan."""


def _failed(failure: Failure) -> HostError:
    """The error of an attempt; its kind is the failure."""
    return HostError(failure.words, failure)


def _verify(security: Security, password: str) -> None:
    """Refuses what cannot succeed. Raises HostError."""
    if not security.is_supported:
        raise _failed(Failure.UNSUPPORTED)
    if not security.allows(password):
        raise _failed(Failure.WRONG_PASSWORD)


def _partial(choice: Choice) -> Settings:
    """What NetworkManager does not take from a network that it sees: the password, and the name.

    Of a network that is known it would make "home 1".
    """
    settings = {"connection": {"id": Variant("s", name_of(choice.ssid))}}
    if choice.password:
        settings["802-11-wireless-security"] = {"psk": Variant("s", choice.password)}
    return settings


def _complete(choice: Choice, network: Network | None) -> Settings:
    """All of a network that NetworkManager does not see."""
    settings = _partial(choice)
    if choice.password:
        management = "sae" if network and network.security is Security.WPA3 else "wpa-psk"
        settings["802-11-wireless-security"]["key-mgmt"] = Variant("s", management)
    elif network and network.security is Security.OWE:
        settings["802-11-wireless-security"] = {"key-mgmt": Variant("s", "owe")}
    settings["802-11-wireless"] = {"ssid": Variant("ay", choice.ssid)}
    if choice.hidden:
        settings["802-11-wireless"]["hidden"] = Variant("b", True)
    settings["connection"]["type"] = Variant("s", "802-11-wireless")
    return settings


def _hotspot_settings(hotspot: Hotspot, interface: str) -> Settings:
    settings = {
        "connection": {
            "id": Variant("s", "Mycroft wifi setup"),
            "uuid": Variant("s", HOTSPOT_UUID),
            "type": Variant("s", "802-11-wireless"),
            "autoconnect": Variant("b", False),
            "interface-name": Variant("s", interface),
        },
        "802-11-wireless": {
            "ssid": Variant("ay", hotspot.ssid.encode()),
            "mode": Variant("s", "ap"),
            "band": Variant("s", "bg"),
            "channel": Variant("u", _CHANNEL),
        },
        # The method "shared" would pass guests on into the owner's network.
        "ipv4": {
            "method": Variant("s", "manual"),
            "address-data": Variant(
                "aa{sv}", [{"address": Variant("s", ADDRESS), "prefix": Variant("u", PREFIX)}]
            ),
            "never-default": Variant("b", True),
        },
        "ipv6": {"method": Variant("s", "disabled")},
    }
    if hotspot.password:
        settings["802-11-wireless-security"] = {
            "key-mgmt": Variant("s", "wpa-psk"),
            "psk": Variant("s", hotspot.password),
            "proto": Variant("as", ["rsn"]),
            "pairwise": Variant("as", ["ccmp"]),
            "group": Variant("as", ["ccmp"]),
            "pmf": Variant("i", _PMF_OFF),
        }
    return settings


def _access_point(path: str, values: Values) -> AccessPoint:
    """Raises HostError."""
    flags, wpa_flags, rsn_flags = (_value(values, name, "u", 0) for name in ("Flags", "WpaFlags", "RsnFlags"))
    strength = min(_value(values, "Strength", "y", 0), 100)
    return AccessPoint(path, bytes(_value(values, "Ssid", "ay", b"")), strength, flags, wpa_flags, rsn_flags)


def _value(values: Values, name: str, signature: str, default: Any) -> Any:
    """A value of a D-Bus dictionary. Raises HostError if it has another type."""
    variant = values.get(name)
    if variant is None:
        return default
    if variant.signature != signature:
        raise HostError(f"{name}: NetworkManager returns {variant.signature!r}, not {signature!r}")
    return variant.value
