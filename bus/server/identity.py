"""Who is at the other end of a connection on this machine, as the Linux kernel tells."""

import contextlib
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

# From sock_diag(7), netlink.h and inet_diag.h of Linux.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_TCP_ESTABLISHED = 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_NO_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_REPLY = struct.Struct("=xB2x48x12xII")
"""Of inet_diag_msg: the state, then the user and the inode."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has the other end: a user, and a process or the inode of its socket; what is not known is None."""

    uid: int | None
    pid: int | None = None
    inode: int | None = None


def owner_of(connected: socket.socket) -> Owner | None:
    """Who has the other end of a connection; None where the kernel does not tell. Ask when it is new."""
    try:
        if connected.family == socket.AF_UNIX:
            credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            pid, uid, _ = struct.unpack("3i", credentials)
            return Owner(uid, pid=pid)
        return _owner_of_tcp(connected.getpeername(), connected.getsockname())
    except OSError:
        return None


def process_name(pid: int | None) -> str | None:
    """What the process calls itself; None where there is none."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return None


def pids() -> dict[int, int]:
    """The processes that have sockets open, by inode, among those that this user may look into."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone, or somebody else's
            for descriptor in (process / "fd").iterdir():
                name = descriptor.readlink().name
                if name.startswith("socket:["):
                    found[int(name[8:-1])] = int(process.name)
    return found


def _owner_of_tcp(theirs: tuple[str, int], ours: tuple[str, int]) -> Owner | None:
    """Looks their socket up in the kernel's table: for them, their address is the source."""
    source, destination = _address(theirs[0]), _address(ours[0])
    identity = struct.pack("!HH", theirs[1], ours[1]) + _padded(source) + _padded(destination) + _NO_COOKIE
    family = socket.AF_INET if source.version == 4 else socket.AF_INET6
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + identity
    request = _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(request)
        reply = kernel.recv(4096)
    if _HEADER.unpack_from(reply)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    state, uid, inode = _REPLY.unpack_from(reply, _HEADER.size)
    if state != _TCP_ESTABLISHED or not inode:
        return None  # closed already: such a socket is nobody's, which the kernel writes as 0, like root
    return Owner(uid, inode=inode)


def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _padded(address: IPv4Address | IPv6Address) -> bytes:
    return address.packed.ljust(16, b"\0")
