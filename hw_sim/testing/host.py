"""The host of a device in a test: records what the admin service asks of D-Bus, and does as if it were done."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Self

from dbus_fast import Variant

from admin.dbus import system
from admin.dbus.system import Remote, SystemBus
from admin.errors import HostError

_SYSTEMD = "org.freedesktop.systemd1"
_OTHERS = ("org.freedesktop.login1", "org.freedesktop.timedate1", "org.freedesktop.hostname1")
"""Services whose methods return nothing."""

_SSH_UNITS = {"mycroft-ssh-enable.service": True, "mycroft-ssh-disable.service": False}
_SILENT = ("Subscribe", "LoadUnit", "GetUnitFileState", "Get")
"""Methods that change nothing."""

_PROPERTIES = {"NTPSynchronized": Variant("b", True), "ActiveState": Variant("s", "inactive")}


class RecordedHost(SystemBus):
    """A D-Bus of which `calls` has each call that would have changed the machine.

    A call is the method with its arguments, such as "Reboot" or "StartUnit mycroft-ssh-enable.service".
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.calls: list[str] = []
        self.ssh = False
        """Whether ssh is enabled."""
        self.answers = asyncio.Event()
        """Set while its services answer."""
        self.answers.set()
        self._jobs: list[asyncio.Queue[list[Any]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Has nothing to close."""

    async def lost(self) -> None:
        """Waits until cancelled."""
        await asyncio.get_running_loop().create_future()

    async def call(
        self, remote: Remote, member: str, signature: str = "", *body: object, returns: str = ""
    ) -> list[Any]:
        """Records a call, and answers as the service would."""
        try:
            async with asyncio.timeout(system.CALL_TIMEOUT_S):
                await self.answers.wait()
        except TimeoutError:
            raise HostError(f"{member}: {remote.service} does not answer") from None
        if remote.service not in (_SYSTEMD, *_OTHERS):
            raise HostError(f"{member}: there is no {remote.service}", "org.freedesktop.DBus.Error.ServiceUnknown")
        if member not in _SILENT:
            words = [str(argument) for argument in body if isinstance(argument, str) and argument != "replace"]
            self.calls.append(" ".join((member, *words)))
        match member:
            case "Get":
                if body[1] not in _PROPERTIES:
                    raise HostError(
                        f"there is no property {body[1]}", "org.freedesktop.DBus.Error.UnknownProperty"
                    )
                return [_PROPERTIES[str(body[1])]]
            case "LoadUnit":
                return [f"/unit/{body[0]}"]
            case "GetUnitFileState":
                return ["enabled" if self.ssh and body[0] == "ssh.service" else "disabled"]
            case "StartUnit" | "StopUnit":
                unit = str(body[0])
                self.ssh = _SSH_UNITS.get(unit, self.ssh)
                job = f"/job/{len(self.calls)}"
                for queue in self._jobs:
                    queue.put_nowait([len(self.calls), job, unit, "done"])
                return [job]
        return []

    @contextlib.asynccontextmanager
    async def signals(
        self, remote: Remote, member: str, signature: str
    ) -> AsyncIterator[asyncio.Queue[list[Any]]]:
        """The ends of jobs; other signals never come."""
        if remote.service not in (_SYSTEMD, *_OTHERS):
            raise HostError(f"there is no {remote.service}", "org.freedesktop.DBus.Error.ServiceUnknown")
        queue: asyncio.Queue[list[Any]] = asyncio.Queue()
        if member == "JobRemoved":
            self._jobs.append(queue)
        try:
            yield queue
        finally:
            with contextlib.suppress(ValueError):
                self._jobs.remove(queue)
