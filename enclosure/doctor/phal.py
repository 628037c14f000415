"""The hardware plugins that OVOS and Neon have installed: which of them drive the same hardware as the enclosure.

They are found in the Python environment of the PHAL that runs. Its configuration does not say: the plugin for the
Mark 1 comes up where it finds that board, whatever `enabled` says (ovos-PHAL-plugin-mk1, MycroftMark1Validator).
So the mend is to uninstall.
"""

import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from enclosure.doctor.patient import Patient
from enclosure.doctor.processes import Process, arguments, process, user_name

PROGRAM = re.compile(r"(ovos|neon)[_-](PHAL|enclosure)", re.IGNORECASE)
"""In the command line of a program that runs the plugins."""

FACE_PLUGINS = ("ovos-phal-plugin-mk1",)
BUTTON_PLUGINS = (
    *("ovos-phal-plugin-hotkeys", "neon-phal-plugin-switches", "ovos-phal-plugin-mk2"),
    "ovos-phal-plugin-respeaker-2mic",
)
LED_PLUGINS = (
    *("neon-phal-plugin-linear-led", "ovos-phal-plugin-mk2", "ovos-phal-plugin-dotstar"),
    *("ovos-phal-plugin-respeaker-2mic", "ovos-phal-plugin-respeaker-4mic"),
)
VOLUME_PLUGINS = ("ovos-phal-plugin-alsa", "ovos-phal-plugin-pulseaudio")
ADMIN_PLUGINS = ("ovos-phal-plugin-system",)
"""Names of distributions, as `normal` makes them."""

LIBRARIES = ("lib", "local/lib")
"""Folders of an environment with a folder of distributions for each Python; the second one is Debian's."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A PHAL that runs, and what is installed for it."""

    process: Process
    user: str
    python: str
    has_pip: bool
    distributions: frozenset[str]

    def without(self, names: Collection[str]) -> str:
        """The command that uninstalls distributions; as the program's own user, whose files they are."""
        python, packages = shlex.quote(self.python), " ".join(names)
        pip = f"{python} -m pip uninstall --yes" if self.has_pip else f"uv pip uninstall --python {python}"
        again = self.process.restart or f"sudo kill {self.process.pid}"
        return f"sudo -u {shlex.quote(self.user)} {pip} {packages} && {again}"


def installed(names: Collection[str], patient: Patient) -> list[str]:
    """Which of these distributions a PHAL has that runs. Raises PermissionError."""
    return sorted({name for found in environments(patient) for name in found.distributions.intersection(names)})


def remove(names: Collection[str], patient: Patient) -> str:
    """The command that uninstalls them wherever a PHAL has them; empty where none has. Raises PermissionError."""
    return " && ".join(
        found.without(sorted(there))
        for found in environments(patient)
        if (there := found.distributions.intersection(names))
    )


def environments(patient: Patient) -> Iterator[Environment]:
    """The environments of all PHALs that run. Raises PermissionError."""
    for folder in sorted(patient.proc.glob("[0-9]*")):
        pid = int(folder.name)
        try:
            words, uid = arguments(pid, patient.proc), folder.stat().st_uid
            running = process(pid, patient.proc)
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
        if any(map(PROGRAM.search, words[:3])) and (programs := _programs(words)):
            names = {path.name for path in _packages(patient.root / programs.relative_to("/").parent)}
            distributions = {normal(name) for name in names if name.endswith((".dist-info", ".egg-info"))}
            yield Environment(
                running, user_name(uid), str(programs / "python3"), "pip" in names, frozenset(distributions)
            )


def _programs(words: list[str]) -> Path | None:
    """The folder of the environment's programs: the interpreter is in it, or the script that it runs."""
    paths = (Path(word).parent for word in words[:2] if word.startswith("/"))
    return next((path for path in paths if path.name == "bin"), None)


def _packages(environment: Path) -> Iterator[Path]:
    """What is installed in an environment. Raises PermissionError, which a glob would pass over."""
    for library in (environment / folder for folder in LIBRARIES):
        for python in sorted(library.iterdir()) if library.is_dir() else ():
            if python.name.startswith("python3"):
                for packages in (python / "site-packages", python / "dist-packages"):
                    yield from packages.iterdir() if packages.is_dir() else ()


def normal(folder: str) -> str:
    """The name of the distribution that a .dist-info or .egg-info folder is for, as PyPI normalizes it."""
    return re.sub(r"[-_.]+", "-", folder.partition("-")[0]).lower()
