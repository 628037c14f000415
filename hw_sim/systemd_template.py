"""A python-dbusmock template: as much of systemd as the admin service may use.

The two ssh units behave: they enable or disable ssh. The update reports its progress, and leaves a result. The
portal serves its page on 127.0.0.1 where the simulator wants it. The other units of the package do nothing; any
further unit is refused, as polkit would.
"""

import json
import os
import sys
from pathlib import Path
from subprocess import Popen
from uuid import uuid4

import dbus
from dbusmock import get_object, mockobject

from hw_sim.process import DIES_WITH_US

BUS_NAME = "org.freedesktop.systemd1"
MAIN_OBJ = "/org/freedesktop/systemd1"
MAIN_IFACE = "org.freedesktop.systemd1.Manager"
SYSTEM_BUS = True

ENABLED = {"ssh.service": "enabled", "ssh.socket": "disabled"}
DISABLED = {"ssh.service": "disabled", "ssh.socket": "disabled"}
PORTAL = "mycroft-portal.socket"
OTHER_UNITS = (
    *(
        PORTAL,
        "mycroft-portal-dns.service",
        "mycroft-hosts.service",
        "mycroft-reset-root.service",
    ),
    *("mycroft-restart-owner.service", "mycroft-restart-system.service"),
)
TEMPLATES = ("mycroft-country@", "mycroft-language@", "mycroft-reset@")
"""Units that start and stop, and do nothing."""
UPDATE = "mycroft-update.service"
SSH_UNITS = {"mycroft-ssh-enable.service": ENABLED, "mycroft-ssh-disable.service": DISABLED}
"""By unit: the unit file states that it leaves behind."""


UNIT_IFACE = "org.freedesktop.systemd1.Unit"
SERVICE_IFACE = "org.freedesktop.systemd1.Service"

RUN = "MYCROFT_SIM_RUN"
"""Environment variable: the folder that stands in for /run."""

WITH_PORTAL = "MYCROFT_SIM_PORTAL"
"""Environment variable: there where the portal is to serve its page, which takes a process more."""


def load(mock: mockobject.DBusMockObject, _: dict[str, object]) -> None:
    """Called by dbusmock when it starts."""
    mock.unit_file_states = DISABLED
    mock.last_job = 0
    mock.portal = None


@dbus.service.method(MAIN_IFACE)
def Subscribe(_: mockobject.DBusMockObject) -> None:  # noqa: N802
    """Does nothing: signals go to every client here."""


@dbus.service.method(MAIN_IFACE, in_signature="s", out_signature="s")
def GetUnitFileState(mock: mockobject.DBusMockObject, unit: str) -> str:  # noqa: N802
    """The state of an ssh unit."""
    if unit not in mock.unit_file_states:
        raise dbus.exceptions.DBusException(f"no unit {unit}", name="org.freedesktop.DBus.Error.FileNotFound")
    return str(mock.unit_file_states[unit])


@dbus.service.method(MAIN_IFACE, in_signature="ss", out_signature="o")
def StartUnit(mock: mockobject.DBusMockObject, unit: str, _mode: str) -> str:  # noqa: N802
    """Does what the unit would do, and reports its end."""
    if unit not in (*SSH_UNITS, *OTHER_UNITS, UPDATE) and not unit.startswith(TEMPLATES):
        raise dbus.exceptions.DBusException(f"not allowed: {unit}", name="org.freedesktop.DBus.Error.AccessDenied")
    mock.unit_file_states = SSH_UNITS.get(unit, mock.unit_file_states)
    if unit == UPDATE:
        _update(mock)
    if unit == PORTAL and WITH_PORTAL in os.environ and mock.portal is None:
        mock.portal = _portal()
    return _finished(mock, unit)


@dbus.service.method(MAIN_IFACE, in_signature="ss", out_signature="o")
def StopUnit(mock: mockobject.DBusMockObject, unit: str, _mode: str) -> str:  # noqa: N802
    """Does as if the unit had ended."""
    if unit == PORTAL and mock.portal is not None:
        mock.portal.terminate()
        mock.portal.wait()
        mock.portal = None
    return _finished(mock, unit)


@dbus.service.method(MAIN_IFACE, in_signature="s", out_signature="o")
def LoadUnit(mock: mockobject.DBusMockObject, unit: str) -> str:  # noqa: N802
    """The object of a unit, which does not run."""
    path = f"{MAIN_OBJ}/unit/{unit.translate({ord(odd): '_' for odd in '-.@'})}"
    if path not in mockobject.objects:
        mock.AddObject(path, UNIT_IFACE, {"ActiveState": "inactive"}, [])
    return path


def _finished(mock: mockobject.DBusMockObject, unit: str) -> str:
    """The job of a unit, whose end is reported."""
    mock.last_job += 1
    job = f"{MAIN_OBJ}/job/{mock.last_job}"
    mock.EmitSignal(MAIN_IFACE, "JobRemoved", "uoss", [dbus.UInt32(mock.last_job), job, unit, "done"])
    return job


def _portal() -> "Popen[bytes]":
    """The portal, which prints its address. It ends with this process."""
    admin = Path(os.environ[RUN]) / "mycroft-admin/portal.sock"
    command = (sys.executable, "-m", "admin.portal", "run", "--port", "0", "--admin", str(admin))
    return Popen((*DIES_WITH_US, *command))  # noqa: S603  # our own program


def _update(mock: mockobject.DBusMockObject) -> None:
    """An update that finds nothing new."""
    unit = get_object(mock.LoadUnit(UPDATE))
    for status in ("prepare", "download 100", "install 100"):
        changed = [SERVICE_IFACE, {"StatusText": status}, []]
        unit.EmitSignal(dbus.PROPERTIES_IFACE, "PropertiesChanged", "sa{sv}as", changed)
    folder = Path(os.environ[RUN]) / UPDATE.removesuffix(".service")
    folder.mkdir(parents=True, exist_ok=True)
    result = {"id": uuid4().hex, "from": "1.0", "to": "1.0", "rc": 0, "error": ""}
    (folder / "result").write_text(json.dumps(result))
