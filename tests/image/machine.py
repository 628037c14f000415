"""The tree, booted: a machine of its own in all but the kernel."""

import contextlib
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.docs.terminal import Reaction, Terminal
from tests.image.tree import Tree, run

BOOT_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
POLL_S = 0.1

_POWER_OFF = "SIGRTMIN+4"
"""What systemd, as the first process, takes for it (systemd(1))."""


_RESTART = 133
"""What systemd-nspawn ends with when the tree wants to be started again (systemd-nspawn(1), exit status)."""


class NotBootedError(RuntimeError):
    """Nothing runs inside."""


class Machine:
    """A booted tree. Use as a context manager."""

    def __init__(self, tree: Tree, log: Path) -> None:
        self._tree = tree
        self._log = log

    def __enter__(self) -> Self:
        self._log.unlink(missing_ok=True)
        self._power_on()
        try:
            self._wait_for_boot()
        except BaseException:
            self._nspawn.terminate()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.runs:
            run("kill", "-s", _POWER_OFF, str(self.first_process()))
            try:
                self._nspawn.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()

    @property
    def runs(self) -> bool:
        """Whether it is there at all."""
        return self._nspawn.poll() is None

    def restarts(self) -> None:
        """Waits until it has gone down, for a restart, and has come up again."""
        if self._nspawn.wait(STOP_TIMEOUT_S) != _RESTART:
            raise RuntimeError(f"the tree has gone down for good, see {self._log}")
        self._power_on()
        self._wait_for_boot()

    def run(self, *command: str, user: str = "root", check: bool = True) -> str:
        """Runs a program inside; returns what it says."""
        done = self._run(*command, user=user)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} as {user} ended with {done.returncode}: {done.stdout}")
        return done.stdout.strip()

    def succeeds(self, *command: str, user: str = "root") -> bool:
        """Runs a program inside; whether it ends well."""
        return not self._run(*command, user=user).returncode

    def start(self, *command: str, user: str = "root") -> subprocess.Popen[str]:
        """Starts a program inside that reads its input and whose output can be read."""
        return subprocess.Popen(
            self._inside(command, user), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def terminal(self, user: str, *reactions: Reaction) -> Terminal:
        """A terminal inside, as a login of the user has it."""
        uid = self.run("id", "--user", user)
        login = ("env", f"HOME=/home/{user}", f"USER={user}", f"XDG_RUNTIME_DIR=/run/user/{uid}", "TERM=dumb")
        return Terminal(*reactions, command=self._inside(login, user))

    def property(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit)

    def _power_on(self) -> None:
        command = (
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--boot"),
            *("--console=passive", "--machine=mycroft-image-test", "-D", str(self._tree.root), *self._tree.binds),
        )
        # Debian 13's systemd knows no older hierarchy; the host may.
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with self._log.open("ab") as log:
            self._nspawn = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def _wait_for_boot(self) -> None:
        """Until all that starts by itself has been started."""
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        state = "nothing runs"
        while self.runs and time.monotonic() < deadline:
            with contextlib.suppress(NotBootedError):
                state = self.run("systemctl", "is-system-running", check=False)
            if state in ("running", "degraded"):
                return
            time.sleep(POLL_S)
        raise RuntimeError(f"the tree does not boot ({state}), see {self._log}")

    def _run(self, *command: str, user: str) -> subprocess.CompletedProcess[str]:
        return run(*self._inside(command, user), check=False)

    def _inside(self, command: tuple[str, ...], user: str) -> tuple[str, ...]:
        enter = ("nsenter", f"--target={self.first_process()}", "--all", "--")
        environment = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")
        return (*enter, *environment, "runuser", "-u", user, "--", *command)

    def first_process(self) -> int:
        """The process that is number 1 inside."""
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        if not children:
            raise NotBootedError("not booted")
        return int(children[0])
