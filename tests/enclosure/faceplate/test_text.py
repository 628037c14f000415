import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclosure.faceplate.text import SCROLL_PIXELS, displayable, duration_s, scrolled, width
from hw_sim.firmware import Firmware, Mouth
from tests.conftest import picture


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "HELLO"),
        ("a\nsystem.reset", "A SYSTEM.RESET"),
        ("a\r\n\tb\x00c\x7f", "A B C"),
        ("Привет, мир", "PRIVET, MIR"),
        ("Grüße € ½", "GRUSSE EUR 1/2"),
        ("{x|y}~`", "(X!Y)-'"),
        ("北京", "BEI JING"),
        ("\ud800", "[?]"),
        ("   ", ""),
        ("x" * 2_000_000, "X" * 1000),
    ],
)
def test_a_text_is_made_displayable(text: str, shown: str) -> None:
    assert displayable(text) == shown


@given(st.text())
def test_nothing_but_one_line_of_the_font_is_left(text: str) -> None:
    assert all(" " <= letter <= "_" for letter in displayable(text))


def test_a_scrolled_text_looks_like_the_firmwares_own() -> None:
    text = "".join(map(chr, range(33, 96)))
    firmware = Firmware()
    firmware.advance(1000)
    firmware.receive(f"mouth.text={text}\n".encode())
    shown = [picture(event.rows) for event in firmware.advance(60_000) if isinstance(event, Mouth)]
    first = next(at for at, bitmap in enumerate(shown) if any(bitmap.columns))
    ours = list(scrolled(text))
    assert ours == shown[first + SCROLL_PIXELS - 1 :: SCROLL_PIXELS][: len(ours)]
    assert not any(shown[first + len(ours) * SCROLL_PIXELS].columns[SCROLL_PIXELS:])  # all of it was seen


def test_widths_are_those_of_the_font() -> None:
    assert width("HI") == 4 + 1 + 3
    assert duration_s("HI") == 0
    assert duration_s("A WIDE TEXT") == pytest.approx((width("A WIDE TEXT") + 32) * 0.159)
