"""Image files as pictures for the mouth. Pillow is loaded when the first one comes."""

import io

from enclosure.display import HEIGHT, WIDTH, Bitmap

MAX_BYTES = 1_000_000
"""Of a file; a picture for 32 x 8 pixels has a few hundred."""

MAX_PIXELS = 1_000_000
"""Of the decoded image, so that a small file cannot become a large one."""


def decode_image(data: bytes, *, threshold: int, invert: bool) -> Bitmap:
    """The picture in a PNG or JPEG, made smaller to fit where it has to be.

    A pixel is lit from brightness `threshold`, 0 to 255, on; `invert` lights the others. Raises ValueError.
    """
    from PIL import Image  # noqa: PLC0415  # large, and few devices show images

    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"more than {MAX_PIXELS} pixels")
            # What is transparent is dark.
            seen = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA")).convert(
                "L"
            )
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a PNG or JPEG: {error}") from error
    seen.thumbnail((WIDTH, HEIGHT))
    pixels, width = seen.tobytes(), seen.width
    columns = (
        sum(((pixel >= threshold) != invert) << y for y, pixel in enumerate(pixels[x::width]))
        for x in range(width)
    )
    return Bitmap(seen.height, tuple(columns))
