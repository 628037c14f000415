"""Everything that the admin package raises.

AdminError
├── HostError (OSError)              a service of the host refuses, fails, replies in another form, or is missing
├── PortalProtocolError (ValueError) an invalid line between the portal and the admin service
├── NoSetupError (ConnectionError)   the admin service does not serve a wifi setup
└── HttpError                        a request of HTTP that the portal refuses
"""

from http import HTTPStatus

REFUSED = "refused"
"""The kind of a request that the service itself refuses: its sender, its rate, or what else is under way."""

CANCELLED = "cancelled"
"""The kind of an action that another request has ended."""


class AdminError(Exception):
    """Base of all errors of this package."""


class HostError(AdminError, OSError):
    """A service of the host refuses, fails, replies in another form, or is missing; the text names it."""

    def __init__(self, text: str, kind: str = "") -> None:
        """`kind` is for code: the name of the D-Bus error, a constant of the module that raises it, or empty."""
        super().__init__(text)
        self.kind = kind


class PortalProtocolError(AdminError, ValueError):
    """An invalid line between the portal and the admin service."""


class NoSetupError(AdminError, ConnectionError):
    """The admin service does not serve a wifi setup: none is under way, or it does not run."""


class HttpError(AdminError):
    """A request of HTTP that the portal refuses, with the status of the response."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status
