"""The setup by phone, from the first start of a device to its network."""

import pytest

from tests.vm.boards.device import Device
from tests.vm.wifi.phone import DEVICE, Phone

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCESS_POINT, ACCESS_POINT_PASSWORD = "MYCROFT", "12345678"


@pytest.mark.timeout(240.0)
async def check_the_setup_begins_by_itself_where_no_network_is_known(device: Device) -> None:
    up = await device.first("system.wifi.ap_up", timeout_s=120.0)
    assert up.data["ssid"] == ACCESS_POINT
    assert up.data["password"] == ACCESS_POINT_PASSWORD
    assert up.data["address"] == "100.64.7.1"
    said = await device.first("speak")
    assert "1 2 3 4" in said.data["utterance"].replace(",", ""), said


async def check_a_phone_that_joins_is_told_of_the_page(device: Device, phone: Phone) -> None:
    phone.join(ACCESS_POINT, ACCESS_POINT_PASSWORD)
    await device.first("system.wifi.ap_device_connected")
    page = phone.get("http://captive.apple.com/hotspot-detect.html")
    assert (page.status, page.headers["location"]) == (302, f"{DEVICE}/")
