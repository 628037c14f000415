"""A setup on a device that is in a network: however it ends, the device is in its network again."""

import json
from pathlib import Path

import pytest

from tests.docs.pages import RADIO, marked
from tests.vm.boards.device import CONFIGURATION, Device, Received, systemctl, until
from tests.vm.wifi.namespace import run
from tests.vm.wifi.phone import ACCESS_PASSWORD, DEVICE, Phone
from tests.vm.wifi.router import HOME
from tests.vm.wifi.station import ACCESS_POINT, in_network

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOOT_OPTIONS = Path("/boot/firmware/cmdline.txt")
"""Of a Raspberry Pi."""

UNDER_WAY = Path("/run/mycroft-admin/system.wifi.setup.json")
"""What the next daemon reads, to continue the setup."""

OPENING_TIMEOUT_S = 90.0
"""The device looks around twice before, also after a start of the service."""

UNITS = ("mycroft-portal.socket", "mycroft-portal.service", "mycroft-portal-dns.service")


def profiles(field: str) -> list[str]:
    """A field of each profile of NetworkManager."""
    return run("nmcli", "--terse", "--fields", field, "connection", "show").splitlines()


async def opened(device: Device) -> Received:
    """Waits for the access point."""
    return await device.first("system.wifi.ap_up", timeout_s=OPENING_TIMEOUT_S)


async def back_at_home() -> None:
    """Waits until the device is in its network again, and nothing of the setup is left."""
    await in_network(HOME.name)
    await until(lambda: "active" not in run("systemctl", "is-active", *UNITS, check=False).split(), interval_s=2.0)
    await until(lambda: not UNDER_WAY.exists())
    assert ACCESS_POINT not in profiles("NAME")


async def check_a_setup_continues_after_the_service_was_killed_with_its_new_settings_until_the_phone_cancels(
    device: Device, phone: Phone
) -> None:
    await device.send("ovos.phal.nm.connect", {"connection_name": HOME.name, "password": HOME.password})
    await device.first("ovos.phal.nm.connection.successful")
    await device.send("mycroft.wifi.start")
    assert (await opened(device)).data["password"] == ACCESS_PASSWORD
    settings = json.loads(CONFIGURATION.read_text())
    CONFIGURATION.write_text(json.dumps({**settings, "admin": {"wifi": {"open": True}}}))
    await systemctl("kill", "--signal=KILL", "mycroft-admin.service")
    assert (await opened(device)).data["password"] is None
    phone.join()
    await device.first("system.wifi.ap_device_connected")
    phone.post("/cancel", token=phone.get(f"{DEVICE}/").token)
    await device.first("system.wifi.ap_down")
    await back_at_home()


async def check_a_message_cancels_a_setup_in_its_language(device: Device) -> None:
    await device.send("system.wifi.setup", {"lang": "de-de"})
    await opened(device)
    assert "Verbinde dein Telefon" in (await device.first("speak")).data["utterance"]
    await device.send("wifi.cancel")
    await device.first("system.wifi.ap_down")
    await back_at_home()


async def check_a_setup_that_fails_is_reported(device: Device) -> None:
    await systemctl("mask", "--runtime", "mycroft-portal-dns.service")
    await device.send("system.wifi.setup")
    error = await device.first("system.wifi.ap_error", timeout_s=OPENING_TIMEOUT_S)
    assert "mycroft-portal-dns.service" in error.data["error"]
    await device.first("system.wifi.setup.failed")
    await systemctl("unmask", "--runtime", "mycroft-portal-dns.service")
    await back_at_home()


async def check_nothing_of_a_setup_is_left_where_the_killed_service_does_not_continue_it(device: Device) -> None:
    await device.send("system.wifi.setup")
    await opened(device)
    UNDER_WAY.unlink()
    await systemctl("kill", "--signal=KILL", "mycroft-admin.service")
    await device.first("system.status.response", lambda data: not data["under_way"])
    await back_at_home()


async def check_a_service_that_is_stopped_ends_its_setup_and_reports_that_once(device: Device) -> None:
    await device.send("system.wifi.setup")
    await opened(device)
    await systemctl("stop", "mycroft-admin.service")
    await device.first("system.wifi.ap_down")
    await back_at_home()
    await systemctl("start", "mycroft-admin.service")
    await device.first("system.status.response", lambda data: not data["under_way"])
    assert not device.skipped("system.wifi.ap_down")


async def check_the_country_of_the_radio(device: Device) -> None:
    [command] = marked("how-to/time-and-language.md", RADIO)
    run("sh", "-c", command.removeprefix("sudo "))
    done = await device.first("system.configure.wifi.country.complete")
    assert done.data == {"country_code": "DE"}
    await until(lambda: "country DE" in run("iw", "reg", "get"))
    assert BOOT_OPTIONS.read_text().split()[-1] == "cfg80211.ieee80211_regdom=DE"
    await device.send("system.configure.wifi.country", {"country_code": "XX"})
    await device.first("system.configure.wifi.country.failed")
    assert BOOT_OPTIONS.read_text().split()[-1] == "cfg80211.ieee80211_regdom=DE"


async def check_a_reset_forgets_all_networks_and_no_more(device: Device) -> None:
    run(
        "nmcli", "connection", "add", "type", "dummy", "ifname", "dummy0", "con-name", "wired", "autoconnect", "no"
    )
    known = profiles("TYPE").count("802-11-wireless")
    assert known
    await device.send("mycroft.wifi.reset")
    assert (await device.first("system.wifi.reset.complete")).data == {"networks": known}
    assert set(profiles("NAME")) <= {"wired", "lo"}
