"""What the simulated device answers to the requests that change a machine, under each of their names."""

from collections.abc import Sequence
from typing import Any

import pytest

from admin.locales import SUPPORTED
from tests.compat.client import Peer, peer
from tests.compat.environment import OVOS
from tests.e2e.device import device

pytestmark = pytest.mark.real_time

LANGUAGE = "complete" if SUPPORTED.exists() else "failed"
"""A developer's machine may lack the package locales."""

HOME: dict[str, Any] = {"connection_name": "Home"}
REQUESTS: Sequence[tuple[str, dict[str, Any], str]] = (
    ("system.ntp.sync", {}, "system.ntp.sync.complete"),
    ("system.ssh.enable", {}, "system.ssh.enabled"),
    ("mycroft.disable.ssh", {}, "system.ssh.disabled"),
    ("mycroft.enable.ssh", {}, "system.ssh.enabled"),
    ("system.ssh.disable", {}, "system.ssh.disabled"),
    ("system.ssh.status", {}, "system.ssh.status.response"),
    ("system.update", {}, "system.update.complete"),
    ("system.update", {"paired": True, "platform": "mycroft_mark_1"}, "system.update.complete"),
    ("system.configure.timezone", {"timezone": "Europe/Berlin"}, "system.configure.timezone.complete"),
    ("system.configure.hostname", {"hostname": "kitchen"}, "system.configure.hostname.complete"),
    ("system.configure.language", {"language_code": "en_US"}, f"system.configure.language.{LANGUAGE}"),
    ("system.configure.wifi.country", {"country_code": "DE"}, "system.configure.wifi.country.complete"),
    ("system.mycroft.service.restart", {"display": True}, "system.mycroft.service.restart.complete"),
    ("ovos.PHAL.internet_check", {}, "ovos.PHAL.internet_check.response"),
    ("ovos.phal.nm.scan", {}, "ovos.phal.nm.scan.complete"),
    ("wifi.scan", {}, "wifi.scanned"),
    ("ovos.phal.nm.reconnect", HOME, "ovos.phal.nm.connection.successful"),
    ("ovos.phal.nm.get.connected", {}, "ovos.phal.nm.is.connected"),
    ("ovos.phal.nm.disconnect", HOME, "ovos.phal.nm.disconnection.successful"),
    ("ovos.phal.nm.reconnect", HOME, "ovos.phal.nm.connection.successful"),
    (
        "ovos.phal.nm.connect",
        {**HOME, "password": "x", "security_type": "wpa2"},
        "ovos.phal.nm.connection.failure",
    ),
    ("mycroft.wifi.start", {"lang": "en-us", "allow_timeout": False}, "system.wifi.ap_up"),
    ("wifi.stop", {}, "system.wifi.ap_down"),
    ("system.wifi.setup", {}, "system.wifi.ap_up"),
    ("wifi.cancel", {}, "system.wifi.ap_down"),
    ("ovos.phal.nm.forget", HOME, "ovos.phal.nm.forget.successful"),
    ("mycroft.wifi.reset", {}, "system.wifi.reset.complete"),
    ("system.wifi.reset", {}, "system.wifi.reset.complete"),
    ("system.factory.reset", {"reboot": False}, "system.factory.reset.complete"),
    ("system.reboot", {}, "system.reboot.start"),
)


async def test_every_request_of_the_field_is_answered() -> None:
    async with device() as found, peer(OVOS, found.bus) as client:
        for msg_type, data, answer in REQUESTS:
            await until_ended(client)
            await client.emit(msg_type, data)
            await client.hears(answer)
        assert not client.lost


async def until_ended(client: Peer) -> None:
    """Waits for the end of what reports before it ends, and excludes the next change until then."""
    under_way = {"all that was asked for"}
    while not under_way <= {"system.wifi.setup"}:  # which lasts until it is stopped
        await client.emit("system.status")
        under_way = {*(await client.hears("system.status.response"))["data"]["under_way"]}
