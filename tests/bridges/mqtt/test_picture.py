import io
from collections.abc import Sequence
from typing import Any

from PIL import Image

from bridges.mqtt.picture import CELL, EYES_AT, GROUND, MOUTH_AT, MOUTH_LIT, SIZE, UNLIT, Rgb, face

MOUTH = ["." * 32, "." + "#" * 31, *["." * 32] * 6]
BLUE, DARK = (0, 0, 255), (0, 0, 0)


def image(eyes: Sequence[Rgb]) -> Image.Image:
    with Image.open(io.BytesIO(face(eyes, MOUTH))) as found:
        assert (found.format, found.size) == ("PNG", SIZE)
        rgb: Image.Image = found.convert("RGB")
    return rgb


def colours(found: Image.Image) -> set[Any]:
    return {colour for _, colour in found.getcolors() or ()}


def test_a_picture_is_a_png_that_another_program_reads() -> None:
    assert colours(image([BLUE] * 24)) == {GROUND, UNLIT, MOUTH_LIT, BLUE}


def test_each_cell_of_the_mouth_is_where_it_belongs() -> None:
    found = image([DARK] * 24)
    left, top = MOUTH_AT
    for y, row in enumerate(MOUTH):
        for x, cell in enumerate(row):
            expected = MOUTH_LIT if cell == "#" else UNLIT
            assert found.getpixel((left + CELL * x, top + CELL * y)) == expected


def test_the_first_pixel_is_at_the_top_of_the_viewers_left_eye() -> None:
    (x, y), _ = EYES_AT
    found = image([BLUE, *[DARK] * 23])
    assert BLUE in colours(found.crop((x, 0, x + 20, y)))
    assert BLUE not in colours(found.crop((x + 20, 0, *SIZE)))


def test_a_picture_with_many_colours_stays_small() -> None:
    eyes = [(10 * index, 255 - 10 * index, 5 * index) for index in range(24)]
    assert len(face(eyes, ["#." * 16, ".#" * 16] * 4)) < 4096
