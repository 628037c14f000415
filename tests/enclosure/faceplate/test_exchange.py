"""What is sent when, and what a line from the firmware means; no bytes, no waiting."""

import itertools
import math

import pytest

from enclosure.errors import FaceplateError
from enclosure.events import Brightness, Choice, Chosen, Pressed, Turned
from enclosure.faceplate.exchange import ATTEMPTS, QUEUE_LIMIT, SETTLE_S, TEST_S, Exchange
from enclosure.faceplate.protocol import AHEAD, LONGEST_LINE, VERSION, Banner, LineSplitter, Version


def exchange(*lines: str) -> Exchange:
    """A conversation that is in step, with lines that wait."""
    found = Exchange()
    found.put("x")
    found.send(0)
    assert found.receive("Command: x", 0) is None
    for line in lines:
        found.put(line)
    return found


def sent(exchange: Exchange, now: float = 0) -> list[str]:
    """All that may be sent at this moment."""
    return list(iter(lambda: exchange.send(now), None))


def test_one_line_goes_ahead_of_the_echo_that_is_awaited() -> None:
    talk = exchange("a", "b", "c", "d")
    assert sent(talk) == ["a\n", "b\n"]
    talk.receive("Command: a", 0)
    assert sent(talk) == ["c\n"]
    talk.receive("Command: b", 0)
    talk.receive("Command: c", 0)
    assert sent(talk) == ["d\n"]
    talk.receive("Command: d", 0)
    assert talk.idle
    assert talk.due is None


@pytest.mark.parametrize(("length", "goes"), [(AHEAD - 1, True), (AHEAD, False)])
def test_at_most_40_bytes_with_the_line_end_go_ahead(length: int, goes: bool) -> None:
    talk = exchange("a" * 100, "b" * length)
    assert len(sent(talk)) == 1 + goes


@pytest.mark.parametrize("busy", ["system.blink=2", "system.reset"])
def test_nothing_goes_ahead_of_a_line_that_keeps_the_firmware_busy(busy: str) -> None:
    talk = exchange(busy, "b", "c")
    assert sent(talk) == [f"{busy}\n"]
    talk.receive(f"Command: {busy}", 0)
    assert sent(talk) == ["b\n"]  # the firmware's buffer keeps that one, and no other
    assert talk.due is not None
    assert talk.due > 3.5
    talk.receive("Command: b", 3)
    assert sent(talk, 3) == ["c\n"]


def test_the_first_line_ends_what_another_program_has_left_unfinished() -> None:
    talk = Exchange()
    talk.put("a")
    assert sent(talk) == ["\na\n"]


@pytest.mark.parametrize("damaged", ["Command: mouth.tal", "Command: mouth.talkeyes.on"])
def test_a_damaged_echo_has_both_lines_sent_again_in_their_order(damaged: str) -> None:
    talk = exchange("mouth.talk", "eyes.on", "eyes.off")
    sent(talk)
    talk.receive(damaged, 1)
    assert sent(talk, 1) == []
    assert talk.due == 1 + SETTLE_S
    assert not talk.late(1 + SETTLE_S)
    assert sent(talk, 1 + SETTLE_S) == ["\nmouth.talk\n"]
    talk.receive("Command: eyes.on", 1.2)  # of the first attempt
    talk.receive("Command: ", 1.2)
    assert sent(talk, 1.2) == []
    talk.receive("Command: mouth.talk", 1.3)
    assert sent(talk, 1.3) == ["eyes.on\n", "eyes.off\n"]


def test_lines_are_sent_again_also_when_the_timer_fires_a_hair_early() -> None:
    talk = exchange("mouth.talk", "eyes.on")
    sent(talk)
    talk.receive("Command: mouth.tal", 1)
    early = math.nextafter(1 + SETTLE_S, 0)
    talk.late(early)
    assert sent(talk, early) == ["\nmouth.talk\n"]


def test_echoes_of_earlier_attempts_are_no_damage() -> None:
    talk = exchange("a", "b")
    sent(talk)
    assert talk.due is not None
    talk.late(talk.due)
    sent(talk, 2)
    for echo in ("a", "b", "", "a"):
        talk.receive(f"Command: {echo}", 3)
        sent(talk, 3)
    talk.put("c")
    assert sent(talk, 3) == ["c\n"]
    for echo in ("b", "c"):
        talk.receive(f"Command: {echo}", 3)
    assert talk.idle


def test_a_line_without_an_echo_is_given_up_after_three_attempts() -> None:
    talk = exchange("a")
    for attempt in range(ATTEMPTS):
        assert sent(talk) == ["\na\n" if attempt else "a\n"]
        talk.late(0)
    with pytest.raises(FaceplateError, match="no echo of a"):
        sent(talk)


def test_the_version_has_been_read_when_it_was_answered() -> None:
    talk = exchange(VERSION)
    sent(talk)
    talk.receive(f"Command: {VERSION}", 0)
    assert not talk.idle
    assert talk.due is not None
    assert talk.receive("Mycroft Mark 1 v1.4.2", 0) == Version("1.4.2")
    assert talk.idle


def test_after_a_banner_nothing_is_left_of_what_was_sent_before() -> None:
    talk = exchange("a", "b", "c")
    sent(talk)
    assert talk.receive("Command: aMycroft Mark 1 v1.4.2 - Connected", 0) == Banner("1.4.2")
    assert talk.idle
    assert talk.receive("volume.up", 0) is None
    talk.put("d")
    assert sent(talk) == ["\nd\n"]


def test_a_banner_instead_of_the_version_has_it_asked_again() -> None:
    talk = Exchange()
    talk.put(VERSION)
    for _ in range(2):
        assert sent(talk) == [f"\n{VERSION}\n"]
        talk.receive("Mycroft Mark 1 v1.4.2 - Connected", 0)


def test_a_viseme_takes_the_place_of_one_that_waits() -> None:
    talk = exchange("mouth.viseme=1", "eyes.on", "mouth.reset", "mouth.viseme=2", "eyes.off")
    talk.put("mouth.viseme=3")
    for line in ("mouth.viseme=1", "eyes.on", "mouth.reset", "mouth.viseme=3", "eyes.off"):
        sent(talk)
        talk.receive(f"Command: {line}", 0)
    assert talk.idle


def test_a_bounded_number_of_lines_waits() -> None:
    talk = exchange(*("x" for _ in range(QUEUE_LIMIT)))
    assert not talk.put("y")
    talk.forget()
    assert talk.put("y")


def test_events_are_reported_while_an_echo_is_awaited() -> None:
    talk = exchange("mouth.text=HI")
    sent(talk)
    assert talk.receive("volume.up", 0) == Turned(1)
    assert talk.receive("mycroft.stop", 0) == Pressed()
    assert talk.receive("unit.reboot", 0) == Chosen(Choice.REBOOT)


def test_events_before_the_first_echo_are_not_reported() -> None:
    talk = Exchange()
    assert talk.receive("unit.factory-reset", 0) is None


@pytest.mark.parametrize("awaited", [0, 1])
def test_the_end_of_a_damaged_echo_is_no_event(awaited: int) -> None:
    lines = ["x", "x"]
    lines[awaited] = "mouth.text=unit.factory-reset"
    talk = exchange(*lines)
    sent(talk)
    assert talk.receive("unit.factory-reset", 0) is None
    talk.late(0)
    assert talk.receive("unit.factory-reset", 0) is None


@pytest.mark.parametrize(
    ("lines", "reported"),
    [
        (("update", "17"), Brightness(17)),
        (("Command: eyes.level=17", "update", "17"), None),
        (("Command: eyes.on", "update", "17"), Brightness(17)),
        (("17",), None),
        (("update", "volume.up"), Turned(1)),
        (("update", "x", "17"), None),
        (("update", "0"), None),
        (("update", "31"), None),
        (("update", "9" * 4300), None),
    ],
)
def test_a_brightness_of_the_menu_is_reported(lines: tuple[str, ...], reported: object) -> None:
    talk = exchange()
    assert [talk.receive(line, 0) for line in lines][-1] == reported


def test_nothing_is_sent_while_the_menus_test_goes_on() -> None:
    talk = exchange("a", "b", "c")
    sent(talk)
    talk.receive("system.test.begin", 1)
    assert sent(talk, 1) == []
    assert talk.due == 1 + TEST_S
    talk.receive("Command: a", 30)  # the firmware's buffer has kept it
    talk.receive("system.test.end", 30)
    assert sent(talk, 30) == ["\na\n"]


def test_a_test_without_a_reported_end_is_over_after_a_minute() -> None:
    talk = exchange("a")
    talk.receive("system.test.begin", 1)
    assert talk.late(1 + TEST_S)
    assert sent(talk, 1 + TEST_S) == ["a\n"]


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_lines_come_out_of_any_pieces(size: int) -> None:
    data = b"volume.up\r\nCommand: a\xff\r\n\r\n" + b"x" * 2000 + b"\r\nend\n"
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    splitter = LineSplitter()
    lines = list(itertools.chain.from_iterable(map(splitter.feed, pieces)))
    assert [line[:20] for line in lines] == ["volume.up", "Command: a\xff", "", "x" * 20, "end"]
    assert all(len(line) <= LONGEST_LINE for line in lines)
