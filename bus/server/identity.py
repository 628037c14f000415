"""The user and the process at the other end of a connection on this machine, as the Linux kernel knows them."""

import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from bus.daemon.authority import is_service
from bus.daemon.token_bucket import TokenBucket
from bus.server.admission import is_loopback
from bus.server.limits import Party

# From sock_diag(7), netlink.h and inet_diag.h of Linux.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_TCP_ESTABLISHED = 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_NO_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_REPLY = struct.Struct("=xB2x48x12xII")
"""The fields of an inet_diag_msg that count here: TCP state, uid and inode of the socket."""

SCANS = 5
"""Each looks at every process of the machine, which takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of the other end: a user, and a process or the inode of its socket; None where it is not known."""

    uid: int | None
    pid: int | None = None
    inode: int | None = None


def owner_of(connected: socket.socket) -> Owner | None:
    """The owner of the other end of a new connection; None where the kernel does not know it."""
    try:
        if connected.family == socket.AF_UNIX:
            credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            pid, uid, _ = struct.unpack("3i", credentials)
            return Owner(uid, pid=pid)
        return _owner_of_tcp(connected.getpeername(), connected.getsockname())
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a connection comes from."""

    name: str
    """The name of the connection in the log and in `bus.status`: address, port and uid."""
    local: bool
    """Whether the client runs on this machine."""
    owner: Owner
    party: Party
    is_unix: bool = False
    """Whether it has come over a unix socket."""


def caller_of(connected: socket.socket, peername: tuple[str, int] | None) -> Caller:
    """Where a new connection comes from; it has no peer's name where it is closed already."""
    is_unix = connected.family == socket.AF_UNIX
    if is_unix:
        name, local = "unix socket", True
    else:
        address, port = (peername or ("?", 0))[:2]
        name, local = f"{address} port {port}", is_loopback(address)
        if not local:
            return Caller(name, local, Owner(None), Party(None, address))
    owner = owner_of(connected) or Owner(None)
    uid = "?" if owner.uid is None else owner.uid
    party = Party(owner.uid, trusted=is_service(owner.uid))
    return Caller(f"{name} (uid {uid})", local, owner, party, is_unix)


def process_name(pid: int | None) -> str | None:
    """The name that a process has given itself; None where there is no such process."""
    if pid is None:
        return None
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return None


class Processes:
    """The processes that have sockets open; all are looked up at once, SCANS times, then once a second."""

    def __init__(self) -> None:
        self._pids: dict[int, int] = {}
        self._scans = TokenBucket(1.0, SCANS)

    def pid_of(self, owner: Owner) -> int | None:
        """The process at the other end; None where it cannot be found."""
        if owner.pid is not None or owner.inode is None:
            return owner.pid
        if owner.inode not in self._pids and self._scans.spend(time.monotonic()):
            self._pids = pids()
        return self._pids.get(owner.inode)


def pids() -> dict[int, int]:
    """The processes that have sockets open, by the inode of the socket, as far as this user may look."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone, or of another user
            for descriptor in (process / "fd").iterdir():
                target = str(descriptor.readlink())  # the path of a file begins with a /
                if target.startswith("socket:["):
                    found[int(target[8:-1])] = int(process.name)
    return found


def _owner_of_tcp(theirs: tuple[str, int], ours: tuple[str, int]) -> Owner | None:
    """Looks the other end's socket up in the kernel's table; there its own address is the source."""
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
        return None  # closed already: such a socket has no owner, which the kernel writes as 0, like root
    return Owner(uid, inode=inode)


def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _padded(address: IPv4Address | IPv6Address) -> bytes:
    return address.packed.ljust(16, b"\0")
