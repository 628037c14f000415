"""What is wrong with a device, in plain words, and what mends it: `mycroft-enclosure doctor`.

Each check is a file with a coroutine `check`, which is handed the `Patient` and gives findings. The pure functions
beside it judge. The doctor changes nothing, and asks a face that the enclosure has through the enclosure.
"""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path

from enclosure.doctor import (
    board,
    boot_files,
    bus,
    clock,
    configuration,
    faceplate,
    groups,
    mixer,
    ovos,
    serial_port,
    service_users,
    services,
    state_folder,
)
from enclosure.doctor.finding import Finding, Verdict, fail, skip
from enclosure.doctor.patient import AS_ROOT, Patient, Setup, look_at

__all__ = ["Finding", "Setup", "Verdict", "examine", "healthy", "report"]

CHECKS = (
    boot_files,
    serial_port,
    faceplate,
    board,
    mixer,
    service_users,
    groups,
    configuration,
    state_folder,
    bus,
    services,
    ovos,
    clock,
)
"""In the order in which a person should mend what they find."""

TIMEOUT_S = 30.0
"""Of one check. A silent face takes 6 s."""

_COLOURS = {Verdict.OK: "\033[32m", Verdict.WARN: "\033[33m", Verdict.FAIL: "\033[31m", Verdict.SKIP: "\033[2m"}
_PLAIN = "\033[0m"


async def examine(setup: Setup, root: Path = Path("/")) -> list[Finding]:
    """The findings of all checks. `root` is where the files of the system are."""
    return await check_all(await look_at(setup, root))


async def check_all(patient: Patient) -> list[Finding]:
    """The findings of all checks; a check of what this user may not look at is skipped."""
    findings: list[Finding] = []
    for check in CHECKS:
        name = check.__name__.rpartition(".")[2].replace("_", " ")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                findings += await check.check(patient)
        except PermissionError as error:
            findings.append(
                skip(name, f"not checked: {patient.user.name} may not look at {error.filename}", AS_ROOT)
            )
        except TimeoutError:
            findings.append(skip(name, f"not checked: it took longer than {TIMEOUT_S:.0f} s"))
        except OSError as error:
            mend = f"sudo ls -ld {shlex.quote(str(error.filename))}"
            findings.append(fail(name, f"{error.filename} cannot be read: {error.strerror}", mend))
    return findings


def healthy(findings: Sequence[Finding]) -> bool:
    """Whether there is nothing to mend."""
    return not any(finding.verdict in (Verdict.WARN, Verdict.FAIL) for finding in findings)


def report(findings: Sequence[Finding], *, colour: bool) -> str:
    """The findings for a person to read."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        verdict = f"{finding.verdict:4}"
        if colour:
            verdict = f"{_COLOURS[finding.verdict]}{verdict}{_PLAIN}"
        lines.append(f"{verdict}  {finding.name:{width}}  {_printable(finding.found)}")
        if finding.mend:
            kind = "by hand: " if finding.by_hand else ""
            lines.append(f"      {'':{width}}  -> {kind}{_printable(finding.mend)}")
    return "\n".join(lines)


def _printable(text: str) -> str:
    """A text without what a terminal would obey: any program chooses its own name."""
    return "".join(character if character.isprintable() else "?" for character in text)
