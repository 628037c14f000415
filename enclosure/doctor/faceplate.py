"""Whether the faceplate answers: as the running enclosure reports, else asked on its serial port."""

import errno
from pathlib import Path

from bus.contract import ours as topics
from enclosure.detect.evidence import firmware_version
from enclosure.doctor.answers import Answers
from enclosure.doctor.finding import Finding, by_hand, fail, ok, skip, warn
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.handlers.display import NEWEST_FIRMWARE

NAME = "faceplate"


async def check(patient: Patient) -> list[Finding]:
    """One finding, also where the board has none."""
    setup = patient.setup
    if setup.serial_port is None:
        return [skip(NAME, "this kind of board has none")]
    port = patient.root / setup.serial_port.removeprefix("/")
    reported = version_reported(patient.answers)
    if reported:
        return [firmware(reported)]
    return [await ask_port(port, setup.serial_rate, patient)]


def version_reported(answers: Answers | None) -> str | None:
    """The firmware's version, as an enclosure reports it; None where it has no answer, and without one."""
    versions = [answer.data.get("version") for answer in answers.to(topics.FIRMWARE_VERSION)] if answers else []
    return next((str(version) for version in versions if version), None)


async def ask_port(port: Path, rate: int, patient: Patient) -> Finding:
    """Asks the firmware itself, unless another program has locked the port."""
    try:
        return firmware(await firmware_version(port, rate))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return skip(NAME, "it cannot be asked without its serial port")
        if error.errno == errno.EACCES and patient.user != patient.daemon:
            return skip(NAME, f"not checked: {patient.user.name} may not open {port}", AS_ROOT)
        if error.errno != errno.EAGAIN:
            mend = "name the face's port as enclosure.port in /etc/mycroft/mycroft.conf"
            return by_hand(fail(NAME, f"{port} cannot be opened: {error}", mend))
    if patient.answers and patient.answers.to(topics.FIRMWARE_VERSION):
        return firmware(None)  # the enclosure has locked the port, and has no answer either
    if patient.user.uid == 0:
        return skip(NAME, f"it cannot be asked while another program has {port}")
    return skip(NAME, f"not checked: another program has {port}; only root can see which", AS_ROOT)


def firmware(version: str | None) -> Finding:
    """Whether the faceplate answers, and with the last firmware that there is."""
    if version is None:
        mend = "switch the device off at the plug for 10 s: no command cuts the power of the face"
        return by_hand(fail(NAME, "it does not answer on the serial port", mend))
    if version != NEWEST_FIRMWARE:
        found = f"firmware {version} answers; the last one, and all that this was tried with, is {NEWEST_FIRMWARE}"
        mend = "write that firmware to the face; see its section in /usr/share/doc/mycroft-bus/mark1.md"
        return by_hand(warn(NAME, found, mend))
    return ok(NAME, f"firmware {version} answers")
