"""Everything that the admin package raises.

AdminError
└── HostError (OSError)              a service of the host refuses, fails, answers nonsense, or is not there
"""


class AdminError(Exception):
    """Base of all errors of this package."""


class HostError(AdminError, OSError):
    """A service of the host refuses, fails, answers nonsense, or is not there; the text says which and why."""

    def __init__(self, text: str, name: str = "") -> None:
        """`name` is that of the D-Bus error, if it was one."""
        super().__init__(text)
        self.name = name
