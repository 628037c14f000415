"""The country of the wifi radio: what may be asked for, and what the script of the root unit writes."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from admin.actions.wifi import set_country
from admin.errors import HostError
from bus.contract.topic import Topic

SCRIPT = Path(__file__).parents[3] / "admin/root/country"


class Host:
    """A host that notes the units that are started."""

    def __init__(self) -> None:
        self.systemd = self
        self.started: list[str] = []

    async def start(self, unit: Any) -> None:
        self.started.append(unit.name)


async def test_the_unit_of_a_country_is_started() -> None:
    host: Any = Host()
    reports: list[tuple[str, dict[str, Any]]] = []

    async def report(topic: Topic, **data: Any) -> None:
        reports.append((topic.name, data))

    await set_country(host, report, country_code="de")  # type: ignore[arg-type]  # as much of a Reporter as is used
    assert host.started == ["mycroft-country@DE.service"]
    assert reports[-1] == ("system.configure.wifi.country.complete", {"country_code": "DE"})


@pytest.mark.parametrize("code", ["", "D", "DEU", "D1", "D\n", "DE\n", "../DE", "$(x)", "ß"])
async def test_another_code_starts_nothing(code: str) -> None:
    host: Any = Host()
    report: Any = None
    with pytest.raises(HostError, match="country_code is not of the form DE"):
        await set_country(host, report, country_code=code)
    assert host.started == []


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The script, and the files that it reads and writes, in a folder."""
    for folder in ("boot/firmware", "etc/modprobe.d", "usr/share/zoneinfo", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/share/zoneinfo/iso3166.tab").write_text("# codes\nDE\tGermany\nGB\tBritain (UK)\n")
    script = SCRIPT.read_text()
    for path in ("/boot/", "/etc/", "/usr/"):
        script = script.replace(path, f"{tmp_path}{path}")
    (tmp_path / "script").write_text(script.replace("iw reg", f"echo reg >> {tmp_path}/iw; : iw reg"))
    return tmp_path


def run(root: Path, country: str) -> int:
    return subprocess.run(["sh", root / "script", country], check=False).returncode


def test_a_raspberry_pi_gets_it_in_its_command_line_once(root: Path) -> None:
    line = root / "boot/firmware/cmdline.txt"
    line.write_text("console=tty1 cfg80211.ieee80211_regdom=GB rootwait\n")
    for country in ("DE", "DE"):
        assert run(root, country) == 0
    assert line.read_text() == "console=tty1 rootwait cfg80211.ieee80211_regdom=DE\n"
    assert (root / "iw").read_text() == "reg\nreg\n"


def test_another_machine_gets_it_as_an_option_of_the_module(root: Path) -> None:
    assert run(root, "GB") == 0
    option = root / "etc/modprobe.d/mycroft-country.conf"
    assert option.read_text() == "options cfg80211 ieee80211_regdom=GB\n"


@pytest.mark.parametrize("country", ["", "de", "XX", "DEU", "D.", "..", "$(x)"])
def test_a_code_that_is_no_country_changes_nothing(root: Path, country: str) -> None:
    assert run(root, country) != 0
    assert not (root / "iw").exists()
    assert list((root / "etc/modprobe.d").iterdir()) == []
