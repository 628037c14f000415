"""The suites of checks, and what their virtual machines have."""

from dataclasses import dataclass

PACKAGES = (
    *("dbus", "iproute2", "kmod", "polkitd", "systemd-sysv", "udev"),
    *("python3-pytest", "python3-pytest-asyncio", "python3-pytest-timeout"),
    *("alsa-utils", "gpiod"),
    *("busybox", "curl", "dnsmasq-base", "hostapd", "iw", "network-manager", "wireless-regdb", "wpasupplicant"),
)
"""Debian's."""

OURS = ("mycroft-picroft", "python3-libgpiod", "python3-smbus2")
"""Our packages, and what they recommend."""

MODULES = (
    *("configfs", "evdev", "gpio_sim_ot", "i2c-dev", "i2c-i801", "i2c-stub", "snd-dummy", "uinput"),
    *("ccm", "cmac", "gcm", "dummy", "mac80211_hwsim"),
    "tcp_diag",  # without it the bus cannot tell that a client is root, and relays nothing that only root may send
)
"""Modules of the kernel that can be loaded."""

OFF = (
    *("mycroft-admin.service", "mycroft-enclosure.service", "NetworkManager.service"),
    *("hostapd.service", "systemd-logind.service"),
)
"""Units that are masked; a suite starts those that it needs."""

LIBRARIES = ("ovos-bus-client==1.5.0",)
"""Client libraries of the field, from PyPI; they are in CLIENTS."""

CLIENTS = "/opt/clients"


@dataclass(frozen=True)
class Suite:
    """Checks that pytest runs on a virtual machine of their own."""

    name: str
    checks: tuple[str, ...]
    """Files and folders in `tests/vm`."""
    memory_mb: int
    timeout_s: float
    """Real time for the machine as a whole; a busy processor takes several times what an idle one does."""


BOARDS = Suite("boards", ("boards",), memory_mb=320, timeout_s=600.0)

SUITES = (Suite("wifi", ("wifi",), memory_mb=384, timeout_s=900.0), BOARDS)
"""That which takes long first."""
