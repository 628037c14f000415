"""Pictures for the mouth: bitmaps and the letter code of the firmware. Pure.

A code is the width and the height, then for each column two nibbles from the top, each as ``'A' + value`` with
the lowest bit uppermost (the real firmware v1.4.2, measured). Columns have two nibbles whatever the height.
"""

from dataclasses import dataclass

WIDTH = 32
HEIGHT = 8
"""Pixels of the mouth."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture: a byte for each column from the left, the lowest bit uppermost."""

    height: int
    columns: tuple[int, ...]

    def shifted(self, x: int, y: int) -> "Bitmap":
        """What of the picture is on the mouth when its upper left corner is at column x and row y.

        Where that is outside of the mouth, the corner moves to its edge.
        """
        top, bottom = max(y, 0), min(y + self.height, HEIGHT)
        columns = self.columns[max(-x, 0) : max(WIDTH - x, 0)]
        mask = (1 << max(bottom - top, 0)) - 1
        return Bitmap(max(bottom - top, 0), tuple(column >> max(-y, 0) & mask for column in columns))

    def over(self, below: "Bitmap", x: int, y: int) -> "Bitmap":
        """This picture at column x, row y over another one; outside of its own cells that shows through.

        Both have to fit on the mouth.
        """
        columns = list(below.columns) + [0] * (WIDTH - len(below.columns))
        mask = ((1 << self.height) - 1) << y
        for column, pixels in enumerate(self.columns, start=x):
            columns[column] = columns[column] & ~mask | pixels << y
        return Bitmap(HEIGHT, tuple(columns))


EMPTY = Bitmap(HEIGHT, (0,) * WIDTH)


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
