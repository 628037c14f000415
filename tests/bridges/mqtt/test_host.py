from pathlib import Path

import pytest

from bridges.mqtt.host import Machine, device_id
from bus.errors import ConfigError

WIRELESS = """\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0
"""


class Root:
    """A tree with the files of the kernel that a Machine reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.machine = Machine(folder)

    def write(self, path: str, text: str) -> None:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def add_interface(self, name: str, mac: str, *more: str) -> None:
        self.write(f"sys/class/net/{name}/address", f"{mac}\n")
        for folder in more:
            (self._folder / "sys/class/net" / name / folder).mkdir()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_a_machine_without_any_of_the_files_has_nothing(root: Root) -> None:
    machine = root.machine
    assert machine.macs == []
    assert (machine.model, machine.wifi_dbm, machine.temperature) == (None, None, None)
    assert not machine.has_wifi
    assert not machine.has_temperature


def test_macs_are_those_of_devices_in_the_order_of_their_names(root: Root) -> None:
    root.add_interface("wlan0", "B8:27:EB:00:00:02", "device", "phy80211")
    root.add_interface("eth0", "b8:27:eb:00:00:01", "device")
    root.add_interface("lo", "00:00:00:00:00:00")
    root.add_interface("docker0", "02:42:00:00:00:01")
    root.add_interface("usb0", "no address", "device")
    root.add_interface("usb1", "00:00:00:00:00:00", "device")
    assert root.machine.macs == ["b8:27:eb:00:00:01", "b8:27:eb:00:00:02"]
    assert root.machine.has_wifi
    assert device_id(root.machine.macs) == "mycroft_b827eb000001"


def test_a_device_without_a_mac_needs_an_id_in_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.id"):
        device_id([])


@pytest.mark.parametrize(
    ("text", "dbm"),
    [
        (WIRELESS, "-56"),
        (WIRELESS.rpartition(" wlan0")[0], None),
        (WIRELESS.replace("-56.", "-56"), "-56"),
        ("", None),
    ],
)
def test_the_wifi_signal_is_the_level_in_dbm(root: Root, text: str, dbm: str | None) -> None:
    root.write("proc/self/net/wireless", text)
    assert root.machine.wifi_dbm == dbm


@pytest.mark.parametrize(
    ("text", "degrees"), [("45277\n", "45.3"), ("-1500\n", "-1.5"), ("", None), ("warm\n", None)]
)
def test_the_temperature_is_in_degrees(root: Root, text: str, degrees: str | None) -> None:
    root.write("sys/class/thermal/thermal_zone0/temp", text)
    assert root.machine.temperature == degrees
    assert root.machine.has_temperature == (degrees is not None)


def test_the_model_is_the_one_of_the_device_tree(root: Root) -> None:
    root.write("sys/firmware/devicetree/base/model", "Raspberry Pi 3 Model B Rev 1.2\0")
    assert root.machine.model == "Raspberry Pi 3 Model B Rev 1.2"
