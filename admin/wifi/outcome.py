"""Why a network was not joined, from the reasons that NetworkManager gives. Pure."""

from enum import StrEnum

from admin.wifi.networks import Security


class Failure(StrEnum):
    """Why a network was not joined; the values are for the user."""

    WRONG_PASSWORD = "wrong password"  # noqa: S105  # no password
    NOT_FOUND = "network not found"
    NO_ADDRESS = "joined, but the router gave no address"
    NO_ANSWER = "the router does not answer"
    UNSUPPORTED = "this kind of network is not supported"
    INTERRUPTED = "interrupted"
    FAILED = "the connection failed"

    @property
    def code(self) -> str:
        """The errorCode of OVOS: its network client asks for the password again at "0" alone."""
        return "0" if self is Failure.WRONG_PASSWORD else "1"


class Reason:
    """Reasons of a change of the device's state that are looked at (nm-dbus-interface.h)."""

    IP_CONFIG_UNAVAILABLE = 5
    NO_SECRETS = 7
    SUPPLICANT = (8, 9, 10, 11)
    SUPPLICANT_TIMEOUT = 11
    DHCP = (15, 16, 17)
    REMOVED = (36, 37, 38)
    USER_REQUESTED = 39
    SSID_NOT_FOUND = 53
    NEW_ACTIVATION = 60


def failure_of(reason: int, security: Security | None) -> Failure | None:
    """What a reason means for an attempt; `security` of the network if it was in the last scan.

    None: it belongs to the activation that the attempt has replaced.
    """
    if reason in (Reason.NEW_ACTIVATION, Reason.USER_REQUESTED):
        return None
    if reason == Reason.NO_SECRETS:
        return Failure.WRONG_PASSWORD
    if reason == Reason.SSID_NOT_FOUND:
        # A wrong password of SAE looks like that: the router does not answer it.
        with_sae = security in (Security.WPA3, Security.WPA2_WPA3)
        return Failure.WRONG_PASSWORD if with_sae else Failure.NOT_FOUND
    if reason == Reason.IP_CONFIG_UNAVAILABLE or reason in Reason.DHCP:
        return Failure.NO_ADDRESS
    if reason in Reason.SUPPLICANT:
        return Failure.NO_ANSWER
    return Failure.INTERRUPTED if reason in Reason.REMOVED else Failure.FAILED
