"""The units of the daemons, as systemd reads them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

DEBIAN = Path(__file__).parents[2] / "debian"
DAEMONS = ("mycroft-bus", "mycroft-enclosure", "mycroft-admin")


def settings(daemon: str, kind: str = "service") -> Iterator[tuple[str, str]]:
    for line in (DEBIAN / f"{daemon}.{kind}").read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not name.startswith("#"):
            yield name, value


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_configuration_error_is_not_tried_again(daemon: str) -> None:
    assert [value for name, value in settings(daemon) if name == "RestartPreventExitStatus"] == ["2"]


@pytest.mark.parametrize("daemon", DAEMONS)
@pytest.mark.parametrize("name", ["MemoryMax", "WatchdogSec", "NoNewPrivileges", "ProtectSystem"])
def test_every_daemon_is_bounded_and_shut(daemon: str, name: str) -> None:
    assert name in dict(settings(daemon))


def test_the_number_of_starts_of_a_bus_that_cannot_run_is_limited() -> None:
    found = dict(settings("mycroft-bus", "socket"))
    assert (found["TriggerLimitIntervalSec"], found["TriggerLimitBurst"]) == ("30s", "20")
