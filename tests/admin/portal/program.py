"""The portal as a process of its own, on loopback, and a simulated setup that it asks."""

import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from admin.portal.endpoint import endpoint
from admin.portal.protocol import PortalSetup
from hw_sim.process import Program
from tests.conftest import until


@dataclass
class RunningPortal:
    """A portal that runs."""

    host: str
    """Address and port."""
    log: list[str]
    program: Program

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    @property
    def port(self) -> int:
        return int(self.host.partition(":")[2])

    @property
    def memory(self) -> int:
        """Bytes that it occupies."""
        assert self.program._process is not None
        status = Path(f"/proc/{self.program._process.pid}/status").read_text()
        [line] = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


@contextlib.asynccontextmanager
async def running_portal(
    setup: PortalSetup, folder: Path, admin: str = "", port: int = 0
) -> AsyncIterator[RunningPortal]:
    """A portal that asks a setup; `admin` names another socket than that of the setup."""
    log: list[str] = []
    path = folder / "portal.sock"
    command = (sys.executable, "-m", "admin.portal", "run", "--port", str(port), "--admin", admin or str(path))
    async with endpoint(setup, path), Program("portal", command, log.append) as program:
        await until(lambda: any("serving http://" in line for line in log), "the portal's address")
        yield RunningPortal(log[-1].partition("http://")[2].rstrip("/"), log, program)
