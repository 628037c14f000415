"""The sound level: as the running enclosure reports it, else as the sound card has it."""

from collections.abc import Sequence

from bus.contract import ours as topics
from enclosure.doctor.finding import Finding, Verdict, by_hand, fail, ok, skip, warn
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.errors import MixerError
from enclosure.ports import Mixer, MixerLevel

NAME = "mixer"


async def check(patient: Patient) -> list[Finding]:
    """One finding."""
    answers = patient.answers.to(topics.VOLUME_RESPONSE) if patient.answers else []
    if answers:
        return [level(MixerLevel(round(answers[0].data["percent"] * 100), answers[0].data["muted"]))]
    if patient.setup.profile.amplifier.kind != "none":
        return [skip(NAME, "the volume is that of the amplifier, which the enclosure alone sets up")]
    found = await card(patient.setup.mixer_device, patient.setup.mixer_controls)
    if found.verdict is Verdict.FAIL and patient.user.uid and patient.user != patient.daemon:
        return [skip(NAME, f"not checked: {patient.user.name} cannot open it ({found.found})", AS_ROOT)]
    return [found]


async def card(device: str, controls: Sequence[str]) -> Finding:
    """What the sound card itself says."""
    try:
        from enclosure.drivers.alsa import AlsaMixer  # noqa: PLC0415  # to report that the library is missing
    except ImportError as error:
        return fail(NAME, str(error), "sudo apt install python3-alsaaudio")
    return await read(AlsaMixer(device, controls))


async def read(mixer: Mixer) -> Finding:
    """What a mixer says."""
    try:
        await mixer.open()
        return level(mixer.read())
    except MixerError as error:
        mend = "name a card of `aplay -l` as enclosure.mixer, like hw:sndrpiproto, with `mycroft-enclosure set`"
        return by_hand(fail(NAME, str(error), mend))


def level(found: MixerLevel) -> Finding:
    """Whether a person would hear anything at this level."""
    percent, muted = found
    if muted:
        return warn(NAME, "it is muted", "mycroft-bus send mycroft.volume.unmute")
    if percent == 0:
        return warn(NAME, "its level is 0", """mycroft-bus send mycroft.volume.set '{"percent": 0.5}'""")
    return ok(NAME, f"its level is {percent} %")
