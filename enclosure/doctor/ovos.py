"""OVOS' hardware plugins, which drive the face, the controls, the LEDs and the volume as well."""

from collections.abc import Iterator

from bus.contract import ours as topics
from enclosure.board import pins
from enclosure.doctor import mixer
from enclosure.doctor.finding import Finding, Verdict, by_hand, fail, ok, skip
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.doctor.phal import (
    BUTTON_PLUGINS,
    FACE_PLUGINS,
    LED_PLUGINS,
    VOLUME_PLUGINS,
    installed,
    remove,
)
from enclosure.doctor.services import second
from enclosure.doctor.units import ENCLOSURE

NAME = "OVOS plugins"


async def check(patient: Patient) -> list[Finding]:
    """What is installed for a PHAL that runs, and what answers on the bus."""
    answers = patient.answers
    found = [_plugins(patient)]
    if answers and answers.to(topics.FIRMWARE_VERSION):  # without an enclosure, that is what is missing
        found.append(await _volume(patient, len(answers.to(topics.VOLUME_RESPONSE))))
    return found


def _plugins(patient: Patient) -> Finding:
    """Whether a plugin drives a part of this board, too."""
    answers, names = patient.answers, list(rivals(patient))
    unseen, there = None, list[str]()
    try:
        there = installed(names, patient)
    except PermissionError as error:
        unseen = skip(NAME, f"not checked: {patient.user.name} may not look at {error.filename}", AS_ROOT)
    if there:
        found = f"{', '.join(there)}: each drives hardware that the enclosure drives, too"
        return fail(NAME, found, remove(names, patient))
    registered = answers.to(topics.FACTORY_RESET_REGISTER) if answers else []
    if any(answer.data.get("skill_id") in FACE_PLUGINS for answer in registered):
        found = "OVOS' plugin for the Mark 1 runs, too: each takes half of what the face says"
        if patient.user.uid:
            return fail(NAME, f"{found}; only root can see where", AS_ROOT)
        return by_hand(
            fail(NAME, found, "pip uninstall ovos-PHAL-plugin-mk1 where OVOS is installed, and restart it")
        )
    phal = "runs" if answers and answers.phal else "does not run"
    return unseen or ok(NAME, f"none drives this hardware; ovos_PHAL {phal}")


def rivals(patient: Patient) -> Iterator[str]:
    """The plugins that drive a part that this board has."""
    profile = patient.setup.profile
    if patient.setup.serial_port is not None:
        yield from FACE_PLUGINS
    if profile.driver == "evdev" or any(place.startswith(("buttons.", "switches.")) for _, place in pins(profile)):
        yield from BUTTON_PLUGINS
    if profile.leds.kind != "none":
        yield from LED_PLUGINS


async def _volume(patient: Patient, count: int) -> Finding:
    """Whether exactly one program owns the volume."""
    if count == 1:
        return ok("volume", "it has one owner")
    if count == 0:
        [sound] = await mixer.check(patient)
        if sound.verdict is Verdict.FAIL:
            return skip("volume", f"it needs the {mixer.NAME}: see there")
        found = "the enclosure does not answer mycroft.volume.get: it has found no mixer"
        if not patient.installed:
            return by_hand(fail("volume", found, "end the enclosure with Ctrl-C, and start it again"))
        return fail("volume", found, f"sudo systemctl restart {ENCLOSURE}")
    found = f"{count} programs answer mycroft.volume.get: a turn of the knob counts {count} times"
    if rest := second("enclosure", patient, ENCLOSURE):
        return fail("volume", found, " && ".join(program.stop for program in rest))
    try:
        there, mend = installed(VOLUME_PLUGINS, patient), remove(VOLUME_PLUGINS, patient)
    except PermissionError:
        return fail("volume", f"{found}; only root can see which", AS_ROOT)
    if there:
        return fail("volume", f"{found}; {', '.join(there)} is one", mend)
    return by_hand(fail("volume", found, "stop all but one; `mycroft-bus status` lists the programs on the bus"))
