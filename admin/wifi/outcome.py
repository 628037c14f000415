"""Why a network was not joined, from the reasons that NetworkManager gives. Pure."""

from enum import StrEnum

from admin.wifi.networks import Security


class Failure(StrEnum):
    """Why a network was not joined."""

    WRONG_PASSWORD = "wrong-password"  # noqa: S105  # the name of a failure
    MAYBE_WRONG_PASSWORD = "maybe-wrong-password"  # noqa: S105  # the name of a failure
    """With WPA3, a wrong password and a router that is too far away look alike."""
    NOT_FOUND = "not-found"
    NO_ANSWER = "no-answer"
    NO_ADDRESS = "no-address"
    UNSUPPORTED = "unsupported"
    INTERRUPTED = "interrupted"
    OTHER = "other"

    @classmethod
    def _missing_(cls, _: object) -> "Failure":
        return cls.OTHER

    @property
    def words(self) -> str:
        """The failure for people."""
        return _WORDS[self]

    @property
    def code(self) -> str:
        """The errorCode of OVOS: its network client asks for the password again at "0" alone."""
        return "0" if self in (Failure.WRONG_PASSWORD, Failure.MAYBE_WRONG_PASSWORD) else "1"


_WORDS = {
    Failure.WRONG_PASSWORD: "wrong password",
    Failure.MAYBE_WRONG_PASSWORD: "wrong password, or too far away",
    Failure.NOT_FOUND: "not found; it may be too far away",
    Failure.NO_ANSWER: "the router does not answer",
    Failure.NO_ADDRESS: "joined, but the router gave no address",
    Failure.UNSUPPORTED: "this kind of network is not supported",
    Failure.INTERRUPTED: "interrupted",
    Failure.OTHER: "the connection failed",
}

# Reasons of a change of the device's state (nm-dbus-interface.h).
_IP_CONFIG_UNAVAILABLE = 5
_NO_SECRETS = 7
_SUPPLICANT = (8, 9, 10, 11)
SUPPLICANT_TIMEOUT = 11
"""Of an access point: the radio cannot do this kind of security."""
_DHCP = (15, 16, 17)
_REMOVED = (36, 37, 38)
_USER_REQUESTED = 39
_SSID_NOT_FOUND = 53
NEW_ACTIVATION = 60


def failure_of(reason: int, security: Security | None) -> Failure:
    """What a reason means that ends an attempt; `security` of the network if it was in the last scan."""
    if reason == _NO_SECRETS:
        return Failure.WRONG_PASSWORD
    if reason == _SSID_NOT_FOUND:
        with_sae = security in (Security.WPA3, Security.WPA2_WPA3)
        return Failure.MAYBE_WRONG_PASSWORD if with_sae else Failure.NOT_FOUND
    if reason == _IP_CONFIG_UNAVAILABLE or reason in _DHCP:
        return Failure.NO_ADDRESS
    if reason in _SUPPLICANT:
        return Failure.NO_ANSWER
    if reason in (*_REMOVED, _USER_REQUESTED, NEW_ACTIVATION):
        return Failure.INTERRUPTED
    return Failure.OTHER
