"""A network namespace: another machine, as far as its radio is concerned."""

import subprocess
from pathlib import Path


class Namespace:
    """Programs in a namespace with a radio of its own. They end with `close`."""

    def __init__(self, name: str, interface: str) -> None:
        self.interface = interface
        self._name = name
        self._programs: list[subprocess.Popen[str]] = []
        run("ip", "netns", "add", name)
        phy = Path("/sys/class/net", interface, "phy80211/name").read_text().strip()
        run("iw", "phy", phy, "set", "netns", "name", name)
        self.run("ip", "link", "set", "lo", "up")

    def unblock(self) -> None:
        """Lets the radio send. NetworkManager blocks all radios of the machine together."""
        self.run("sh", "-c", "echo 0 | tee /sys/class/rfkill/*/soft")
        self.run("ip", "link", "set", self.interface, "up")

    def run(self, *command: str, stdin: str = "", check: bool = True) -> str:
        """Runs a program; returns its output."""
        return run(*self._inside(command), stdin=stdin, check=check)

    def succeeds(self, *command: str) -> bool:
        """Runs a program; whether it ends well."""
        return not subprocess.run(self._inside(command), check=False, capture_output=True).returncode

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Starts a program that stays in the foreground."""
        program = subprocess.Popen(self._inside(command), text=True, stdout=subprocess.DEVNULL)
        self._programs.append(program)
        return program

    def close(self) -> None:
        """Ends the programs."""
        for program in self._programs:
            program.terminate()
            program.wait()

    def _inside(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self._name, *command)


def run(*command: str, stdin: str = "", check: bool = True) -> str:
    """Runs a program; returns its output."""
    done = subprocess.run(
        command, check=False, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0 or not check, f"{' '.join(command)} ended with {done.returncode}: {done.stdout}"
    return done.stdout.strip()
