"""Everything that the admin package raises.

AdminError
├── HostError (OSError)              a service of the host refuses, fails, replies in another form, or is missing
├── PortalProtocolError (ValueError) an invalid line between the portal and the admin service
└── NoSetupError (ConnectionError)   the admin service does not serve a wifi setup
"""


class AdminError(Exception):
    """Base of all errors of this package."""


class HostError(AdminError, OSError):
    """A service of the host refuses, fails, replies in another form, or is missing; the text names it."""

    def __init__(self, text: str, name: str = "") -> None:
        """`name` is the name of the D-Bus error, if there was one."""
        super().__init__(text)
        self.name = name


class PortalProtocolError(AdminError, ValueError):
    """An invalid line between the portal and the admin service."""


class NoSetupError(AdminError, ConnectionError):
    """The admin service does not serve a wifi setup: none is under way, or it does not run."""
