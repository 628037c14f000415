"""The radio of the device, as NetworkManager sees it."""

from tests.vm.boards.device import until
from tests.vm.wifi.namespace import run

ACCESS_POINT = "Mycroft wifi setup"
"""Name of the access point's profile."""


async def in_network(name: str | None = None) -> None:
    """Waits until the device is in a network; without a name in any that is no access point of its own."""

    def found() -> bool:
        shown = run("nmcli", "--get-values", "GENERAL.STATE,GENERAL.CONNECTION", "device", "show", "wlan0")
        state, _, connection = shown.partition("\n")
        return state.startswith("100") and (connection == name if name else connection != ACCESS_POINT)

    await until(found, interval_s=2.0)
