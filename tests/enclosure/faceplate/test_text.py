import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclosure.faceplate.text import MAX_LENGTH, displayable, duration_s, pages, width


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


@given(st.text(alphabet="AB C", max_size=200).map(displayable))
def test_pages_hold_all_of_a_text_in_pieces_that_the_firmware_bears(text: str) -> None:
    assert "".join(pages(text)).replace(" ", "") == text.replace(" ", "")
    assert all(len(page) <= MAX_LENGTH for page in pages(text))


def test_pages_break_between_words() -> None:
    assert pages("THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG") == [
        "THE QUICK BROWN FOX JUMPS OVER",
        "THE LAZY DOG",
    ]


def test_widths_are_those_of_the_font() -> None:
    assert width("HI") == 5 + 4
    assert duration_s("HI") == 0
    assert duration_s("A WIDE TEXT") == pytest.approx((width("A WIDE TEXT") + 32) * 0.159)
