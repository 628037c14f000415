"""Three radios: of the device, of a router, and of a phone; and the device, which is switched on."""

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.image.tree import STRANGER
from tests.vm.boards.device import CONFIGURATION, UNIT, Device, observed, systemctl
from tests.vm.wifi.face import PORT, Face
from tests.vm.wifi.namespace import run
from tests.vm.wifi.phone import Phone
from tests.vm.wifi.router import INTERNET, Router

NETWORK_MANAGER = f"""\
[connectivity]
uri=http://{INTERNET}/nm

[connection]
# Of what a check waits for in vain; by default up to 45 s.
ipv4.dhcp-timeout=12
ipv6.ra-timeout=12
802-1x.auth-timeout=12
"""


STATE = """\
[main]
NetworkingEnabled=true
WirelessEnabled=false
"""
"""As on a new Raspberry Pi, whose wifi is blocked until a country is set."""


@pytest.fixture(scope="session", autouse=True)
def _radios() -> None:
    run("modprobe", "mac80211_hwsim", "radios=3")
    Path("/etc/NetworkManager/conf.d/test.conf").write_text(NETWORK_MANAGER)
    Path("/var/lib/NetworkManager/NetworkManager.state").write_text(STATE)


@pytest.fixture(scope="session")
def router(_radios: None) -> Iterator[Router]:
    """The router."""
    found = Router("router", "wlan1")
    yield found
    found.close()


@pytest.fixture(scope="session")
def phone(_radios: None) -> Iterator[Phone]:
    """The phone, in no network."""
    found = Phone("phone", "wlan2")
    yield found
    found.close()


@pytest.fixture(scope="session", autouse=True)
def _configuration() -> None:
    CONFIGURATION.parent.mkdir(exist_ok=True)
    CONFIGURATION.write_text(json.dumps({"enclosure": {"port": str(PORT)}}))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def face() -> Face:
    """The face of the device."""
    found = Face()
    await found.plug_in()
    return found


@pytest.fixture(scope="session")
def record() -> Iterator[Path]:
    """A file with all messages that the bus relays to a user without rights."""
    path = Path("/run/messages")
    command = ("runuser", "-u", STRANGER, "--", "mycroft-bus", "record", "-")
    with path.open("w") as file, subprocess.Popen(command, stdout=file) as recorder:
        yield path
        recorder.terminate()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def device(router: Router, phone: Phone, face: Face, record: Path) -> AsyncIterator[Device]:
    """The device, just switched on, with its radio off."""
    units = ("NetworkManager.service", "mycroft-admin.service", UNIT)
    await systemctl("unmask", *units)
    found = await observed()
    await systemctl("start", *units)
    router.switch_on()
    phone.unblock()
    await found.first("enclosure.started")
    await found.send("mycroft.ready")  # the eyes would spin for two minutes, frame by frame
    yield found
    await found.close()
