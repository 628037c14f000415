"""A router with one network for each kind of security, on one radio."""

from dataclasses import dataclass
from pathlib import Path

from tests.vm.wifi.namespace import Namespace

FOLDER = Path("/run/router")

BSSID = "02:00:00:00:01:00"
"""Ends in zeros, from which hostapd counts on for each network."""

CHANNEL = 1

INTERNET = "192.0.2.1"
"""Address of the internet: a web server behind all networks of the router."""

PASSWORD = "correct horse battery"  # noqa: S105  # of a network of this test
WRONG_PASSWORD = "wrong horse battery"  # noqa: S105  # likewise

_WPA2 = f"wpa=2\nwpa_pairwise=CCMP\nwpa_passphrase={PASSWORD}\nwpa_key_mgmt=WPA-PSK\n"
_SAE = f"wpa=2\nwpa_pairwise=CCMP\nsae_password={PASSWORD}\nwpa_key_mgmt=SAE\nieee80211w=2\n"
_MIXED = f"{_WPA2}sae_password={PASSWORD}\nwpa_key_mgmt=WPA-PSK SAE\nieee80211w=1\n"
_OWE = "wpa=2\nwpa_pairwise=CCMP\nwpa_key_mgmt=OWE\nieee80211w=2\n"


@dataclass(frozen=True)
class Network:
    """One network of the router."""

    name: str
    security: str
    """As the device names it."""
    options: str = ""
    """Lines for hostapd."""
    password: str = PASSWORD
    leases: bool = True

    @property
    def ssid(self) -> str:
        """In hexadecimal."""
        return self.name.encode().hex()

    @property
    def label(self) -> str:
        """For the names of checks."""
        return self.name if self.name.isalnum() else "odd"


HOME = Network("home", "WPA2", _WPA2)
CAFE = Network("cafe", "open", password="")
MODERN = Network("modern", "WPA3", _SAE)
MIXED = Network("mixed", "WPA2 WPA3", _MIXED)
HIDDEN = Network("hidden", "WPA2", f"{_WPA2}ignore_broadcast_ssid=1\n")
ODD = Network("""Zoë's "$(x)" ☕:\\""", "WPA2", _WPA2)
OWE = Network("private", "OWE", _OWE, password="")
SILENT = Network("silent", "WPA2", _WPA2, leases=False)

NETWORKS = (HOME, CAFE, MODERN, MIXED, HIDDEN, ODD, OWE, SILENT)


class Router(Namespace):
    """The router."""

    def switch_on(self) -> None:
        """Opens all networks."""
        (FOLDER / "internet").mkdir(parents=True)
        self.set_internet()
        self.run("ip", "link", "set", self.interface, "address", BSSID)
        self.unblock()
        self.run("ip", "address", "add", f"{INTERNET}/32", "dev", "lo")
        self._open_networks()
        ranges = []
        for number, network in enumerate(NETWORKS):
            self.run("ip", "address", "add", f"10.1.{number}.1/24", "dev", self._interface_of(number))
            if network.leases:
                ranges.append(f"--dhcp-range=10.1.{number}.10,10.1.{number}.99,1h")
        self.start(
            *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--port=0"),
            *(
                "--dhcp-authoritative",
                "--no-ping",
                "--quiet-dhcp",
                "--pid-file",
                f"--dhcp-leasefile={FOLDER}/leases",
            ),
            *ranges,
        )
        self.start("busybox", "httpd", "-f", "-p", f"{INTERNET}:80", "-h", f"{FOLDER}/internet")

    def set_internet(self, answer: str = "NetworkManager is online\n") -> None:
        """Sets what the internet answers to NetworkManager's probe."""
        (FOLDER / "internet/nm").write_text(answer)

    def _open_networks(self) -> None:
        configuration = FOLDER / "hostapd.conf"
        lines = [f"interface={self.interface}\ndriver=nl80211\nhw_mode=g\nchannel={CHANNEL}\n"]
        for number, network in enumerate(NETWORKS):
            bss = f"bss={self._interface_of(number)}\n" if number else ""
            lines.append(f"{bss}ssid2={network.ssid}\n{network.options}")
        configuration.write_text("".join(lines))
        self.run("hostapd", "-B", "-P", f"{FOLDER}/hostapd.pid", str(configuration))

    def _interface_of(self, number: int) -> str:
        return f"ap{number}" if number else self.interface
