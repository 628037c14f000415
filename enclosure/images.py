"""Image files as pictures for the mouth. Pillow is loaded when the first one comes."""

import io

from enclosure.display import HEIGHT, WIDTH, Bitmap

MAX_BYTES = 1_000_000
"""Maximum size of a file; a picture for 32 x 8 pixels has a few hundred bytes."""

MAX_PIXELS = 1_000_000
"""Maximum size of the decoded image, so that a small file cannot become a large one."""

MAX_SCANNED = 32_000_000
"""Maximum number of pixels times scans of a JPEG, which takes 0.1 s at most. A progressive one has about 10
scans; a file of 1 MB has room for 30,000, which take half a minute."""

START_OF_SCAN = b"\xff\xda"
"""The marker of a JPEG; in the data of a scan 0xFF is followed by something else."""


def decode_image(data: bytes, *, threshold: int, invert: bool) -> Bitmap:
    """The picture in a PNG or JPEG, made smaller to fit if it has to be. Raises ValueError.

    A pixel is lit if it is darker than `threshold`, 0 to 255, on a white ground, as in mycroft-core; `invert`
    lights the others.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # large, and few devices show images

    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise ValueError(f"more than {MAX_PIXELS} pixels")
            if image.format != "PNG" and pixels * data.count(START_OF_SCAN) > MAX_SCANNED:
                raise ValueError(f"more than {MAX_SCANNED} pixels in all scans")
            ground = Image.new("RGBA", image.size, "white")
            seen = Image.alpha_composite(ground, image.convert("RGBA")).convert("L")
    except UnidentifiedImageError as error:  # its text names our own buffer
        raise ValueError("not a PNG or JPEG") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a PNG or JPEG: {error}") from error
    seen.thumbnail((WIDTH, HEIGHT))
    shades, width = seen.tobytes(), seen.width
    columns = (
        sum(((shade < threshold) != invert) << y for y, shade in enumerate(shades[x::width])) for x in range(width)
    )
    return Bitmap(seen.height, tuple(columns))
