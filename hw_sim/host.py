"""The services of the host on a private D-Bus: stand-ins for those of systemd, and for NetworkManager.

The D-Bus daemon starts each of them when it is first called, as the real one does. Nothing reaches the real host.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).parent

TEMPLATES = {
    "org.freedesktop.hostname1": str(_HERE / "hostname_template.py"),
    "org.freedesktop.login1": "logind",
    "org.freedesktop.timedate1": "timedated",
    "org.freedesktop.systemd1": str(_HERE / "systemd_template.py"),
}
"""By bus name: a template of python-dbusmock, or the path of one."""

_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>{address}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
_SERVICE = """\
[D-BUS Service]
Name={name}
Exec={command}
"""


class Host:
    """Files, command and address of a private D-Bus daemon, all in `folder`.

    With `portal`, a wifi setup has its page, on a free port of 127.0.0.1 that the command prints.
    """

    def __init__(self, folder: Path, *, portal: bool = False) -> None:
        self.address = f"unix:path={folder / 'dbus.socket'}"
        services = folder / "services"
        services.mkdir()
        for name, template in TEMPLATES.items():
            _add(services, name, f"-m dbusmock --system --template {template}")
        _add(services, "org.freedesktop.NetworkManager", f"-P {_HERE / 'networkmanager.py'}")
        config = folder / "dbus.conf"
        config.write_text(_CONFIG.format(address=self.address, services=services))
        self.command = ("dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address")
        run = folder / "run"
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.address, "MYCROFT_SIM_RUN": str(run)}
        if portal:
            self.environment["MYCROFT_SIM_PORTAL"] = "yes"
        self.admin_environment = {"RUNTIME_DIRECTORY": str(run / "mycroft-admin")}
        """What systemd gives the admin service."""
        (run / "mycroft-admin").mkdir(parents=True)


def _add(services: Path, name: str, arguments: str) -> None:
    """Has the D-Bus daemon start a Python program for a name."""
    (services / f"{name}.service").write_text(_SERVICE.format(name=name, command=f"{sys.executable} {arguments}"))
