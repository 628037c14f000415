"""cmdline.txt and config.txt: what a Raspberry Pi starts with says of the serial port and the sound board."""

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from enclosure.doctor.files import read
from enclosure.doctor.finding import Finding, fail, ok, skip
from enclosure.doctor.patient import Patient

FOLDERS = ("boot/firmware", "boot")
"""Where the first partition of the card is, since Raspberry Pi OS 12 and before it."""

SERIAL_OVERLAYS = ("miniuart-bt", "disable-bt", "pi3-miniuart-bt", "pi3-disable-bt")
"""Each takes the good serial port from Bluetooth; the last two are their old names."""
SOUND_OVERLAYS = ("proto-codec", "rpi-proto")
"""The Mark 1's sound board; the last one is its old name."""

SECTIONS = ("all", "pi3", "pi3+", "pi4")
"""Sections of config.txt for the boards that a Mark 1 may have inside."""


async def check(patient: Patient) -> list[Finding]:
    """Nothing where the board has no face."""
    if patient.setup.serial_port is None:
        return []
    return list(boot_files(patient.root, Path(patient.setup.serial_port).name))


def boot_files(root: Path, port: str) -> Iterator[Finding]:
    """The findings in both files."""
    for name in ("cmdline.txt", "config.txt"):
        path, text = boot_file(root, name)
        if path is None:
            yield skip(name, "there is none; this is no Raspberry Pi")
        elif name == "cmdline.txt":
            yield console(text, path, port)
        else:
            yield from overlays(text, path)


def boot_file(root: Path, name: str) -> tuple[Path | None, str]:
    """Where one of the files is, and its text. Raises OSError."""
    for folder in FOLDERS:
        text = read(root / folder / name)
        if text is not None:
            return root / folder / name, text
    return None, ""


def console(cmdline: str, path: Path, port: str) -> Finding:
    """Whether the kernel keeps the port for its own messages and a login prompt."""
    for word in cmdline.split():
        key, _, device = word.partition("=")
        if key == "console" and device.split(",")[0] in ("serial0", port):
            found = f"{path} has {word}: a login prompt talks to the face, and the face to the prompt"
            # One after the other, each with the space behind it: the file has to stay one line.
            script = rf":a; s/(^|\s)console=(serial0|{re.escape(port)})(,\S*)?(\s+|$)/\1/; ta"
            mend = f"sudo sed -i -E {shlex.quote(script)} {shlex.quote(str(path))} && sudo reboot"
            return fail("serial console", found, mend)
    return ok("serial console", f"{path} leaves {port} alone")


def overlays(config: str, path: Path) -> Iterator[Finding]:
    """Whether the good serial port and the sound board are switched on."""
    lines = list(effective(config))
    there = {line.removeprefix("dtoverlay=").split(",")[0] for line in lines if line.startswith("dtoverlay=")}
    if "enable_uart=0" in lines:
        mend = rf"sudo sed -i -E '/^\s*enable_uart=0\b/d' {shlex.quote(str(path))} && sudo reboot"
        yield fail("serial overlay", f"{path} has enable_uart=0: there is no serial port", mend)
    else:
        yield _overlay("serial overlay", SERIAL_OVERLAYS, there, path, "Bluetooth has the face's serial port")
    yield _overlay("sound overlay", SOUND_OVERLAYS, there, path, "the sound board is not switched on")


def effective(config: str) -> Iterator[str]:
    """The lines of config.txt that count on this board."""
    section = "all"
    for raw in config.splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            section = line.strip("[]").lower()
        elif line and section in SECTIONS:
            yield line


def _overlay(name: str, wanted: Sequence[str], there: Collection[str], path: Path, without: str) -> Finding:
    for overlay in wanted:
        if overlay in there:
            return ok(name, f"{path} has dtoverlay={overlay}")
    line = f"dtoverlay={wanted[0]}"
    return fail(name, f"{path} has no {line}: {without}", f"{add(line, path)} && sudo reboot")


def add(line: str, path: Path) -> str:
    """The command that adds a line to config.txt, under [all], whatever section the file ends with."""
    return f"printf '\\n[all]\\n{line}\\n' | sudo tee -a {shlex.quote(str(path))}"
