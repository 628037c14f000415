"""A python-dbusmock template: as much of systemd-hostnamed as the admin service may use."""

import dbus
from dbusmock import mockobject

BUS_NAME = "org.freedesktop.hostname1"
MAIN_OBJ = "/org/freedesktop/hostname1"
MAIN_IFACE = "org.freedesktop.hostname1"
SYSTEM_BUS = True


def load(mock: mockobject.DBusMockObject, _: dict[str, object]) -> None:
    """Called by dbusmock when it starts."""
    mock.AddProperties(MAIN_IFACE, dbus.Dictionary({"StaticHostname": "mycroft"}, signature="sv"))


@dbus.service.method(MAIN_IFACE, in_signature="sb", out_signature="")
def SetStaticHostname(mock: mockobject.DBusMockObject, name: str, _interactive: bool) -> None:  # noqa: N802
    """Sets the name of the machine."""
    mock.Set(MAIN_IFACE, "StaticHostname", name)
