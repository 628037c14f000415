"""Image files as the mouth shows them."""

import io
from typing import Any

import pytest
from PIL import Image

from enclosure.display import Bitmap
from enclosure.images import MAX_BYTES, MAX_PIXELS, MAX_SCANNED, START_OF_SCAN, decode_image

BLACK, GREY, WHITE = 0, 128, 255


def png(image: Image.Image) -> bytes:
    return encoded(image, "PNG")


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def rows(bitmap: Bitmap) -> list[str]:
    """The rows of a picture, "#" where it is lit."""
    return ["".join("#" if column >> y & 1 else "." for column in bitmap.columns) for y in range(bitmap.height)]


def one_black_pixel(mode: str, background: int | tuple[int, ...]) -> Image.Image:
    """2 x 2 pixels with a black one top left."""
    image = Image.new(mode, (2, 2), background)
    image.putpixel((0, 0), BLACK if mode == "L" else (0, 0, 0, 255))
    return image


def test_dark_pixels_are_lit_as_in_mycroft() -> None:
    assert rows(decode_image(png(one_black_pixel("L", WHITE)), threshold=70, invert=False)) == ["#.", ".."]


def test_invert_lights_the_others() -> None:
    assert rows(decode_image(png(one_black_pixel("L", WHITE)), threshold=70, invert=True)) == [".#", "##"]


def test_transparent_pixels_lie_on_white() -> None:
    image = png(one_black_pixel("RGBA", (0, 0, 0, 0)))
    assert rows(decode_image(image, threshold=70, invert=False)) == ["#.", ".."]


@pytest.mark.parametrize(("threshold", "lit"), [(0, "."), (GREY, "."), (GREY + 1, "#"), (255, "#")])
def test_a_pixel_is_lit_below_the_threshold(threshold: int, lit: str) -> None:
    image = png(Image.new("L", (1, 1), GREY))
    assert rows(decode_image(image, threshold=threshold, invert=False)) == [lit]


@pytest.mark.parametrize(("size", "shown"), [((64, 16), (32, 8)), ((8, 80), (1, 8)), ((320, 10), (32, 1))])
def test_a_large_image_is_made_smaller(size: tuple[int, int], shown: tuple[int, int]) -> None:
    bitmap = decode_image(png(Image.new("L", size, BLACK)), threshold=70, invert=False)
    assert (len(bitmap.columns), bitmap.height) == shown


@pytest.mark.parametrize("progressive", [False, True])
def test_an_ordinary_jpeg_is_shown(progressive: bool) -> None:
    image = encoded(Image.new("RGB", (1000, 1000), "black"), "JPEG", progressive=progressive)
    bitmap = decode_image(image, threshold=70, invert=False)
    assert set(bitmap.columns) == {255}


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    image = encoded(Image.new("L", (1000, 1000), WHITE), "JPEG", progressive=True)
    last_scan = image[image.rindex(b"\xff\xc4", 0, image.rindex(START_OF_SCAN)) : -2]
    repeated = image[:-2] + last_scan * (MAX_SCANNED // 1_000_000) + image[-2:]
    assert len(repeated) < MAX_BYTES
    with pytest.raises(ValueError, match="scans"):
        decode_image(repeated, threshold=70, invert=False)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (b"", "not a PNG or JPEG"),
        (b"GIF89a", "not a PNG or JPEG$"),
        (png(Image.new("L", (8, 8)))[:40], "not a PNG or JPEG"),
        (bytes(MAX_BYTES + 1), "bytes"),
        (png(Image.new("1", (1001, MAX_PIXELS // 1000))), "pixels"),
    ],
    ids=["empty", "gif", "cut", "large file", "many pixels"],
)
def test_other_files_are_refused(image: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode_image(image, threshold=70, invert=False)
