"""The results that units leave in files: systemd forgets those of a oneshot, and this daemon may be restarted."""

from pathlib import Path

import msgspec

from admin.dbus.systemd import Unit
from admin.errors import HostError


class Result(msgspec.Struct, frozen=True):
    """What a unit has done."""

    id: str
    """The invocation of the unit (systemd.exec(5), INVOCATION_ID)."""
    from_: str = msgspec.field(name="from")
    """The version before."""
    to: str
    """The version after."""
    rc: int
    """The exit status; 0 for a success."""
    error: str
    """What has failed, in words; empty for a success."""


class Results:
    """Reads the results below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last_id(self, unit: Unit) -> str | None:
        """The invocation that has left the result which is there now; None without one."""
        try:
            return self._read(unit).id
        except HostError:
            return None

    def read(self, unit: Unit, after: str | None) -> Result:
        """The result of a unit that was started after the invocation `after`. Raises HostError."""
        result = self._read(unit)
        if result.id == after:
            raise HostError(f"{unit.name} was not started")
        return result

    def _read(self, unit: Unit) -> Result:
        path = self._folder / unit.name.removesuffix(".service") / "result"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Result)
        except (OSError, msgspec.DecodeError) as error:
            raise HostError(f"{unit.name} has left no result; journalctl -u {unit.name} says more") from error
