"""Wifi: the setup by phone, and joining, leaving and forgetting networks."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from admin.action import Action, Reporter, Resource
from admin.dbus.systemd import Template, Unit
from admin.errors import HostError
from admin.host import Host
from admin.wifi.networks import Choice, Network
from admin.wifi.outcome import Failure
from bus.contract import ours as topics
from bus.contract.topic import Topic

PORTAL = (
    Unit("mycroft-portal.socket", 10.0, stops=True),
    Unit("mycroft-portal-dns.service", 10.0, stops=True),
)

_COUNTRY_CODE = re.compile("[A-Z]{2}")
COUNTRY = Template("mycroft-country@.service", _COUNTRY_CODE.pattern, 30.0)


async def set_up(host: Host, report: Reporter, lang: str | None = None, allow_timeout: bool = True) -> None:
    # Only a setup needs these, and few devices have one after their first day.
    from admin.portal.endpoint import endpoint  # noqa: PLC0415
    from admin.wifi.session import SetupSession  # noqa: PLC0415
    from admin.wifi.stations import count_stations  # noqa: PLC0415

    report.keep(lang=lang, allow_timeout=allow_timeout)
    session = SetupSession(
        host.network, host.systemd, host.hotspot, report, units=PORTAL, count_stations=count_stations
    )
    async with endpoint(session, host.portal_socket) if host.portal_socket else nullcontext():
        await session.run(allow_timeout=allow_timeout, lang=lang or host.lang)


async def stop(host: Host, report: Reporter) -> None:
    await host.network.close(restore=True)  # of a daemon that was killed
    if topics.WIFI_SETUP not in report.cancelled:
        await report(topics.WIFI_AP_DOWN)


async def cancel(_: Host, __: Reporter) -> None:
    """All is done: what was under way is cancelled before."""


async def forget_all(host: Host, report: Reporter) -> None:
    await report(topics.WIFI_RESET_COMPLETE, networks=await host.network.forget_all())


async def set_country(host: Host, report: Reporter, country_code: str) -> None:
    code = country_code.upper() if country_code.isascii() else ""  # a sharp s would become SS, South Sudan
    if not _COUNTRY_CODE.fullmatch(code):
        raise HostError("country_code is not of the form DE")
    unit = COUNTRY.unit(code)
    await report(topics.CONFIGURING_WIFI_COUNTRY)
    await host.systemd.start(unit)
    await report(topics.CONFIGURE_WIFI_COUNTRY_COMPLETE, country_code=code)


async def scan(host: Host, report: Reporter) -> None:
    await report(topics.NM_SCAN_COMPLETE, networks=[_listed(network) for network in await host.network.scan()])


async def connect(host: Host, report: Reporter, connection_name: str, password: str = "") -> None:
    await _join(host, connection_name, password)
    await report(topics.NM_CONNECTION_SUCCESSFUL, connection_name=connection_name)


async def reconnect(host: Host, report: Reporter, connection_name: str) -> None:
    await host.network.rejoin(connection_name)
    await report(topics.NM_CONNECTION_SUCCESSFUL, connection_name=connection_name)


async def disconnect(host: Host, report: Reporter, connection_name: str) -> None:
    await host.network.leave(connection_name)
    await report(topics.NM_DISCONNECTED, connection_name=connection_name)


async def forget(host: Host, report: Reporter, connection_name: str) -> None:
    await host.network.forget(connection_name)
    await report(topics.NM_FORGOTTEN, connection_name=connection_name)


async def name_connected(host: Host, report: Reporter) -> None:
    name = await host.network.connected()
    if name is None:
        await report(topics.NM_IS_NOT_CONNECTED)
    else:
        await report(topics.NM_IS_CONNECTED, connection_name=name)


async def scan_for_page(host: Host, report: Reporter) -> None:
    networks = {
        network.name: {
            "quality": network.strength,
            "encrypted": network.security.needs_password,
            "connected": False,
            "demo": False,
        }
        for network in await host.network.scan()
    }
    await report(topics.WIFI_SCANNED, networks=networks)


async def connect_for_page(host: Host, report: Reporter, ssid: str, password: str | None = None) -> None:
    await _join(host, ssid, password or "")
    await report(topics.WIFI_CONNECTION_STATUS, connected=True)


async def _join(host: Host, name: str, password: str) -> None:
    choice = Choice(await host.network.ssid(name), password)
    if not choice.is_valid:
        raise HostError("no network can have this name and password")
    await host.network.join(choice)


def _listed(network: Network) -> dict[str, str]:
    return {"ssid": network.name, "security": network.security}


def _not_connected(error: HostError) -> tuple[Topic, dict[str, Any]]:
    """An error as OVOS' network client expects it."""
    return topics.NM_CONNECTION_FAILURE, {"errorCode": Failure(error.kind).code, "errorMessage": str(error)}


def _as(topic: Topic, **data: Any) -> Callable[[HostError], tuple[Topic, dict[str, Any]]]:
    return lambda _: (topic, data)


_NETWORK = frozenset({Resource.NETWORK})
"""A radio that looks for networks leaves the channel on which it joins one, or serves a phone."""

_CONNECTING = frozenset({topics.NM_CONNECT, topics.NM_CONNECT_OPEN, topics.NM_RECONNECT, topics.WIFI_CONNECT})

_CONTROL = "org.freedesktop.NetworkManager.network-control"
_SCAN = "org.freedesktop.NetworkManager.wifi.scan"
_MODIFY = "org.freedesktop.NetworkManager.settings.modify.system"
_ENABLE = "org.freedesktop.NetworkManager.enable-disable-wifi"

ACTIONS = (
    Action(
        topics.WIFI_SETUP,
        set_up,
        does="switches the radio on and opens the access point; `mycroft-portal.socket` and "
        "`mycroft-portal-dns.service` run until a network is joined or the setup ends",
        occupies=_NETWORK,
        shared=True,
        cancels=_CONNECTING,
        needs=(_CONTROL, _SCAN, _MODIFY, _ENABLE, *PORTAL),
        resume=set_up,
    ),
    Action(
        topics.WIFI_STOP,
        stop,
        does="ends a setup; the network from before is joined again",
        occupies=_NETWORK,
        cancels=frozenset({topics.WIFI_SETUP}),
    ),
    Action(
        topics.WIFI_CANCEL,
        cancel,
        does="ends an attempt to join a network, or a setup",
        occupies=_NETWORK,
        cancels=_CONNECTING | {topics.WIFI_SETUP},
    ),
    Action(
        topics.WIFI_RESET,
        forget_all,
        does="deletes all profiles of wifi networks in NetworkManager",
        occupies=_NETWORK,
        cancels=_CONNECTING,
    ),
    Action(
        topics.CONFIGURE_WIFI_COUNTRY,
        set_country,
        does="starts `mycroft-country@<country>.service`, which sets the country of the radio, now and in "
        "`cmdline.txt` of a Raspberry Pi or `/etc/modprobe.d`. Only countries of `iso3166.tab` can be chosen",
        occupies=_NETWORK,
        needs=(COUNTRY,),
    ),
    Action(topics.NM_SCAN, scan, does="has NetworkManager look for networks", reads=_NETWORK),
    Action(
        topics.NM_CONNECT,
        connect,
        does="joins a network; NetworkManager keeps it",
        occupies=_NETWORK,
        failure=_not_connected,
    ),
    Action(
        topics.NM_CONNECT_OPEN,
        connect,
        does="joins a network without a password; NetworkManager keeps it",
        occupies=_NETWORK,
        failure=_not_connected,
    ),
    Action(
        topics.NM_RECONNECT, reconnect, does="joins a known network", occupies=_NETWORK, failure=_not_connected
    ),
    Action(
        topics.NM_DISCONNECT,
        disconnect,
        does="leaves a network, which stays known",
        occupies=_NETWORK,
        failure=_as(topics.NM_DISCONNECTION_FAILURE),
    ),
    Action(
        topics.NM_FORGET,
        forget,
        does="deletes the profile of a network in NetworkManager",
        occupies=_NETWORK,
        failure=_as(topics.NM_FORGET_FAILURE),
    ),
    Action(topics.NM_GET_CONNECTED, name_connected, does="asks NetworkManager for the network in use"),
    Action(topics.WIFI_SCAN, scan_for_page, does="has NetworkManager look for networks", reads=_NETWORK),
    Action(
        topics.WIFI_CONNECT,
        connect_for_page,
        does="joins a network; NetworkManager keeps it",
        occupies=_NETWORK,
        failure=_as(topics.WIFI_CONNECTION_STATUS, connected=False),
    ),
)
