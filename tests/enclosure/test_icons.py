import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclosure.display import EMPTY, HEIGHT, WIDTH, Bitmap
from enclosure.icons import decode, encode

BITMAPS = st.integers(1, HEIGHT).flatmap(
    lambda height: st.lists(st.integers(0, (1 << height) - 1), min_size=1, max_size=WIDTH).map(
        lambda columns: Bitmap(height, tuple(columns))
    )
)


def pixels(bitmap: Bitmap, x: int, y: int) -> set[tuple[int, int]]:
    """Where on the mouth a picture has lit pixels when its corner is at x, y."""
    return {
        (x + column, y + row)
        for column, byte in enumerate(bitmap.columns)
        for row in range(bitmap.height)
        if byte >> row & 1 and 0 <= x + column < WIDTH and 0 <= y + row < HEIGHT
    }


@given(BITMAPS)
def test_a_code_is_the_picture(bitmap: Bitmap) -> None:
    assert decode(encode(bitmap)) == bitmap


def test_a_code_that_mycroft_draws() -> None:
    sunny = decode("IICEIBMDNLMDIBCEAA")  # mycroft-core, weather icon 0
    rows = ["".join("#" if column >> row & 1 else "." for column in sunny.columns) for row in range(8)]
    assert rows == ["...#....", "#.....#.", "..###...", ".#####..", ".#####..", "..###...", "#.....#.", "...#...."]


@pytest.mark.parametrize("code", ["", "A", "II", "IIAA", "bIAA", "BJAA", "BIQA", "BI\n\n", "AIAA", "BAAA", "BIA"])
def test_what_is_no_picture_is_an_error(code: str) -> None:
    with pytest.raises(ValueError, match="picture"):
        decode(code)


@given(BITMAPS, st.integers(-40, 40), st.integers(-10, 10))
def test_shifted_keeps_what_is_on_the_mouth(bitmap: Bitmap, x: int, y: int) -> None:
    shifted = bitmap.shifted(x, y)
    assert pixels(shifted, max(x, 0), max(y, 0)) == pixels(bitmap, x, y)
    assert max(x, 0) + len(shifted.columns) <= WIDTH or not shifted.columns
    assert max(y, 0) + shifted.height <= HEIGHT or not shifted.height


@given(BITMAPS, BITMAPS, st.integers(0, 31), st.integers(0, 7))
def test_over_changes_only_its_own_cells(top: Bitmap, below: Bitmap, x: int, y: int) -> None:
    top = top.shifted(x, y)
    cells = pixels(Bitmap(top.height, ((1 << top.height) - 1,) * len(top.columns)), x, y)
    base = below.over(EMPTY, 0, 0)
    assert pixels(top.over(base, x, y), 0, 0) == pixels(base, 0, 0) - cells | pixels(top, x, y)
