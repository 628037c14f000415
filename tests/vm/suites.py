"""The suites of checks, and what the virtual machine of each has."""

from dataclasses import dataclass

_SYSTEM = (
    *("dbus", "iproute2", "kmod", "polkitd", "systemd-sysv", "udev"),
    *("python3-pytest", "python3-pytest-asyncio", "python3-pytest-timeout"),
)


@dataclass(frozen=True)
class Suite:
    """A folder of checks, `tests/vm/<name>`, which pytest runs on a virtual machine of their own."""

    name: str
    packages: tuple[str, ...]
    """Debian's."""
    ours: tuple[str, ...]
    modules: tuple[str, ...]
    """Modules of the kernel that can be loaded."""
    off: tuple[str, ...] = ()
    """Units that are masked."""
    clients: tuple[str, ...] = ()
    """Client libraries of the field, from PyPI; they are in CLIENTS."""
    memory_mb: int = 320
    timeout_s: float = 400.0
    """For the machine as a whole; a busy processor that is emulated takes several times what an idle one does."""


SUITES = (
    Suite(
        "boards",
        packages=(*_SYSTEM, "alsa-utils", "gpiod"),
        ours=("mycroft-picroft", "python3-libgpiod", "python3-smbus2"),
        modules=("configfs", "evdev", "gpio_sim_ot", "i2c-dev", "i2c-i801", "i2c-stub", "snd-dummy", "uinput"),
        off=("mycroft-admin.service", "mycroft-enclosure.service", "systemd-logind.service"),
        clients=("ovos-bus-client==1.5.0",),
    ),
    Suite(
        "wifi",
        packages=(
            *_SYSTEM,
            "busybox",
            "curl",
            "dnsmasq-base",
            "hostapd",
            "iw",
            "network-manager",
            "wpasupplicant",
        ),
        ours=("mycroft-admin", "mycroft-enclosure"),
        # Without tcp_diag the bus cannot tell that a client is root, and relays nothing that only root may send.
        modules=("ccm", "cmac", "gcm", "dummy", "mac80211_hwsim", "tcp_diag"),
        off=("hostapd.service", "mycroft-admin.service", "NetworkManager.service", "systemd-logind.service"),
        clients=("ovos-bus-client==1.5.0",),
        memory_mb=384,
        timeout_s=600.0,
    ),
)

CLIENTS = "/opt/clients"
"""Where the virtual machine finds its client libraries."""
