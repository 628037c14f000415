"""Networks are found, joined and forgotten, and the access point opens; the radios are simulated."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from dbus_fast import Message, Variant

from admin.dbus import networkmanager
from admin.dbus.networkmanager import HOTSPOT_UUID, NetworkManager
from admin.dbus.system import SystemBus
from admin.errors import HostError
from admin.wifi.networks import Choice, Security
from admin.wifi.outcome import Failure
from admin.wifi.radio import Hotspot, Link
from hw_sim.host import Host
from hw_sim.networkmanager import ACTIVATED, DEVICE, DISCONNECTED, PREPARE, Router
from hw_sim.networkmanager import NetworkManager as Simulated
from tests.admin.conftest import UNCLOSED
from tests.admin.hostile import Program
from tests.conftest import until

pytestmark = [pytest.mark.real_time, UNCLOSED]

HOME = Router(b"home", "WPA2", "correct horse", 80)
ODD = Router(b"Caf\xc3\xa9: '\"\\$(id)\xff", "WPA2 WPA3", "correct horse", 70)
ROUTERS = (
    HOME,
    ODD,
    Router(b"sae", "WPA3", "correct horse", 60),
    Router(b"guests", "open", strength=50, has_internet=False),
    Router(b"owe", "OWE", strength=45),
    Router(b"mute", "WPA2", "correct horse", 40, answers=False),
    Router(b"no address", "open", strength=30, gives_address=False),
    Router(b"office", "802.1X", strength=20),
    Router(b"attic", "WPA2", "correct horse", 10, hidden=True),
)
HOTSPOT = Hotspot("MYCROFT", "12345678")


@pytest.fixture
async def air(host: Host) -> AsyncIterator[Simulated]:
    async with Simulated(host.address, ROUTERS, pace=0.005) as simulated:
        yield simulated


@pytest.fixture
def radio(system: SystemBus, air: Simulated) -> NetworkManager:
    return NetworkManager(system)


async def failure_of_joining(radio: NetworkManager, choice: Choice) -> str:
    with pytest.raises(HostError) as caught:
        await radio.join(choice)
    assert choice.password not in str(caught.value) or not choice.password
    return caught.value.kind


async def test_two_scans_find_the_networks_the_strongest_first(radio: NetworkManager, air: Simulated) -> None:
    networks = await radio.scan(times=2)
    assert air.scans == 2
    assert [network.ssid for network in networks] == [router.ssid for router in ROUTERS if not router.hidden]
    assert networks[1].security is Security.WPA2_WPA3
    assert await radio.interface() == "wlan0"


async def test_the_block_of_the_radio_is_lifted(radio: NetworkManager, air: Simulated) -> None:
    air.block()
    assert await radio.scan()
    assert air.wireless_enabled


@pytest.mark.parametrize(
    "choice",
    [
        Choice(b"home", "correct horse"),
        Choice(ODD.ssid, "correct horse"),
        Choice(b"sae", "correct horse"),
        Choice(b"guests"),
        Choice(b"owe"),
        Choice(b"attic", "correct horse", hidden=True),
    ],
    ids=lambda choice: repr(choice.ssid),
)
async def test_a_network_is_joined_and_kept(radio: NetworkManager, air: Simulated, choice: Choice) -> None:
    await radio.scan()
    await radio.join(choice)
    assert air.network == choice.ssid
    assert air.known == {choice.ssid}


@pytest.mark.parametrize(
    ("choice", "failure"),
    [
        (Choice(b"home", "not correct"), Failure.WRONG_PASSWORD),
        (Choice(b"home", "short"), Failure.WRONG_PASSWORD),
        (Choice(b"home"), Failure.WRONG_PASSWORD),
        (Choice(b"guests", "for an open one"), Failure.WRONG_PASSWORD),
        (Choice(b"sae", "not correct"), Failure.MAYBE_WRONG_PASSWORD),
        (Choice(b"mute", "correct horse"), Failure.NO_ANSWER),
        (Choice(b"no address"), Failure.NO_ADDRESS),
        (Choice(b"office", "correct horse"), Failure.UNSUPPORTED),
        (Choice(b"far away", "correct horse"), Failure.NOT_FOUND),
        (Choice(b"far away", "correct horse", hidden=True), Failure.NOT_FOUND),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value.ssid),
)
async def test_a_failed_attempt_leaves_no_profile(
    radio: NetworkManager, air: Simulated, choice: Choice, failure: Failure
) -> None:
    await radio.scan()
    assert await failure_of_joining(radio, choice) == failure
    assert air.profiles == {}


async def test_the_end_of_the_network_that_is_replaced_is_no_failure(
    radio: NetworkManager, air: Simulated
) -> None:
    await radio.scan()
    await radio.join(Choice(b"guests"))
    await radio.join(Choice(b"home", "correct horse"))
    assert air.network == b"home"


async def test_a_new_password_replaces_the_old_one_under_the_same_name(
    radio: NetworkManager, air: Simulated
) -> None:
    air.know(b"home", "old password")
    await radio.scan()
    await radio.join(Choice(b"home", "correct horse"))
    [profile] = air.profiles.values()
    assert profile.get("802-11-wireless-security", "psk") == "correct horse"
    assert profile.get("connection", "id") == "home"


async def test_an_access_point_that_has_gone_since_the_scan_is_looked_for_by_name(
    radio: NetworkManager, air: Simulated
) -> None:
    await radio.scan()
    found = radio._find

    async def find_and_lose(device: str, choice: Choice) -> Any:
        network = await found(device, choice)
        air._shown.clear()
        return network

    radio._find = find_and_lose  # type: ignore[method-assign]
    await radio.join(Choice(b"home", "correct horse"))
    assert air.network == b"home"


async def test_a_cancelled_attempt_ends_and_leaves_no_profile(radio: NetworkManager, air: Simulated) -> None:
    await radio.scan()
    joining = asyncio.create_task(radio.join(Choice(b"mute", "correct horse")))
    await until(lambda: air.state > DISCONNECTED, "the attempt")
    joining.cancel()
    await asyncio.wait([joining])
    assert joining.cancelled()
    assert not air.active
    assert not air.profiles


async def test_the_access_point_has_a_channel_an_address_and_no_way_into_the_owners_network(
    radio: NetworkManager, air: Simulated
) -> None:
    assert await radio.open(HOTSPOT) == HOTSPOT
    assert air.hotspot
    settings = {
        part: {key: variant.value for key, variant in values.items()}
        for part, values in air.hotspot.settings.items()
    }
    assert settings == {
        "connection": {
            "id": "Mycroft wifi setup",
            "uuid": HOTSPOT_UUID,
            "type": "802-11-wireless",
            "autoconnect": False,
            "interface-name": "wlan0",
        },
        "802-11-wireless": {"ssid": b"MYCROFT", "mode": "ap", "band": "bg", "channel": 6},
        "802-11-wireless-security": {
            "key-mgmt": "wpa-psk",
            "psk": "12345678",
            "proto": ["rsn"],
            "pairwise": ["ccmp"],
            "group": ["ccmp"],
            "pmf": 1,
        },
        "ipv4": {
            "method": "manual",
            "address-data": settings["ipv4"]["address-data"],
            "never-default": True,
        },
        "ipv6": {"method": "disabled"},
    }
    [address] = settings["ipv4"]["address-data"]
    assert {key: variant.value for key, variant in address.items()} == {"address": "100.64.7.1", "prefix": 24}
    assert air.hotspot.persist == "memory"
    assert await radio.link() == Link()
    await radio.close(restore=True)
    assert not air.hotspot
    assert not air.profiles


async def test_an_access_point_is_open_where_the_radio_can_do_no_password(
    radio: NetworkManager, air: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    air.hotspot_allows_password = False
    assert await radio.open(HOTSPOT) == Hotspot("MYCROFT")
    assert air.hotspot
    assert "802-11-wireless-security" not in air.hotspot.settings
    assert caplog.messages == ["this radio can open no access point with a password: it is open"]


async def test_the_network_from_before_the_access_point_comes_back(radio: NetworkManager, air: Simulated) -> None:
    air.know(b"guests")  # which NetworkManager itself would choose
    await radio.scan()
    await radio.join(Choice(b"home", "correct horse"))
    await radio.open(HOTSPOT)
    await radio.open(HOTSPOT)
    assert air.hotspot
    await radio.close(restore=True)
    await until(lambda: air.network == b"home", "the network")


async def test_the_access_point_of_an_earlier_daemon_is_found_and_closed(
    radio: NetworkManager, air: Simulated, system: SystemBus
) -> None:
    await radio.open(HOTSPOT)
    await NetworkManager(system).close(restore=True)
    assert not air.hotspot
    assert not air.profiles


async def test_networks_are_rejoined_left_and_forgotten_by_their_name(
    radio: NetworkManager, air: Simulated
) -> None:
    air.know(b"home", "correct horse", name="netplan-wlan0-home")
    air.know(b"guests")
    await radio.rejoin("home")
    assert await radio.connected() == "home"
    await radio.leave("netplan-wlan0-home")
    assert await radio.connected() is None
    with pytest.raises(HostError, match="not in home"):
        await radio.leave("home")
    await radio.forget("home")
    with pytest.raises(HostError, match="home is not known"):
        await radio.forget("home")
    assert await radio.forget_all() == 1
    assert not await radio.knows_networks()


async def test_a_network_with_two_profiles_is_left_and_forgotten_with_both(
    radio: NetworkManager, air: Simulated
) -> None:
    air.know(b"home", "correct horse", name="netplan-wlan0-home")
    air.know(b"home", "correct horse")
    air.know(b"guests", name="home")
    await radio.rejoin("home")
    await radio.leave("home")
    await until(lambda: air.network == b"home", "the network, by the other profile")
    await radio.leave("home")
    await radio.forget("home")
    assert air.known == {b"guests"}


async def test_forgetting_all_networks_leaves_access_points(radio: NetworkManager, air: Simulated) -> None:
    air.know(b"home")
    await radio.open(HOTSPOT)
    assert await radio.forget_all() == 1
    assert air.hotspot


async def test_a_network_that_cannot_be_forgotten_keeps_no_other(
    radio: NetworkManager, air: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = air.know(b"home").path
    air.know(b"guests")
    delete = radio._delete

    async def refuse(path: str) -> None:
        if path == kept:
            raise HostError("refused")
        await delete(path)

    monkeypatch.setattr(radio, "_delete", refuse)
    with pytest.raises(HostError, match="refused"):
        await radio.forget_all()
    assert air.known == {b"home"}


async def test_the_link_is_followed(radio: NetworkManager, air: Simulated) -> None:
    links = radio.links()
    assert await anext(links) == Link()
    air.know(b"guests")
    await radio.rejoin("guests")
    while (link := await anext(links)) == Link():
        pass
    assert link == Link(network=True)
    air.plug(True)
    assert await anext(links) == Link(network=True, internet=True)
    assert await radio.connected() == "Wired connection 1"
    await links.aclose()
    assert await radio.check_link() == Link(network=True, internet=True)


VARIANT: Any = Variant  # its constructor has no types

REPLIES = [
    ("", []),
    ("ao", [["/x"] * 1000]),
    ("ao", [[]]),
    ("o", ["/"]),
    ("v", [VARIANT("u", 2)]),
    ("v", [VARIANT("b", True)]),
    ("v", [VARIANT("s", "x" * 100_000)]),
    ("a{sv}", [{"Ssid": VARIANT("s", "text"), "Strength": VARIANT("u", 4_000_000_000)}]),
    ("a{sa{sv}}", [{"802-11-wireless": {"ssid": VARIANT("s", "text")}}]),
    ("ooa{sv}", ["/", "/", {}]),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply[0] or "nothing")
async def test_an_answer_of_another_shape_is_an_error(
    system: SystemBus, host: Host, reply: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networkmanager, "SCAN_S", 0.01)
    monkeypatch.setattr(networkmanager, "RADIO_S", 0.01)
    async with Program(host.address) as program:
        await program.own("org.freedesktop.NetworkManager")
        program.answer = lambda message: Message.new_method_return(message, reply[0], reply[1])
        radio = NetworkManager(system)
        calls: list[Callable[[], Awaitable[object]]] = [
            *(radio.scan, radio.interface, radio.connected, radio.link, radio.check_link, radio.knows_networks),
            *(radio.forget_all, radio.is_open, lambda: radio.open(HOTSPOT), lambda: radio.close(restore=True)),
            *(lambda: radio.join(Choice(b"home", "correct horse")), lambda: radio.rejoin("home")),
        ]
        failed = 0
        for call in calls:
            try:
                await call()
            except HostError:
                failed += 1
        assert failed >= len(calls) - 2, "a list without entries, and no primary connection, are valid answers"


@pytest.mark.parametrize("directly", [True, False], ids=["to us alone", "to all programs"])
async def test_a_forged_state_of_the_device_is_ignored(
    radio: NetworkManager, air: Simulated, host: Host, system: SystemBus, directly: bool
) -> None:
    await radio.scan()
    joining = asyncio.create_task(radio.join(Choice(b"mute", "correct horse")))
    await until(lambda: air.state > DISCONNECTED, "the attempt")
    async with Program(host.address) as stranger:
        for state in (PREPARE, ACTIVATED):
            await stranger.signal(
                *(DEVICE, "org.freedesktop.NetworkManager.Device", "StateChanged", "uuu", state, 30, 0),
                to=system._bus.unique_name if directly else None,
            )
        with pytest.raises(HostError, match="does not answer"):
            await joining
