"""Which board this is: `mycroft-enclosure detect`, and `"platform": "auto"`.

Profiles have the signs of their board as data; `evidence` looks for them, and `verdict` judges. Two things alone
are written: the number of a register to a chip whose board other chips have already identified, and the question
for the version to a faceplate, on a serial port that no other program has.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from bus.message import printable
from enclosure.board import Profile
from enclosure.detect.evidence import HEADER_BUS, Evidence, ask_faceplate, look
from enclosure.detect.verdict import Candidate, Verdict, judge

__all__ = ["FALLBACK", "Candidate", "Evidence", "Verdict", "described", "identify", "report", "summary"]

FALLBACK = "picroft"
"""What "auto" takes where the board is not known: sound level and bus, and no pin that its owner has not named."""


async def identify(
    boards: Mapping[str, Profile],
    own: Collection[str] = (),
    *,
    port: str | None = None,
    bus_url: str | None = None,
    faceplate: bool = True,
    root: Path = Path("/"),
    i2c_bus: int = HEADER_BUS,
) -> tuple[Verdict, Evidence]:
    """The verdict, and what it is made from.

    `own` are the names of the owner's profiles, and `port` is the serial port that the configuration names. The
    faceplate is asked last, if at all, and only where nothing else is on the header; if another program has its
    port, or this user may not open it, the enclosure on the bus is asked instead.
    """
    tables = {name: profile.detect for name, profile in boards.items()}
    evidence = look(boards, root, i2c_bus)
    verdict = judge(tables, evidence.seen, own)
    if faceplate and all(candidate.is_usb for candidate in verdict.candidates):
        ports = dict.fromkeys(  # a profile of the owner may have the same one, and a silent port takes 6 s
            (serial_port, profile.serial_rate)
            for profile in boards.values()
            if (serial_port := port or profile.serial_port) and any(table.faceplate for table in profile.detect)
        )
        for serial_port, rate in ports:
            evidence |= await ask_faceplate(serial_port, rate, bus_url, root)
        verdict = judge(tables, evidence.seen, own)
    return verdict, evidence


def described(verdict: Verdict) -> str:
    """The candidates in words, for a log: "sj201_r6 (sound card sj201)"."""
    return " or ".join(
        f"{candidate.platform} ({', '.join((*sorted(candidate.seen), *_also(candidate)))})"
        for candidate in verdict.candidates
    )


def summary(verdict: Verdict) -> str:
    """One line: what this board is, and what follows from it."""
    if verdict.platform is not None:
        return f"this board is {described(verdict)}"
    if verdict.candidates:
        return f"this board is {described(verdict)}: /etc/mycroft/mycroft.conf has to say which"
    return "no sign of a board with a profile"


def report(verdict: Verdict, evidence: Evidence) -> str:
    """The verdict for a person to read, with the line of configuration that follows from it."""
    lines = []
    if verdict.platform is None and verdict.candidates:
        lines.append("The signs do not tell these apart. Choose yours:")
    for candidate in verdict.candidates:
        lines += [candidate.platform, *(f"  {sign}" for sign in sorted(candidate.seen))]
        lines += [f"  {also}" for also in _also(candidate)]
        lines.append(f"  -> {_configuration(candidate.platform)}")
    if not verdict.candidates:
        lines.append("No sign of a board with a profile. With pins that you name yourself:")
    if verdict.platform is None:
        lines += [f"{'none of these' if verdict.candidates else FALLBACK}", f"  -> {_configuration(FALLBACK)}"]
    if not verdict.candidates and evidence.seen:
        lines += ["Seen, and a sign of none:", *(f"  {printable(sign)}" for sign in sorted(evidence.seen))]
    if evidence.unseen:
        lines += ["Not looked at:", *(f"  {line}" for line in evidence.unseen)]
    return "\n".join(lines)


def _also(candidate: Candidate) -> list[str]:
    return [f"the same signs: {alike}" for alike in candidate.alike]


def _configuration(platform: str) -> str:
    return f'{{"enclosure": {{"platform": "{platform}"}}}} in /etc/mycroft/mycroft.conf'
