"""Which board the signs amount to."""

from collections.abc import Mapping, Sequence

import pytest

from enclosure.board import DetectSettings, RegisterSettings
from enclosure.config import load_profile, profile_names
from enclosure.detect import Evidence, Verdict, report, signs, summary
from enclosure.detect.verdict import judge

BOARDS = {name: load_profile(name).detect for name in profile_names()}

SJ201 = {signs.chip(0x2C), signs.chip(0x2F)}
ATTINY = {signs.register(0x04, 0xF4, 0xF4)}
CARD = {signs.card("sj201")}


def platforms(verdict: Verdict) -> list[str]:
    return sorted(candidate.platform for candidate in verdict.candidates)


@pytest.mark.parametrize(
    ("seen", "platform"),
    [
        ({signs.FACEPLATE}, "mycroft_mark_1"),
        (SJ201 | ATTINY, "sj201_r6"),
        (SJ201 | ATTINY | CARD, "sj201_r6"),
        (SJ201 | {signs.register(0x04, 0xF4, 0x00)}, "sj201_r10"),
        (SJ201 | CARD, "sj201_r10"),
        (CARD | {signs.node("sj201-rev10-pwm-fan@0")}, "sj201_r10"),
        ({signs.card("seeed4micvoicec"), signs.card("Headphones")}, "respeaker_4mic"),
        ({signs.card("seeed8micvoicec")}, "respeaker_6mic"),
        ({signs.card("aiyvoicebonnet")}, "aiy_voice_v2"),
        ({signs.usb("2886:0018"), signs.card("ArrayUAC10")}, "usb_respeaker_4mic"),
        ({signs.usb("2886:0018"), signs.FACEPLATE}, "mycroft_mark_1"),
    ],
)
def test_a_board_is_named_by_its_signs(seen: set[str], platform: str) -> None:
    assert judge(BOARDS, seen).platform == platform


@pytest.mark.parametrize(
    "seen",
    [
        set(),
        {signs.card("Headphones"), signs.card("vc4hdmi0"), signs.usb("1d6b:0002")},
        {signs.chip(0x2F)},
        {signs.chip(0x2C)},
        ATTINY,
        {signs.hat("Sense HAT")},
    ],
)
def test_part_of_the_signs_is_no_board(seen: set[str]) -> None:
    assert judge(BOARDS, seen) == Verdict()


def test_the_sound_card_alone_does_not_tell_the_two_sj201_apart() -> None:
    verdict = judge(BOARDS, CARD)
    assert platforms(verdict) == ["sj201_r10", "sj201_r6"]
    assert verdict.platform is None


@pytest.mark.parametrize(
    ("card", "platform", "others"),
    [
        ("seeed2micvoicec", "respeaker_2mic", "adafruit_voice_bonnet"),
        ("wm8960soundcard", "respeaker_2mic", "Waveshare WM8960 Audio HAT"),
        ("sndrpigooglevoi", "aiy_voice_v1", "I2S microphone"),
    ],
)
def test_boards_that_look_the_same_are_all_named(card: str, platform: str, others: str) -> None:
    verdict = judge(BOARDS, {signs.card(card)})
    assert verdict.platform is None
    assert platform in platforms(verdict)
    said = report(verdict, Evidence())
    assert others in said
    assert f'{{"enclosure": {{"platform": "{platform}"}}}}' in said
    assert '{"enclosure": {"platform": "picroft"}}' in said
    assert others in summary(verdict)


LAMP = DetectSettings(usb="1234:5678")


@pytest.mark.parametrize(
    ("boards", "seen", "own", "expected"),
    [
        ({"lamp": [LAMP]}, {signs.usb("1234:5678")}, [], ["lamp"]),
        ({"lamp": [LAMP]}, {signs.usb("1234:5678"), signs.FACEPLATE}, [], ["mycroft_mark_1"]),
        ({"lamp": [DetectSettings(card="seeed8micvoicec")]}, {signs.card("seeed8micvoicec")}, ["lamp"], ["lamp"]),
        (
            {"lamp": [DetectSettings(card="seeed8micvoicec")]},
            {signs.card("seeed8micvoicec")},
            [],
            ["lamp", "respeaker_6mic"],
        ),
        (
            {"lamp": [DetectSettings(hat="Lamp", card="seeed8micvoicec")]},
            {signs.card("seeed8micvoicec"), signs.hat("Lamp")},
            [],
            ["lamp"],
        ),
        (
            {"lamp": [DetectSettings(hat="Lamp")]},
            {signs.FACEPLATE, signs.hat("Lamp")},
            [],
            ["lamp", "mycroft_mark_1"],
        ),
    ],
    ids=["usb", "usb beside a board", "the owner's", "equal", "more signs", "two boards"],
)
def test_another_board_with_signs_of_its_own(
    boards: Mapping[str, Sequence[DetectSettings]], seen: set[str], own: list[str], expected: list[str]
) -> None:
    assert platforms(judge({**BOARDS, **boards}, seen, own)) == expected


def test_an_owner_who_knows_the_board_need_not_choose_between_those_alike() -> None:
    mine = {"mine": [DetectSettings(card="wm8960soundcard")]}
    assert judge({**BOARDS, **mine}, {signs.card("wm8960soundcard")}, ["mine"]).platform == "mine"


def test_the_report_names_the_signs_the_configuration_and_what_was_not_looked_at() -> None:
    evidence = Evidence(frozenset(SJ201 | ATTINY), ("faceplate: there is no /dev/ttyAMA0",))
    assert report(judge(BOARDS, evidence.seen), evidence).splitlines() == [
        "sj201_r6",
        "  a chip at I2C address 0x2c",
        "  a chip at I2C address 0x2f",
        "  register 0xf4 of the chip at I2C address 0x04 is 0xf4",
        '  -> {"enclosure": {"platform": "sj201_r6"}} in /etc/mycroft/mycroft.conf',
        "Not looked at:",
        "  faceplate: there is no /dev/ttyAMA0",
    ]


def test_the_report_without_a_board_says_what_works_anyway() -> None:
    assert report(Verdict(), Evidence()).splitlines() == [
        "No sign of a board with a profile. With pins that you name yourself:",
        "picroft",
        '  -> {"enclosure": {"platform": "picroft"}} in /etc/mycroft/mycroft.conf',
    ]


def test_what_no_profile_knows_is_shown_to_who_writes_one() -> None:
    said = report(Verdict(), Evidence(frozenset({signs.card("lamp"), signs.hat("Lamp\x1b[2J")})))
    assert "  sound card lamp" in said
    assert "Lamp" in said
    assert "\x1b" not in said


def test_each_kind_of_sign_has_its_text() -> None:
    every = DetectSettings(
        hat="Lamp",
        card="lamp",
        i2c=(0x10,),
        register=RegisterSettings(address=0x10, number=1, value=2),
        usb="1234:5678",
        node="lamp@0",
        faceplate=True,
    )
    assert signs.of(every) == {
        "HAT EEPROM: Lamp",
        "sound card lamp",
        "a chip at I2C address 0x10",
        "register 0x01 of the chip at I2C address 0x10 is 0x02",
        "USB device 1234:5678",
        "device tree node lamp@0",
        signs.FACEPLATE,
    }
