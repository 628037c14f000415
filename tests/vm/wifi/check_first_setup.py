"""The setup by phone on a device that knows no network, from its first start to its network."""

import grp
import re
import stat
from pathlib import Path

import pytest

from tests.vm.boards.device import Device, said
from tests.vm.wifi.face import Face
from tests.vm.wifi.namespace import run
from tests.vm.wifi.phone import ACCESS_PASSWORD, DEVICE, SSID, Phone
from tests.vm.wifi.router import HIDDEN, HOME, NETWORKS, PASSWORD, WRONG_PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCESS_POINT = {"ssid": SSID, "password": ACCESS_PASSWORD, "address": "100.64.7.1"}

BEGIN_TIMEOUT_S = 120.0
"""The device waits 30 s for a cable, and looks around twice."""

MAX_EXPOSURE = 1.5

SOCKET = Path("/run/mycroft-admin/portal.sock")

PROBES = {
    "android": "http://connectivitycheck.gstatic.com/generate_204",
    "android_fallback": "http://play.googleapis.com/generate_204",
    "ios": "http://captive.apple.com/hotspot-detect.html",
    "windows": "http://www.msftconnecttest.com/connecttest.txt",
    "windows_browser": "http://www.msftconnecttest.com/redirect",
    "gnome": "http://nmcheck.gnome.org/check_network_status.txt",
    "debian": "http://network-test.debian.org/nm",
    "firefox": "http://detectportal.firefox.com/canonical.html",
    "kindle": "http://spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html",
}


@pytest.mark.parametrize("unit", ["mycroft-admin", "mycroft-portal", "mycroft-portal-dns"])
async def check_the_exposure_of_the_units(device: Device, unit: str) -> None:
    # The device waits for a cable meanwhile.
    found = re.search("level for .*: ([0-9.]+)", said("systemd-analyze", "security", f"{unit}.service"))
    assert found
    assert float(found[1]) <= MAX_EXPOSURE


def is_blocked() -> bool:
    """Whether the radio of the device is switched off (rfkill)."""
    return run("sh", "-c", "cat /sys/class/net/wlan0/phy80211/rfkill*/soft") == "1"


async def check_the_radio_is_blocked_as_on_a_new_device(device: Device) -> None:
    assert is_blocked()


async def check_the_setup_begins_by_itself_where_no_network_is_known(device: Device, face: Face) -> None:
    introduction = await device.first("speak", timeout_s=BEGIN_TIMEOUT_S)
    assert introduction.data["utterance"].startswith("Hello. To help you, I need the internet.")
    for event in ("start", "end"):
        await device.send(f"recognizer_loop:audio_output_{event}")
    up = await device.first("system.wifi.ap_up", timeout_s=BEGIN_TIMEOUT_S)
    assert ACCESS_POINT.items() <= up.data.items(), up.data
    assert not is_blocked()
    assert "1, 2, 3, 4, 5, 6, 7, 8" in (await device.first("speak")).data["utterance"]
    await face.shows("MYCROFT 12345678")


async def check_a_phone_that_joins_gets_the_address_of_the_page_by_face_and_voice(
    device: Device, phone: Phone, face: Face
) -> None:
    phone.join()
    await device.first("system.wifi.ap_device_connected")
    assert "100 dot 64 dot 7 dot 1" in (await device.first("speak")).data["utterance"]
    await face.shows("100.64.7.1")


@pytest.mark.parametrize("system", PROBES)
async def check_the_probe_of_each_system_leads_to_the_page(phone: Phone, system: str) -> None:
    answer = phone.get(PROBES[system])
    assert (answer.status, answer.headers["location"]) == (302, f"{DEVICE}/")
    assert answer.headers["cache-control"] == "no-store"
    assert "Success" not in answer.body
    assert answer.body


async def check_only_the_portal_reaches_the_admin_service(phone: Phone) -> None:
    status = SOCKET.stat()
    assert (stat.S_IMODE(status.st_mode), grp.getgrgid(status.st_gid).gr_name) == (0o660, "mycroft-portal")
    assert (
        said("systemctl", "show", "--value", "--property=User", "mycroft-portal.service").strip()
        == "mycroft-portal"
    )


async def check_guests_reach_nothing_but_the_page(phone: Phone) -> None:
    reached = phone.open_ports("100.64.7.1", (22, 53, 80, 443, 8181, 8182))
    assert reached == {53, 80}, reached


async def check_the_page_lists_the_networks(phone: Phone) -> None:
    page = phone.get(f"{DEVICE}/", "--header", "Accept-Language: de-DE,de;q=0.9")
    assert '<html lang="de">' in page.body
    listed = {network.name for network in NETWORKS if f"?ssid={network.ssid}" in page.body}
    assert listed == {network.name for network in NETWORKS} - {HIDDEN.name}


async def check_a_wrong_password_is_reported_on_page_and_face_and_by_voice(
    device: Device, phone: Phone, face: Face
) -> None:
    form = phone.get(f"{DEVICE}/network?ssid={HOME.ssid}")
    sent = phone.post("/connect", token=form.token, ssid=HOME.ssid, password=WRONG_PASSWORD)
    assert (sent.status, sent.headers["location"]) == (303, f"{DEVICE}/")
    assert (await device.first("system.wifi.ap_connecting")).data == {"ssid": HOME.name}
    failed = await device.first("system.wifi.ap_connection_failed")
    assert failed.data == {"ssid": HOME.name, "reason": "wrong-password", "error": "wrong password"}
    assert "the password is wrong" in (await device.first("speak")).data["utterance"]
    await face.shows("WRONG PASSWORD")
    await device.first("system.wifi.ap_up")
    phone.join()
    assert "Wrong password" in phone.get(f"{DEVICE}/").body


async def check_the_right_password_ends_the_setup_in_the_network(device: Device, phone: Phone, face: Face) -> None:
    form = phone.get(f"{DEVICE}/network?ssid={HOME.ssid}")
    phone.post("/connect", token=form.token, ssid=HOME.ssid, password=PASSWORD)
    assert (await device.first("system.wifi.ap_connection_success")).data == {"ssid": HOME.name}
    await face.shows("WI-FI OK")
    await device.first("system.wifi.ap_down")
    await device.first("ovos.wifi.setup.completed")
    await device.send("ovos.phal.nm.get.connected")
    assert (await device.first("ovos.phal.nm.is.connected")).data == {"connection_name": HOME.name}
    assert run("ls", "/etc/NetworkManager/system-connections") == f"{HOME.name}.nmconnection"
    states = run("systemctl", "is-active", "mycroft-portal.socket", "mycroft-portal-dns.service", check=False)
    assert states.split() == ["inactive", "inactive"]
