"""Networks by messages: looking, joining, leaving and forgetting, as OVOS' network client asks for it."""

import asyncio

import pytest

from admin.policy import CHANGES
from tests.vm.boards.device import Device
from tests.vm.wifi.router import (
    CAFE,
    HIDDEN,
    HOME,
    MIXED,
    MODERN,
    NETWORKS,
    ODD,
    OWE,
    SILENT,
    WRONG_PASSWORD,
    Network,
    Router,
)
from tests.vm.wifi.station import in_network

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOWHERE = Network("nowhere", "WPA2")

SCANNED = "ovos.phal.nm.scan.complete"


@pytest.mark.parametrize(
    "network", [HOME, CAFE, MODERN, MIXED, HIDDEN, ODD, OWE], ids=lambda network: network.label
)
async def check_each_kind_of_network_is_joined(device: Device, network: Network) -> None:
    if network.password:
        data = {"connection_name": network.name, "password": network.password}
        await device.send("ovos.phal.nm.connect", data)
    else:
        await device.send("ovos.phal.nm.connect.open.network", {"connection_name": network.name})
    joined = await device.first("ovos.phal.nm.connection.successful")
    assert joined.data == {"connection_name": network.name}
    await device.send("ovos.phal.nm.get.connected")
    assert (await device.first("ovos.phal.nm.is.connected")).data == {"connection_name": network.name}


@pytest.mark.parametrize(
    ("network", "password", "code", "words"),
    [
        (HOME, WRONG_PASSWORD, "0", "wrong password"),
        (MODERN, WRONG_PASSWORD, "0", "wrong password, or too far away"),
        (SILENT, SILENT.password, "1", "joined, but the router gave no address"),
        (NOWHERE, NOWHERE.password, "1", "not found; it may be too far away"),
    ],
    ids=lambda value: value.label if isinstance(value, Network) else None,
)
async def check_a_failure_is_reported_with_its_reason(
    device: Device, network: Network, password: str, code: str, words: str
) -> None:
    await asyncio.sleep(CHANGES.interval_s)  # one user may ask no more often
    await device.send("ovos.phal.nm.connect", {"connection_name": network.name, "password": password})
    failed = await device.first("ovos.phal.nm.connection.failure")
    assert failed.data == {"errorCode": code, "errorMessage": words}


async def check_a_known_network_comes_back_after_a_failure(device: Device) -> None:
    await in_network()


async def check_a_scan_names_each_network_and_its_security(device: Device) -> None:
    await device.send("ovos.phal.nm.scan")
    found = {network["ssid"]: network["security"] for network in (await device.first(SCANNED)).data["networks"]}
    expected = {network.name: network.security for network in NETWORKS}
    assert {HIDDEN.name: HIDDEN.security, **found} == expected  # it may be known by name, since it was joined


async def check_a_network_is_joined_again(device: Device) -> None:
    await device.send("ovos.phal.nm.reconnect", {"connection_name": HOME.name})
    await device.first("ovos.phal.nm.connection.successful")
    await in_network(HOME.name)


async def check_the_state_of_the_internet_is_reported(device: Device, router: Router) -> None:
    check, answer = "ovos.PHAL.internet_check", "ovos.PHAL.internet_check.response"
    router.set_internet("Welcome to our hotel")
    await device.send(check)
    await device.first("mycroft.internet.disconnected")
    await device.send(check)
    assert (await device.first(answer, lambda data: not data["internet_connected"])).data["network_connected"]
    router.set_internet()
    await device.send(check)
    await device.first("mycroft.internet.connected")


async def check_a_network_is_left(device: Device) -> None:
    await device.send("ovos.phal.nm.disconnect", {"connection_name": CAFE.name})
    await device.first("ovos.phal.nm.disconnection.failure")
    await device.send("ovos.phal.nm.disconnect", {"connection_name": HOME.name})
    await device.first("ovos.phal.nm.disconnection.successful")


async def check_a_network_is_forgotten(device: Device) -> None:
    for network in (CAFE, ODD):
        await device.send("ovos.phal.nm.forget", {"connection_name": network.name})
        assert (await device.first("ovos.phal.nm.forget.successful")).data == {"connection_name": network.name}
    await device.send("ovos.phal.nm.forget", {"connection_name": ODD.name})
    await device.first("ovos.phal.nm.forget.failure")
