"""The letter code of pictures, as in `enclosure.mouth.display` and in the faceplate's commands. Pure.

A code is the width and the height, then for each column two nibbles from the top, each as ``'A' + value`` with
the lowest bit uppermost (the real firmware v1.4.2, measured). Columns have two nibbles whatever the height.
"""

from enclosure.display import HEIGHT, WIDTH, Bitmap


def decode(code: str) -> Bitmap:
    """The picture of a code. Raises ValueError for what is none, or is larger than the mouth."""
    values = [ord(letter) - ord("A") for letter in code]
    if len(values) < 2 or not (1 <= values[0] <= WIDTH and 1 <= values[1] <= HEIGHT):
        raise ValueError(f"not the code of a picture of at most {WIDTH} x {HEIGHT}")
    width, height, nibbles = values[0], values[1], values[2 : 2 + 2 * values[0]]
    if len(nibbles) < 2 * width or not all(0 <= nibble < 16 for nibble in nibbles):
        raise ValueError(f"a picture of {width} columns needs {2 * width} letters from A to P")
    mask = (1 << height) - 1
    pairs = zip(nibbles[::2], nibbles[1::2], strict=True)
    return Bitmap(height, tuple((upper | lower << 4) & mask for upper, lower in pairs))


def encode(bitmap: Bitmap) -> str:
    """The code of a picture."""
    values = [len(bitmap.columns), bitmap.height]
    for column in bitmap.columns:
        values += [column & 15, column >> 4]
    return "".join(chr(ord("A") + value) for value in values)
