"""Everything that the admin package raises.

AdminError
└── HostError (OSError)              a service of the host has refused or failed, or is not there
"""


class AdminError(Exception):
    """Base of all errors of this package."""


class HostError(AdminError, OSError):
    """A service of the host has refused or failed, or is not there; the text says which and why."""
