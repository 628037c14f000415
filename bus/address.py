"""Where clients on this machine find the bus, from the settings of the ecosystem. Pure."""

_ON_THIS_MACHINE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # not bound
"""All addresses, as a bus listens on them, and the one to connect to."""


def bus_url(host: str, port: int, route: str, *, tls: bool) -> str:
    """The URL of the bus.

    "localhost" is 127.0.0.1: the name leads to ::1 first, where any local user may listen and be taken for the
    bus. With TLS, the certificate tells them apart, and may be made for the name.
    """
    host = host.strip("[]")  # as an IPv6 address is written in a URL
    host = _ON_THIS_MACHINE.get(host, host)
    if host == "localhost" and not tls:
        host = "127.0.0.1"
    address = f"[{host}]" if ":" in host else host
    return f"{'wss' if tls else 'ws'}://{address}:{port}{route}"
