"""Errors of the HiveMind bridge.

HubError (ConnectionError)
├── WrongHubError     another hub answers than the one that this device is paired with
└── PasswordError     hub and device do not have the same password
"""


class HubError(ConnectionError):
    """There is no connection to the hub, or none any more; the text says why."""


class WrongHubError(HubError):
    """The hub has another key than the one that this device is paired with."""


class PasswordError(HubError):
    """The hub does not have the password that this device was paired with."""
