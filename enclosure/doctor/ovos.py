"""OVOS' hardware plugins, which drive the face and the volume as well."""

from bus.contract import ours as topics
from enclosure.doctor.finding import Finding, fail, ok
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ENCLOSURE

DISABLE = 'put "PHAL": {{{}}} into /etc/mycroft/mycroft.conf, then: systemctl --user restart ovos-phal'

MK1_PLUGIN = "ovos-phal-plugin-mk1"


async def check(patient: Patient) -> list[Finding]:
    """Nothing without a bus, where no program can be asked."""
    answers = patient.answers
    if answers is None:
        return []
    registered = {answer.data.get("skill_id") for answer in answers.to(topics.FACTORY_RESET_REGISTER)}
    found = [plugins(mk1=MK1_PLUGIN in registered, phal=answers.phal)]
    if answers.to(topics.FIRMWARE_VERSION):  # without an enclosure, that is what is missing
        found.append(volume_owners(len(answers.to(topics.VOLUME_RESPONSE)), phal=answers.phal))
    return found


def plugins(*, mk1: bool, phal: bool) -> Finding:
    """Whether OVOS drives the face, too."""
    if mk1:
        found = "OVOS' plugin for the Mark 1 runs, too: each takes half of what the face says"
        return fail("OVOS plugins", found, DISABLE.format('"ovos-phal-mk1": {"enabled": false}'))
    return ok("OVOS plugins", f"ovos_PHAL {'runs, without its plugin for the Mark 1' if phal else 'does not run'}")


def volume_owners(count: int, *, phal: bool) -> Finding:
    """Whether exactly one program owns the volume."""
    if count == 1:
        return ok("volume", "it has one owner")
    if count == 0:
        mend = f"mend the mixer above, then: sudo systemctl restart {ENCLOSURE}"
        return fail("volume", "the enclosure does not answer mycroft.volume.get", mend)
    found = f"{count} programs answer mycroft.volume.get: a turn of the knob counts {count} times"
    mend = (
        DISABLE.format(
            '"ovos-PHAL-plugin-alsa": {"enabled": false}, "ovos-PHAL-plugin-pulseaudio": {"enabled": false}'
        )
        if phal
        else "stop the other one; mycroft-bus status lists the programs on the bus"
    )
    return fail("volume", found, mend)
