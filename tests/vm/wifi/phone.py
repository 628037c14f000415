"""A phone that joins the access point of the device, and what its browser gets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.vm.wifi.namespace import Namespace

FOLDER = Path("/run/phone")
RESOLV_CONF = Path("/etc/netns/phone/resolv.conf")

SSID, ACCESS_PASSWORD = "MYCROFT", "12345678"
"""Of the access point of the device, unless they are configured."""

DEVICE = "http://100.64.7.1"

_GET_ADDRESS = f"""\
#!/bin/sh
case "$1" in
    deconfig) ip address flush dev "$interface" ;;
    bound)
        ip address replace "$ip/$mask" dev "$interface"
        ip route replace default via "$router"
        echo "nameserver $dns" > {RESOLV_CONF}
        ;;
esac
"""


@dataclass(frozen=True)
class Page:
    """A response to the browser."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: str

    @property
    def token(self) -> str:
        """That of the forms of the page."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.body)
        assert found, self.body
        return found[1]


class Phone(Namespace):
    """The phone."""

    def __init__(self, name: str, interface: str) -> None:
        super().__init__(name, interface)
        FOLDER.mkdir()
        RESOLV_CONF.parent.mkdir(parents=True)
        RESOLV_CONF.write_text("")
        (FOLDER / "get-address").write_text(_GET_ADDRESS)
        (FOLDER / "get-address").chmod(0o755)

    def join(self) -> None:
        """Joins the access point of the device, with or without a password, from then on whenever it is there.

        Returns with an address.
        """
        if not self._programs:
            configuration = FOLDER / "wpa_supplicant.conf"
            kinds = (f'psk="{ACCESS_PASSWORD}"', "key_mgmt=NONE")
            networks = (f'network={{\nssid="{SSID}"\n{kind}\nscan_freq=2437\n}}\n' for kind in kinds)
            configuration.write_text("".join(networks))
            self.start("wpa_supplicant", "-q", "-i", self.interface, "-c", str(configuration))
        self._get_address()

    def _get_address(self) -> None:
        """Asks for an address until there is one."""
        self.run(
            *("busybox", "udhcpc", "-f", "-q", "-n", "-i", self.interface, "-s", f"{FOLDER}/get-address"),
            *("-t", "60", "-T", "1"),
        )

    def open_ports(self, host: str, ports: Sequence[int]) -> set[int]:
        """The TCP ports of a host that accept a connection."""
        return {
            port for port in ports if self.succeeds("timeout", "5", "bash", "-c", f": < /dev/tcp/{host}/{port}")
        }

    def get(self, url: str, *options: str) -> Page:
        """What a browser gets; redirects are not followed."""
        return self._curl(url, *options)

    def post(self, path: str, **fields: str) -> Page:
        """What a browser gets after it has sent a form of the device's page."""
        return self._curl(f"{DEVICE}{path}", "--data", "@-", stdin=urlencode(fields))

    def _curl(self, url: str, *options: str, stdin: str = "") -> Page:
        said = self.run(
            "curl", "--silent", "--show-error", "--include", "--max-time", "20", *options, url, stdin=stdin
        )
        head, _, body = said.replace("\r", "").partition("\n\n")
        status, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines)
        return Page(int(status.split()[1]), {name.lower(): value for name, value in headers.items()}, body)
